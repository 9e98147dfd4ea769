"""Accumulators in files: whole or not there, read on any machine, and merged by the command line."""

import json
from pathlib import Path
from typing import Any

import pytest

import squarely
from squarely import cli
from squarely.files import FileError, FileStates, accumulate_files

PAIRS = [([1.0, 2.0], [1.5, 2.0]), ([3.0, 5.0, 8.0], [3.0, 4.0, 9.0])]
KEYS: list[list[str | None]] = [["a", "b"], ["b", None, "c"]]


def accumulated(number: int) -> squarely.Accumulator:
    return squarely.Accumulator().update(*PAIRS[number])


def grouped(number: int) -> squarely.GroupedAccumulator:
    return squarely.GroupedAccumulator().update(*PAIRS[number], by={"store": KEYS[number]})


@pytest.mark.parametrize("made", [accumulated, grouped])
def test_what_is_saved_is_loaded(made: Any, tmp_path: Path) -> None:
    made(0).save(tmp_path / "state.sq")
    assert (tmp_path / "state.sq").read_bytes() == made(0).to_bytes()
    assert type(made(0)).load(tmp_path / "state.sq") == made(0)
    made(1).save(str(tmp_path / "state.sq"))
    assert type(made(0)).load(str(tmp_path / "state.sq")) == made(1)
    assert [path.name for path in tmp_path.iterdir()] == ["state.sq"]


def test_only_a_state_is_replaced_and_what_is_wrong_is_told_by_the_name_of_the_file(tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("precious")
    with pytest.raises(FileError, match=r"notes\.txt: this file is there already and is no state"):
        accumulated(0).save(notes)
    assert notes.read_text() == "precious"
    with pytest.raises(FileError, match=r"notes\.txt: These bytes are no squarely accumulator"):
        squarely.Accumulator.load(notes)
    with pytest.raises(FileNotFoundError, match=r"none\.sq: there is no such file"):
        squarely.Accumulator.load(tmp_path / "none.sq")
    with pytest.raises(FileError, match="there is no folder"):
        accumulated(0).save(tmp_path / "none" / "state.sq")


@pytest.mark.parametrize("made", [accumulated, grouped])
def test_the_command_line_merges_saved_accumulators(made: Any, tmp_path: Path, capsys: Any) -> None:
    pytest.importorskip("typer")
    pytest.importorskip("pyarrow")
    for number in range(2):
        made(number).save(tmp_path / f"{number}.sq")
    assert cli.main(["merge", *(str(tmp_path / f"{number}.sq") for number in range(2)), "--format", "json"]) == 0
    answered = json.loads(capsys.readouterr().out)
    whole = made(0) + made(1)
    of_all = whole if made is accumulated else whole.overall()
    assert answered["rows"] == 5
    assert answered["predictions"]["y_pred"]["digest"] == of_all.digest()
    assert answered["predictions"]["y_pred"]["metrics"] == of_all.compute()
    assert answered.get("digests_of_groups", {}).get("y_pred") in (None, whole.digest())


def test_saved_accumulators_go_with_states_of_pairs(tmp_path: Path) -> None:
    accumulated(0).save(tmp_path / "0.sq")
    accumulate_files([PAIRS[1]]).save(tmp_path / "1.sq")
    merged = FileStates.load_all([tmp_path / "0.sq", tmp_path / "1.sq"])
    assert merged.report().digest == (accumulated(0) + accumulated(1)).digest()


@pytest.mark.parametrize("multioutput", ["uniform_average", "raw_values"])
def test_several_outputs_are_no_state_of_files(multioutput: Any, tmp_path: Path) -> None:
    several = squarely.Accumulator(multioutput=multioutput).update([[1.0, 2.0]], [[1.5, 2.0]])
    several.save(tmp_path / "several.sq")
    assert squarely.Accumulator.load(tmp_path / "several.sq") == several
    with pytest.raises(FileError, match=r"several\.sq: this accumulator holds several outputs"):
        FileStates.load(tmp_path / "several.sq")
