"""A file in any format that is damaged, or not what its name says, is refused in one line."""

import pytest

from inputs.written_tables import SUFFIXES, parquet, random_columns, write_table, write_text
from squarely.files import FileError, ReadingOptions, score_files
from squarely.files.formats import arrow


@pytest.mark.parametrize("suffix", ("parquet", "csv.gz", "csv.zip", "arrow", "arrows"))
@pytest.mark.parametrize("kept", (0.1, 0.5, 0.99))
def test_a_file_that_was_cut_short_is_refused(tmp_path, suffix, kept):
    path = write_table(tmp_path / f"cut.{suffix}", random_columns())
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(FileError, match=rf"cut.{suffix}: "):
        score_files(path, true="truth", pred="model")


def test_an_arrow_stream_that_ends_between_two_batches_is_refused(tmp_path):
    path = write_table(tmp_path / "cut.arrows", random_columns())
    path.write_bytes(path.read_bytes().removesuffix(arrow.END_OF_STREAM))
    with pytest.raises(FileError, match=r"cut.arrows: .* it lacks the end marker"):
        score_files(path, true="truth", pred="model")


def test_a_changed_byte_in_parquet_with_checksums_is_refused(tmp_path):
    columns = random_columns()
    path = write_table(tmp_path / "changed.parquet", columns, write_page_checksum=True, use_dictionary=False)
    content = bytearray(path.read_bytes())
    column = parquet.ParquetFile(path).metadata.row_group(0).column(1)
    content[column.data_page_offset + column.total_compressed_size // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(FileError, match=r"changed.parquet: "):
        score_files(path, true="truth", pred="model")


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("content", [b"", bytes(range(256)) * 40], ids=["empty", "noise"])
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path, suffix, content):
    path = tmp_path / f"t.{suffix}"
    path.write_bytes(content)
    with pytest.raises(FileError, match=rf"t.{suffix}: ") as caught:
        score_files(path, true="y", pred="p")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", ("parquet", "arrow", "orc", "npz", "csv.gz"))
def test_text_under_the_name_of_another_format_is_told_and_read_as_it_is_named(tmp_path, suffix):
    path = tmp_path / f"t.{suffix}"
    path.write_text("y,p\n1,2\n")
    with pytest.raises(FileError, match=rf"t.{suffix}: by its content this is text, .* its name says") as caught:
        score_files(path, true="y", pred="p")
    assert (
        score_files(path, true="y", pred="p", metrics="mse", reading=ReadingOptions(**caught.value.options))["mse"] == 1
    )


def test_a_name_that_tells_no_format_is_refused(tmp_path):
    with pytest.raises(FileError, match=r"t.xlsx: the name must end in one of .parquet, "):
        score_files(write_text(tmp_path / "t.xlsx", "y,p\n"), true="y", pred="p")
