"""What a file is by its first bytes, for the sentence that refuses one that is not what its name says."""

from typing import Any, NamedTuple


class Kind(NamedTuple):
    """How some files begin, how their names end, what they are, and the options that read them, or what to do."""

    begins: bytes
    endings: tuple[str, ...]
    what: str
    options: dict[str, Any]
    advice: str = ""

    def advised(self) -> str:
        return f"; {self.advice}" if self.advice else ""


ARROW_ENDINGS = (".arrow", ".arrows", ".feather", ".ipc")
KINDS = (
    Kind(b"PAR1", (".parquet", ".pq", ".parq"), "a Parquet file", {"input_format": "parquet"}),
    Kind(b"ARROW1", ARROW_ENDINGS, "an Arrow file", {"input_format": "arrow"}),
    Kind(b"\xff\xff\xff\xff", ARROW_ENDINGS, "an Arrow stream", {"input_format": "arrows"}),
    Kind(b"ORC", (".orc",), "an ORC file", {"input_format": "orc"}),
    Kind(b"\x93NUMPY", (), "a NumPy array", {}, "pass it in a pair, [(truth, model)], or as --true and --pred"),
    Kind(b"\x1f\x8b", (".gz",), "packed with gzip", {"input_format": "csv.gz"}),
    Kind(b"BZh", (".bz2",), "packed with bzip2", {"input_format": "csv.bz2"}),
    Kind(b"\xfd7zXZ\x00", (".xz",), "packed with xz", {"input_format": "csv.xz"}),
    Kind(b"\x28\xb5\x2f\xfd", (".zst",), "packed with zstd", {"input_format": "csv.zst"}),
    Kind(b"PK\x03\x04\x14\x00\x06\x00", (), "an Excel workbook", {}, "save it as CSV"),
    Kind(b"PK\x03\x04", (".zip", ".npz"), "a zip archive", {"input_format": "csv.zip"}),
    Kind(b"\xff\xfe", (), "text in UTF-16", {"encoding": "utf-16"}),
    Kind(b"\xfe\xff", (), "text in UTF-16", {"encoding": "utf-16"}),
    Kind(b"\x89HDF", (), "an HDF5 file", {}, "pass its arrays, [(file['y'], file['p'])]"),
    Kind(b"SQLite format 3", (), "an SQLite database", {}, "export a query as CSV"),
    Kind(b"\xd0\xcf\x11\xe0", (), "an old Excel workbook", {}, "save it as CSV"),
    Kind(b'{"', (".jsonl", ".ndjson", ".jsonlines"), "JSON", {"input_format": "jsonl"}),
)
# What has no beginning of its own, and nothing but these characters.
TEXT_ENDINGS = (".csv", ".txt", ".dat", ".tsv", ".tab", ".rdb", ".jsonl", ".ndjson", ".jsonlines")
PLAIN_TEXT = Kind(b"", TEXT_ENDINGS, "text", {"input_format": "csv"})
FIRST_BYTES = 64
TEXT = bytes([9, 10, 13, *range(32, 127)])


def kind_of(first_bytes: bytes) -> Kind | None:
    """Return what begins like this."""
    is_text = not first_bytes.translate(None, TEXT)  # as a header whose first column is ORC_ID
    kinds = [kind for kind in KINDS if first_bytes.startswith(kind.begins) and not (is_text and kind.begins.isalnum())]
    return kinds[0] if kinds else PLAIN_TEXT if is_text and first_bytes else None
