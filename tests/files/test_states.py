"""Sums of files that are saved, merged and finished elsewhere give what one score over all files gives."""

import dataclasses
import os
import re
import zlib
from pathlib import Path

import numpy as np
import pytest

import squarely
from inputs.written_tables import random_columns, write_table, write_text
from instruments.reports import told
from squarely.files import FileError, FileStates, accumulate_files, score_files

pytest.importorskip("pyarrow")

METRICS = ("mean_squared_error", "mean_absolute_error", "max_error", squarely.metric("mean_pinball_loss", alpha=0.9))
COLUMNS = {"true": "truth", "pred": ["model", "naive"], "metrics": METRICS}


@pytest.fixture
def parts(tmp_path):
    columns = random_columns()
    paths = []
    for number, suffix in enumerate(("parquet", "csv", "arrow")):
        part = {name: column[number * 500 : (number + 1) * 500] for name, column in columns.items()}
        paths.append(write_table(tmp_path / f"part-{number}.{suffix}", part))
    return paths


def save_each(paths, **options):
    saved = []
    for path in paths:
        accumulate_files(path, **{**COLUMNS, **options}).save(f"{path}.sq")
        saved.append(f"{path}.sq")
    return saved


def test_merged_states_score_as_all_files_together(parts):
    merged = FileStates.load_all(save_each(parts))
    assert told(merged.report()) == told(score_files(parts, **COLUMNS))
    other_order = FileStates.load_all([f"{path}.sq" for path in reversed(parts)]).report()
    assert told(other_order) == told(merged.report())


def test_merged_states_are_saved_and_merged_again(parts, tmp_path):
    saved = save_each(parts)
    FileStates.load_all(saved[:2]).save(tmp_path / "two.sq")
    assert told(FileStates.load_all([tmp_path / "two.sq", saved[2]]).report()) == told(score_files(parts, **COLUMNS))


def test_bytes_come_back_as_they_were(parts):
    states = accumulate_files(parts, **COLUMNS, nan_policy="omit")
    again = FileStates.from_bytes(states.to_bytes())
    assert again == states
    assert again.to_bytes() == states.to_bytes()


def test_the_order_of_columns_is_that_of_the_first(parts):
    first = accumulate_files(parts[0], **COLUMNS)
    second = accumulate_files(parts[1], **{**COLUMNS, "pred": ["naive", "model"]})
    assert list(first.merge(second).predictions) == ["model", "naive"]
    assert told(first.merge(second).report()) == told(score_files(parts[:2], **COLUMNS))


def test_merging_leaves_both_as_they_are(parts):
    first, second = (accumulate_files(path, **COLUMNS) for path in parts[:2])
    before = first.to_bytes(), second.to_bytes()
    first.merge(second)
    assert (first.to_bytes(), second.to_bytes()) == before


def test_saving_replaces_a_file_as_a_whole_and_keeps_its_permissions(parts, tmp_path):
    path = tmp_path / "s.sq"
    accumulate_files(parts[1], **COLUMNS).save(path)
    path.chmod(0o640)
    accumulate_files(parts[0], **COLUMNS).save(path)
    assert FileStates.load(path).rows == 500
    assert path.stat().st_mode & 0o777 == 0o640
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]


# --- what is refused ---


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"true": "naive", "pred": "truth"}, "has true 'truth', and .*part-1.csv.sq has 'naive'"),
        ({"weight": "naive"}, "has weight None, and .* has 'naive'"),
        ({"nan_policy": "omit"}, "has nan_policy 'raise', and .* has 'omit'"),
        ({"summation": "kahan"}, "has summation 'exact', and .* has 'kahan'"),
        ({"metrics": ("max_error",)}, r"has metrics mean_squared_error, .*\(alpha=0.9\), and .* has max_error"),
        ({"pred": ["model"]}, "has predictions model, naive, and .* has model"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_states_that_differ_are_refused_with_both_sides(parts, options, message):
    first, second = save_each(parts[:1]) + save_each(parts[1:2], **options)
    with pytest.raises(FileError, match=rf"part-1.csv.sq: cannot be merged: .*part-0.parquet.sq {message}"):
        FileStates.load_all([first, second])


def test_a_state_named_twice_is_refused(parts):
    (saved,) = save_each(parts[:1])
    os.symlink(saved, f"{saved}.link")
    with pytest.raises(FileError, match=r"link: this state is named twice, and its rows would count twice"):
        FileStates.load_all([saved, f"{saved}.link"])


def test_a_file_of_the_same_path_in_two_states_is_a_warning(parts):
    first = accumulate_files(parts, **COLUMNS)
    with pytest.warns(UserWarning, match=rf"{re.escape(str(parts[1]))}: two states hold a file of this path"):
        merged = first.merge(accumulate_files(parts[1], **COLUMNS))
    assert merged.rows == 2000


def test_no_states_are_refused():
    with pytest.raises(ValueError, match=r"paths is empty: name at least one file of states"):
        FileStates.load_all([])
    with pytest.raises(FileNotFoundError):
        FileStates.load("no-such-state.sq")


@pytest.mark.parametrize("kept", [0, 3, 8, 40, 0.5, -1])
def test_a_state_that_was_cut_short_is_refused(parts, kept):
    (saved,) = save_each(parts[:1])
    content = Path(saved).read_bytes()
    with open(saved, "wb") as file:
        file.write(content[: int(len(content) * kept) if isinstance(kept, float) else kept])
    with pytest.raises(
        FileError, match=r"part-0.parquet.sq: this (is no state that squarely saved|state was cut short)"
    ):
        FileStates.load(saved)


def test_a_changed_byte_anywhere_is_refused(parts):
    content = accumulate_files(parts[0], **COLUMNS).to_bytes()
    for place in np.random.default_rng(1).integers(0, len(content), 200):
        changed = bytearray(content)
        changed[place] ^= 1 << int(place) % 8
        with pytest.raises(ValueError, match=r"this (is no state|state was cut short or changed|state has version)"):
            FileStates.from_bytes(bytes(changed))


def test_a_newer_version_is_refused_with_both_versions(parts):
    content = bytearray(accumulate_files(parts[0], **COLUMNS).to_bytes())
    content[4] = 9
    content[-4:] = zlib.crc32(content[:-4]).to_bytes(4, "little")
    with pytest.raises(ValueError, match=r"this state has version 9, and this squarely reads versions up to 4"):
        FileStates.from_bytes(bytes(content))


@pytest.mark.parametrize(("before", "after"), [(b'"rows"', b'"rowz"'), (b'"true"', b'{true"')])
def test_a_header_that_makes_no_sense_is_refused(parts, before, after):
    content = accumulate_files(parts[0], **COLUMNS).to_bytes().replace(before, after, 1)
    content = content[:-4] + zlib.crc32(content[:-4]).to_bytes(4, "little")
    with pytest.raises(ValueError, match=r"this state is damaged"):
        FileStates.from_bytes(content)


def test_a_length_that_does_not_fit_is_refused(parts):
    content = accumulate_files(parts[0], **COLUMNS).to_bytes()
    body = content[:-4] + b"more"
    with pytest.raises(ValueError, match=r"this state is damaged: its header does not fit what follows"):
        FileStates.from_bytes(body + zlib.crc32(body).to_bytes(4, "little"))


def test_a_state_that_cannot_be_written_is_refused(parts, tmp_path):
    states = accumulate_files(parts[0], **COLUMNS)
    with pytest.raises(FileError, match=r"none/s.sq: there is no folder .*none"):
        states.save(tmp_path / "none" / "s.sq")
    with pytest.raises(FileError, match=r"this is a folder, and a file is to be written"):
        states.save(tmp_path)


def test_states_without_rows_have_no_scores(tmp_path):
    empty = accumulate_files(write_text(tmp_path / "t.csv", "y,p\n"), true="y", pred="p")
    assert (empty.rows, empty.metrics) == (0, squarely.Accumulator().metrics)
    with pytest.raises(FileError, match=r"t.csv: there are no rows to score"):
        empty.report()
    full = accumulate_files(write_text(tmp_path / "u.csv", "y,p\n1,2\n"), true="y", pred="p")
    assert empty.merge(full).report().rows == 1
    assert dataclasses.replace(full, files=[]).report().rows == 1


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_state_never_takes_the_place_of_data(tmp_path, suffix):
    path = write_table(tmp_path / f"t.{suffix}", {"y": [1.0, 2.0], "p": [1.0, 4.0]})
    before = Path(path).read_bytes()
    states = accumulate_files(path, true="y", pred="p")
    with pytest.raises(FileError, match="this file is there already and is no state of squarely"):
        states.save(path)
    assert Path(path).read_bytes() == before
    states.save(f"{path}.sq")
    states.save(f"{path}.sq")
    assert FileStates.load(f"{path}.sq").rows == 2


def test_a_state_that_is_not_there_is_told_as_any_file():
    with pytest.raises(FileNotFoundError, match=r"^nothing-here\.sq: there is no such file$"):
        FileStates.load("nothing-here.sq")
