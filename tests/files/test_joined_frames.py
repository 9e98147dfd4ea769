"""Frames whose rows belong together by ids: evaluate scores them as columns side by side."""

import numpy as np
import pytest

import squarely
from squarely.files import FileError, UnmatchedIdError

pa = pytest.importorskip("pyarrow")
pytest.importorskip("duckdb")
pandas = pytest.importorskip("pandas")
polars = pytest.importorskip("polars")

ROWS = 1000
RNG = np.random.default_rng(4)
IDS = RNG.permutation(ROWS)
Y, NOISE, WEIGHTS = RNG.standard_normal((3, ROWS))
P = Y + NOISE
STORE = RNG.choice(["north", "south"], ROWS)
ORDER = RNG.permutation(ROWS)
TRUTH = pa.table({"id": IDS, "y": Y})
GUESS = pa.table({"id": IDS[ORDER], "p": P[ORDER]})
KEYED = TRUTH.append_column("store", [STORE]).append_column("w", [WEIGHTS**2]).append_column("m", [NOISE > 0])

FORMS = {
    "pandas": lambda table: table.to_pandas(),
    "indexed": lambda table: table.to_pandas().set_index("id"),
    "filtered": lambda table: table.to_pandas().sample(frac=1, random_state=1),
    "polars": polars.from_arrow,
    "lazy": lambda table: polars.from_arrow(table).lazy(),
    "pyarrow": lambda table: table,
    "reader": lambda table: table.to_reader(),
}


@pytest.mark.parametrize("right", FORMS)
@pytest.mark.parametrize("left", FORMS)
def test_frames_of_any_two_libraries_join(left, right):
    report = squarely.evaluate(FORMS[left](TRUTH), FORMS[right](GUESS), on="id")
    assert report.to_dict() == squarely.evaluate(Y, P).to_dict()


def test_rounded_sums_are_in_the_order_of_the_truth():
    report = squarely.evaluate(TRUTH, GUESS, on="id", summation="kahan")
    assert report.to_dict() == squarely.evaluate(Y, P, summation="kahan").to_dict()


def test_metrics_over_order_statistics_have_their_rows():
    report = squarely.evaluate(TRUTH, GUESS, on="id", metrics="median_absolute_error")
    assert report["median_absolute_error"] == squarely.median_absolute_error(Y, P)


def test_weights_masks_and_keys_are_columns_of_the_truth():
    report = squarely.evaluate(KEYED, GUESS, on="id", sample_weight="w", where="m", by="store")
    direct = squarely.evaluate(Y, P, sample_weight=WEIGHTS**2, where=NOISE > 0, by=STORE)
    assert report.keys == direct.keys == ["north", "south"]
    assert report["mse"].tolist() == direct["mse"].tolist()
    two = squarely.evaluate(KEYED.drop_columns("w"), GUESS, on="id", by=["store", "m"])
    assert two.keys == [("north", False), ("north", True), ("south", False), ("south", True)]


def test_several_predictions_are_columns_of_one_frame_or_frames_by_name():
    columns = squarely.evaluate(TRUTH, GUESS.append_column("q", pa.compute.negate(GUESS["p"])), on="id")
    other = GUESS.rename_columns(["id", "anything"]).to_pandas()
    frames = squarely.evaluate(TRUTH, {"p": GUESS, "q": other.assign(anything=-other["anything"])}, on="id")
    assert columns.to_dict() == frames.to_dict() == squarely.evaluate(Y, {"p": P, "q": -P}).to_dict()


def test_several_columns_are_one_id():
    truth = pa.table({"a": IDS // 10, "b": IDS % 10, "y": Y})
    guess = pa.table({"b": (IDS % 10)[ORDER], "p": P[ORDER], "a": (IDS // 10)[ORDER]})
    assert squarely.evaluate(truth, guess, on=["a", "b"])["mse"] == squarely.mean_squared_error(Y, P)


def test_ids_that_do_not_match_are_refused_or_left_out():
    with pytest.raises(UnmatchedIdError, match=r"^y_true: 10 ids have no row in y_pred: "):
        squarely.evaluate(TRUTH, GUESS.slice(10), on="id")
    there = np.isin(IDS, GUESS["id"].to_numpy()[10:])
    report = squarely.evaluate(TRUTH, GUESS.slice(10), on="id", unmatched="omit")
    assert report.to_dict() == squarely.evaluate(Y[there], P[there]).to_dict()
    with pytest.raises(FileError, match="^y_pred: 1 id occurs more than once"):
        squarely.evaluate(TRUTH, pa.concat_tables([GUESS, GUESS.slice(0, 1)]), on="id", unmatched="omit")


def test_no_row_in_common_is_no_score():
    far = GUESS.set_column(0, "id", pa.compute.add(GUESS["id"], ROWS))
    with pytest.raises(ValueError, match="0 sample"):
        squarely.evaluate(TRUTH, far, on="id", unmatched="omit")


@pytest.mark.parametrize(
    ("truth", "guess", "options", "told"),
    (
        (
            KEYED,
            GUESS,
            {},
            "y_true: one column beside the ids is to be scored, and there are 4: 'y', 'store', 'w', 'm'",
        ),
        (TRUTH, GUESS.select(["id"]), {}, "y_pred: one column beside the ids is to be scored, and there are 0: none"),
        (TRUTH, GUESS, {"on": "key"}, "y_true: there is no column 'key'"),
        (TRUTH.rename_columns(["k", "y"]), GUESS, {"on": "k"}, "y_pred: there is no column 'k'"),
        (TRUTH, GUESS, {"sample_weight": "w"}, "y_true: there is no column 'w'"),
    ),
)
def test_columns_that_are_not_clear_are_refused(truth, guess, options, told):
    with pytest.raises(ValueError, match=told):
        squarely.evaluate(truth, guess, **{"on": "id", **options})


@pytest.mark.parametrize("options", ({"by": [1, 2]}, {"sample_weight": [1.0]}, {"where": np.ones(3, bool)}))
def test_arrays_beside_frames_that_are_joined_are_refused(options):
    with pytest.raises(TypeError, match="name columns of the frame of truth"):
        squarely.evaluate(TRUTH, GUESS, on="id", **options)


def test_arrays_have_no_ids():
    with pytest.raises(TypeError, match="y_true must be a frame that has the ids, not ndarray"):
        squarely.evaluate(Y, GUESS, on="id")


def test_unmatched_needs_ids():
    with pytest.raises(ValueError, match="unmatched= is for frames that are joined: say on="):
        squarely.evaluate(Y, P, unmatched="omit")
