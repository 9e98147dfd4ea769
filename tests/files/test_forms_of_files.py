"""Files as instruments, agencies and contests write them: made up, in their form."""

import pytest

from inputs.written_tables import write_text
from squarely.files import FileError, ReadingOptions, score_files

# A river gauge: comments, names, and the widths of the columns below them.
RDB = """\
# ---------------------------------- WARNING ----------------------------------------
# Some of the data may be provisional, and "may change
#
agency_cd\tsite_no\tdatetime\tobserved\tobserved_cd\tmodelled
5s\t15s\t20d\t14n\t10s\t14n
USGS\t01646500\t2020-01-01\t12300\tA\t12100
USGS\t01646500\t2020-01-02\tIce\tP\t12000
USGS\t01646500\t2020-01-03\t11800\tA:e\t11900
"""

# A rainfall-runoff model: columns aligned by blanks.
RUNOFF = """\
YR MNTH DY HR  SWE      PRCP      RAIM    OBS_RUN   MOD_RUN
1980 10  1 12    0.00     2.15      2.15     0.95      1.20
1980 10  2 12    0.00     0.00      0.00     0.90      0.80
1980 10  3 12   10.50     0.00      0.00  -999.00      0.75
"""

# Sensors of air: semicolons, decimal commas, two empty columns, -200 for what is missing.
AIR = """\
Date;Time;CO(GT);PT08.S1(CO);T;;
10/03/2004;18.00.00;2,6;1360;13,6;;
10/03/2004;19.00.00;2;1292;-200;;
10/03/2004;20.00.00;-200;1402;11,9;;
10/03/2004;21.00.00;2,5;1376;2,0;;
"""

# A data logger: who wrote it, names, units, and how the values were made.
LOGGER = """\
"TOA5","station","CR1000","12345","CR1000.Std.32","CPU:met.CR1","5123","hourly"
"TIMESTAMP","RECORD","AirTC_Avg","Model"
"TS","RN","Deg C","Deg C"
"","","Avg","Smp"
"2020-01-01 00:00:00",0,1.5,1
"2020-01-01 01:00:00",1,"NAN",1
"2020-01-01 02:00:00",2,2,2.25
"""

# A spreadsheet of a European office.
SPREADSHEET = """\
sep=;
Filiale;Umsatz;Prognose
K\xf6ln;1.200,50;1.200
Bonn;900;905,5
"""

# Series of a contest, one a row, with nothing after the last of each.
SERIES = """\
"V1","V2","V3","V4"
"H1","605.5","586",""
"H2","3124","2990","2862.25"
"""

FORMS = {
    "river.rdb": (
        RDB,
        "observed",
        "modelled",
        {"na": ("Ice",), "comment": "#", "skip_rows_after_header": 1},
        (50000.0, 3, 1),
    ),
    "runoff.txt": (RUNOFF, "OBS_RUN", "MOD_RUN", {"separator": " ", "na": (-999,)}, (0.0725, 3, 1)),
    "air.csv": (AIR, "CO(GT)", "T", {"separator": ";", "decimal": ",", "na": ("-200",)}, (121.25, 4, 2)),
    "logger.dat": (LOGGER, "AirTC_Avg", "Model", {"skip_rows": 1, "skip_rows_after_header": 2}, (0.3125, 3, 1)),
    "sales.csv": (
        SPREADSHEET.encode("latin-1"),
        "Umsatz",
        "Prognose",
        {"separator": ";", "decimal": ",", "thousands": ".", "skip_rows": 1},
        (30.5, 2, 0),
    ),
    "series.csv": (SERIES, "V2", "V4", {}, (68513.0625, 2, 1)),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_file_in_the_form_of_its_makers_is_read(tmp_path, name):
    text, true, pred, options, expected = FORMS[name]
    path = write_text(tmp_path / name, text)
    arguments = {"true": true, "pred": pred, "metrics": "sum_squared_error", "nan_policy": "omit"}
    report = score_files(path, reading=ReadingOptions(**options), **arguments)
    assert report["sum_squared_error"] == pytest.approx(expected[0], rel=1e-15)
    assert (report.rows, report.omitted) == expected[1:]


@pytest.mark.parametrize("name", sorted(set(FORMS) - {"series.csv"}))
def test_refusals_lead_to_the_options_that_read_it(tmp_path, name):
    text, true, pred, options, _ = FORMS[name]
    path = write_text(tmp_path / name, text)
    found = {}
    for _ in range(5):
        try:
            score_files(path, true=true, pred=pred, nan_policy="omit", reading=ReadingOptions(**found))
        except FileError as error:
            if not error.options:
                break
            found.update(error.options)
    # A word or a number that means missing is for the owner to say.
    assert found == {option: value for option, value in options.items() if option != "na"}


def test_a_submission_and_its_truth_are_no_pair_of_columns(tmp_path):
    truth = write_text(tmp_path / "truth.csv", "Id,SalePrice\n1461,169000\n1462,187500\n")
    submission = write_text(tmp_path / "submission.csv", "Id,SalePrice\n1461,170000\n1462,180000\n")
    with pytest.raises(FileError, match=r"truth.csv: true and pred both name the column 'SalePrice'"):
        score_files([truth, submission], true="SalePrice", pred="SalePrice")
