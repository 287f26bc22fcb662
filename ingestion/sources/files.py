"""What lies at a path: which format, which compression, and whether it can be text at all.

Everything here is decided from the first bytes, not from the file's name, so that a file with a
wrong ending is still read and a file that cannot be read says what it looks like.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from codecs import getincrementaldecoder
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from ingestion.errors import LoadRefusedError, NotFoundError, UsageError
from ingestion.sources.bounds import DEFAULT, BoundedStream, Bounds
from ingestion.visible_text import visible

HEAD_BYTES = 1 << 16
ENCODINGS = {
    "windows-1250": "cp1250",
    "windows-1251": "cp1251",
    "windows-1252": "cp1252",
    "iso-8859-1": "latin-1",
    "iso-8859-2": "iso-8859-2",
    "iso-8859-15": "iso-8859-15",
}
"""Encodings of a byte a character, as mappings name them, and as Python does."""
USUAL_ENCODING = "windows-1252"
UTF8_BOM = b"\xef\xbb\xbf"

_COMPRESSIONS = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_WIDE_BOMS = {
    b"\xff\xfe\x00\x00": "UTF-32LE",
    b"\x00\x00\xfe\xff": "UTF-32BE",
    b"\xff\xfe": "UTF-16LE",
    b"\xfe\xff": "UTF-16BE",
}
_STRANGERS = {
    b"PK\x03\x04": ("a ZIP archive or an Excel workbook", "Unpack it, or save the sheet as CSV."),
    b"BZh": ("a bzip2 file", "Unpack it first: bunzip2 FILE"),
    b"\xfd7zXZ\x00": ("an xz file", "Unpack it first: unxz FILE"),
    b"SQLite format 3\x00": ("an SQLite database", "Export the table as CSV first."),
    b"ARROW1": ("an Arrow file", "Save it as Parquet first."),
    b"Obj\x01": ("an Avro file", "Save it as Parquet first."),
    b"%PDF": ("a PDF", "Only CSV, JSONL and Parquet can be read."),
}
_UTF8_LETTER = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
# Bytes that text does not contain: all controls but tab, line feed, form feed, return and escape.
_CONTROLS = bytes(set(range(32)) - {9, 10, 12, 13, 27})
_MANY_NULS = 0.2
_MANY_CONTROLS = 0.05


class Format(StrEnum):
    """How a file holds its rows."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


@dataclass(frozen=True)
class LocalFile:
    """A file that exists and can be read.

    Args:
        name: what messages call it: the path as the user wrote it, nothing hidden in it.
        path: where it lies.
        compression: gzip, zstd or None.
        head: its first bytes, decompressed, without a byte-order mark.
        format: what the first bytes look like.
        bounds: how much it may become once it is unpacked.
        encoding: what its text is written in; None: UTF-8. `head` and `open` give UTF-8 anyway.
    """

    name: str
    path: Path
    compression: str | None
    head: bytes
    format: Format
    bounds: Bounds = DEFAULT
    encoding: str | None = None

    def written_in(self, encoding: str | None) -> LocalFile:
        """The same file, whose text is in an encoding of ENCODINGS.

        Raises:
            LoadRefusedError: it is no text, or in UTF-8 by what its first bytes look like.
        """
        if encoding is None:
            return self
        if self.format is Format.PARQUET:
            raise LoadRefusedError(
                f"{self.name}: is Parquet, which has no encoding.", remedy="Leave encoding out."
            )
        _require_no_utf8(self.name, self.head, encoding)
        return replace(self, encoding=encoding, head=_in_utf8(self.head, encoding))

    @property
    def is_array(self) -> bool:
        """Whether it is a JSON array: one document that holds all rows."""
        return self.format is Format.JSONL and self.head.lstrip().startswith(b"[")

    @contextmanager
    def open(self) -> Iterator[BoundedStream]:
        """The decompressed content as a stream, held against the bounds; faults name the file."""
        # Unbuffered: rows are read in blocks of megabytes into a buffer of our own.
        with refusing(self.name, self.compression), self.path.open("rb", buffering=0) as raw:
            stream: Any = raw
            packed = None
            if self.compression is not None:
                stream = pa.CompressedInputStream(raw, self.compression)
                packed = self.byte_count
            if self.encoding is not None:
                stream = _InUtf8(self.name, stream, self.encoding)
            yield BoundedStream(self.name, stream, self.bounds, packed)

    @property
    def byte_count(self) -> int:
        """Its size as it lies there."""
        return self.path.stat().st_size

    @contextmanager
    def open_seekable(self) -> Iterator[IO[bytes]]:
        """The decompressed content as a file one can seek in, unpacked to disk where need be."""
        if self.compression is None:
            with refusing(self.name, None), self.path.open("rb") as raw:
                yield raw
            return
        with tempfile.TemporaryFile() as unpacked:
            room = shutil.disk_usage(tempfile.gettempdir()).free // 2
            with self.open() as stream:
                while block := stream.read(1 << 20):
                    stream.found_rows()
                    if unpacked.tell() + len(block) > room:
                        raise LoadRefusedError(
                            f"{self.name}: unpacked it takes more than half of the free space in "
                            f"{tempfile.gettempdir()} ({room:,} bytes).",
                            remedy="Set TMPDIR to a folder with more space, or unpack it there.",
                        )
                    unpacked.write(block)
            unpacked.seek(0)
            yield unpacked


class _InUtf8:
    """Text in an encoding of a byte a character as UTF-8, as it is read.

    The first letters beyond ASCII may come after megabytes of it, so they are looked at here too.

    Args:
        name: of the file, for messages.
        stream: what is read.
        encoding: a name of ENCODINGS.
    """

    def __init__(self, name: str, stream: Any, encoding: str) -> None:
        self._name, self._stream, self._encoding = name, stream, encoding
        self._left = b""
        self._is_ascii = True

    def read(self, size: int) -> bytes:
        """At most `size` bytes, none at the end."""
        if not self._left:
            read = bytes(self._stream.read(size))
            if self._is_ascii:
                _require_no_utf8(self._name, read, self._encoding)
                self._is_ascii = read.isascii()
            self._left = _in_utf8(read, self._encoding)
        content, self._left = self._left[:size], self._left[size:]
        return content

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as what is read goes."""
        content = self.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)


def _in_utf8(content: bytes, encoding: str) -> bytes:
    """A byte that is no letter of the encoding stays, and so its row is refused as not UTF-8."""
    text = content.decode(ENCODINGS[encoding], "surrogateescape")
    return text.encode("utf-8", "surrogateescape")


def _require_no_utf8(name: str, content: bytes, encoding: str) -> None:
    if _is_utf8(content):
        raise LoadRefusedError(
            f"{name}: looks like UTF-8, and the mapping says {encoding}.",
            remedy="Leave encoding out, or the letters would be wrong.",
        )


def _is_utf8(content: bytes) -> bool:
    """Whether it has letters beyond ASCII, all of them UTF-8; the last one may be cut off."""
    try:
        return not getincrementaldecoder("utf-8")().decode(content).isascii()
    except UnicodeDecodeError:
        return False


def is_of_single_bytes(head: bytes) -> bool:
    """Whether text has letters beyond ASCII, and none that is written as UTF-8 writes them."""
    return not head.isascii() and _UTF8_LETTER.search(head) is None


@contextmanager
def refusing(name: str, compression: str | None) -> Iterator[None]:
    """Turn faults of the operating system and of decompression into a refusal naming the file."""
    try:
        yield
    except PermissionError as error:
        raise LoadRefusedError(
            f"{name}: not allowed to read it.", remedy=f"Check its rights: ls -l {name}"
        ) from error
    except OSError as error:
        what = f"damaged or cut off ({compression})" if compression else "cannot be read"
        raise LoadRefusedError(
            f"{name}: {what}: {first_line(error)}.",
            remedy="Fetch or write the file again; nothing of it was loaded.",
        ) from error


def inspect_file(name: str, path: Path | None = None, bounds: Bounds = DEFAULT) -> LocalFile:
    """Look at the first bytes of a file.

    Raises:
        NotFoundError: nothing is there.
        UsageError: it is a directory, or no regular file.
        LoadRefusedError: it is empty, truncated, not text and not Parquet, or in a wide encoding.
    """
    path = Path(name) if path is None else path
    name = visible(name)
    try:
        is_directory, is_file = path.is_dir(), path.is_file()
    except (OSError, ValueError) as error:  # a name too long, or with a NUL in it
        raise NotFoundError(f"{name}: not a path: {visible(error)}.") from error
    if is_directory:
        raise UsageError(
            f"{name}: is a directory.",
            remedy=f"Name the files in it: {name.rstrip('/')}/*.jsonl",
        )
    if not is_file:
        if path.exists():
            raise UsageError(f"{name}: is not a regular file.", remedy="Save it to a file first.")
        remedy = "Check the path and its spelling."
        if name == "-":
            remedy = "Standard input isn't read, as a load reads twice: save it to a file."
        raise NotFoundError(f"{name}: no such file.", remedy=remedy)
    with refusing(name, None), path.open("rb") as raw:
        start = raw.read(HEAD_BYTES)
    compression = next((c for magic, c in _COMPRESSIONS.items() if start.startswith(magic)), None)
    if compression is not None:
        with refusing(name, compression), path.open("rb") as raw:
            start = pa.CompressedInputStream(raw, compression).read(HEAD_BYTES)
    return LocalFile(
        name=name,
        path=path,
        compression=compression,
        head=start.removeprefix(UTF8_BOM),
        format=_recognise(name, start),
        bounds=bounds,
    )


def _recognise(name: str, head: bytes) -> Format:
    if not head.removeprefix(UTF8_BOM).strip():
        raise LoadRefusedError(
            f"{name}: is empty.", remedy="Write at least one row to it, or leave it out."
        )
    if head.startswith(b"PAR1"):
        return Format.PARQUET
    if wide := _wide_encoding(head):
        raise LoadRefusedError(
            f"{name}: looks like {wide}, and only UTF-8 is read.",
            remedy=f"Convert it: iconv -f {wide} -t UTF-8 {name} > {name}.utf8",
        )
    for magic, (what, remedy) in _STRANGERS.items():
        if head.startswith(magic):
            raise LoadRefusedError(f"{name}: looks like {what}.", remedy=remedy)
    # A few of them in a text are their rows' fault, not the file's.
    if len(head) - len(head.translate(None, _CONTROLS)) > _MANY_CONTROLS * len(head):
        raise LoadRefusedError(
            f"{name}: holds bytes that are not text, and it is not Parquet either.",
            remedy="CSV, JSONL and Parquet can be read, also compressed with gzip or zstd.",
        )
    start = head.removeprefix(UTF8_BOM).lstrip()
    if start.split(b"\n", 1)[0].strip() == b"{":
        raise LoadRefusedError(
            f"{name}: is one JSON object over several lines, neither one object per line (JSONL) "
            "nor an array of objects.",
            remedy=f"If it is one row, write it in one line: jq -c . {name} > F.jsonl",
        )
    return Format.JSONL if start.startswith((b"{", b"[")) else Format.CSV


def _wide_encoding(head: bytes) -> str | None:
    for bom, encoding in _WIDE_BOMS.items():
        if head.startswith(bom):
            return encoding
    # Without a mark: Latin text in two bytes a character has a NUL in every other place.
    even, odd = head[0::2], head[1::2]
    if odd and odd.count(0) > _MANY_NULS * len(odd) and even.count(0) == 0:
        return "UTF-16LE"
    if even and even.count(0) > _MANY_NULS * len(even) and odd.count(0) == 0:
        return "UTF-16BE"
    return None


def first_line(error: BaseException) -> str:
    """What an error says, cut to its first line."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
