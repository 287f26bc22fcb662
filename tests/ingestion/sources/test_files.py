"""Files that cannot be read as they are: each says what it is, where, and what to do."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.errors import DemoscopeError, LoadRefusedError, NotFoundError, UsageError
from ingestion.sources.mapping import mapping_names
from ingestion.sources.registry import open_source

LINE = b'{"event_type":"model_retired","source":"s","native_id":"n","model_id":"m","reason":"r"}\n'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n  \n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (gzip.compress(b"", mtime=0), "is empty"),
        (LINE.decode().encode("utf-16"), "UTF-16LE.*iconv"),
        (LINE.decode().encode("utf-16-be"), "UTF-16BE.*iconv"),
        (LINE.decode().encode("utf-16-le"), "UTF-16LE.*iconv"),
        (LINE.decode().encode("utf-32"), "UTF-32LE.*iconv"),
        (b"PK\x03\x04rest", "Excel"),
        (b"BZh9rest", "bunzip2"),
        (b"\x7fELF\x01\x00\x00", "not text"),
        (b'{\n  "a": 1\n}', "jq"),
        (gzip.compress(LINE * 9000, mtime=0)[:-20], "cut off"),
        (gzip.compress(LINE * 9000, mtime=0)[:15], "cut off|empty"),
        (gzip.compress(LINE, mtime=0) + b"junk", "damaged"),
        (pa.compress(LINE * 9000, codec="zstd", asbytes=True)[:-4], "cut off"),
        (b"PAR1 and then nothing", "Parquet"),
    ],
)
def test_what_cannot_be_read_is_refused(
    read: Any, tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "file.jsonl"
    path.write_bytes(content)
    with pytest.raises(LoadRefusedError, match=message) as caught:
        read(path)
    assert str(path) in caught.value.message
    assert caught.value.remedy


def test_truncated_parquet(read: Any, tmp_path: Path) -> None:
    path = tmp_path / "file.parquet"
    pq.write_table(pa.table({"event_type": ["model_retired"] * 5000}), path)
    whole = path.read_bytes()
    for cut in (10, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(LoadRefusedError, match="truncated or damaged Parquet"):
            read(path)


def test_places_that_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"/\*\.jsonl"):
        open_source(str(tmp_path))
    with pytest.raises(NotFoundError, match="no such file"):
        open_source(str(tmp_path / "nothing.jsonl"))
    for strange in ("a\0b", "x" * 5000):
        with pytest.raises(NotFoundError):
            open_source(strange)


def test_a_csv_needs_a_mapping(tmp_path: Path) -> None:
    (tmp_path / "votes.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UsageError, match=r"--mapping.*llmfao"):
        open_source(str(tmp_path / "votes.csv"))


def test_an_unknown_mapping_lists_the_presets(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no mapping called 'nonsense'") as caught:
        open_source(str(tmp_path / "votes.csv"), mapping="nonsense")
    assert caught.value.exit_code == 2
    assert all(name in str(caught.value) for name in mapping_names())
    with pytest.raises(NotFoundError, match="no such mapping file"):
        open_source(str(tmp_path / "votes.csv"), mapping="./nonsense.yml")


def test_a_source_name_is_checked(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot name a source"):
        open_source(str(tmp_path / "votes.csv"), source="No Good")


def test_the_format_of_the_mapping_must_be_the_files(read: Any, tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": [1]}), tmp_path / "x.csv")
    with pytest.raises(LoadRefusedError, match="looks like parquet"):
        read(tmp_path / "x.csv", mapping="llmfao")


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    content=st.binary(max_size=200)
    | st.binary(max_size=60).map(gzip.compress)
    | st.binary(max_size=60).map(lambda b: b"PAR1" + b + b"PAR1")
    | st.text(max_size=100).map(str.encode),
    mapping=st.sampled_from([None, "llmfao", "mt-bench-human", "prism", "leaderbot"]),
)
def test_any_bytes_raise_nothing_but_demoscope_errors(
    read: Any, tmp_path: Path, content: bytes, mapping: str | None
) -> None:
    path = tmp_path / "any"
    path.write_bytes(content)
    try:
        read(path, mapping=mapping)
        assert open_source(str(path), mapping=mapping).fingerprint
    except DemoscopeError as error:
        assert error.remedy  # noqa: PT017
