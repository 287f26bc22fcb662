"""A few kilobytes that stand for gigabytes are refused before they take memory, disk or time."""

import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.errors import LoadRefusedError, UsageError
from ingestion.log import EventLog
from ingestion.sources import bounds, json_lines, parquet_bounds, prism
from ingestion.sources.bounds import BoundedStream, Bounds, size_in_bytes
from ingestion.sources.files import inspect_file
from ingestion.sources.leaderbot import MEMBER, LeaderbotCounts
from ingestion.sources.registry import open_source
from ingestion.sources.thrift import page_sizes
from orchestration import loading
from tests.end_to_end.command import demoscope, document

BATTLE = {
    "event_type": "battle_judged",
    "source": "panel",
    "dimension": "overall",
    "model_a": "alpha",
    "model_b": "beta",
    "outcome": "a",
}
LONG = "x" * 200_000


def lines(count: int, **more: object) -> bytes:
    rows = ({**BATTLE, "native_id": str(number), **more} for number in range(count))
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def packed(path: Path, content: bytes) -> Path:
    path.write_bytes(gzip.compress(content))
    return path


def parquet(path: Path, count: int = 10_000, text: str = LONG, **options: Any) -> Path:
    """Rows that all say one long text, which the file holds once."""
    one = pa.DictionaryArray.from_arrays(pa.array([0] * count, pa.int32()), pa.array([text]))
    ids = pa.array(map(str, range(count)))
    same = {name: pa.array([value] * count) for name, value in BATTLE.items()}
    table = pa.table({**same, "native_id": ids, "topic": one})
    if options:
        table = table.set_column(7, "topic", one.cast(pa.string()))
    pq.write_table(table, path, compression="zstd", store_schema=False, **options)
    return path


def refused(path: Path, **limits: Any) -> str:
    """What is said of the file when it is read to its end."""
    with pytest.raises(LoadRefusedError) as said:
        for _ in open_source(str(path), bounds=Bounds(**limits)).batches():
            pass
    assert path.name in str(said.value)
    return str(said.value)


def test_gzip_is_refused_beyond_a_multiple_of_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "ALWAYS_ALLOWED", 1 << 20)
    file = packed(tmp_path / "votes.jsonl.gz", b"{}\n" * 1_000_000)
    assert "--max-unpacked" in refused(file)
    assert (
        sum(
            len(b.table)
            for b in open_source(str(file), bounds=Bounds(max_unpacked=1 << 24)).batches()
        )
        == 1_000_000
    )


def test_the_command_says_the_limit_and_can_widen_it(home: Path, tmp_path: Path) -> None:
    file = packed(tmp_path / "votes.jsonl.gz", lines(100))
    done = demoscope(home, "ingest", file, "--max-unpacked", "10K")
    assert done.returncode == 1
    assert "votes.jsonl.gz" in done.stderr
    assert "10,240" in done.stderr
    assert "--max-unpacked" in done.stderr
    assert EventLog.open(home / "log").head_seq == 0
    [load] = document(home, "ingest", file, "--max-unpacked", "1M", "--json")["loads"]
    assert load["accepted_count"] == 100
    assert demoscope(home, "ingest", file, "--max-unpacked", "much").returncode == 2


@pytest.mark.parametrize("text", ["", "-1", "1.5M", "M", "4 X"])
def test_what_is_no_size_is_named(text: str) -> None:
    with pytest.raises(UsageError, match="no size"):
        size_in_bytes(text)


def test_sizes_are_read_in_powers_of_1024() -> None:
    assert [size_in_bytes(text) for text in ("7", "2K", "3 MB", "1GiB")] == [
        7,
        2048,
        3 << 20,
        1 << 30,
    ]


def test_parquet_packed_as_a_whole_does_not_fill_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = parquet(tmp_path / "votes.parquet", count=3)
    file = packed(tmp_path / "votes.parquet.gz", inner.read_bytes() + bytes(4 << 20))
    assert "--max-unpacked" in refused(file, max_unpacked=1 << 20)
    monkeypatch.setattr("shutil.disk_usage", lambda _path: type("usage", (), {"free": 1 << 20}))
    assert "TMPDIR" in refused(file)


def test_a_text_that_a_dictionary_holds_once_is_counted_in_every_row(tmp_path: Path) -> None:
    file = parquet(tmp_path / "votes.parquet")
    assert file.stat().st_size < 200_000
    assert "--max-unpacked" in refused(file)


def test_a_text_that_prefixes_repeat_is_counted_in_every_row(tmp_path: Path) -> None:
    file = parquet(
        tmp_path / "votes.parquet",
        3000,
        use_dictionary=False,
        column_encoding={"topic": "DELTA_BYTE_ARRAY"},
    )
    assert "--max-unpacked" in refused(file)


def test_rows_with_long_texts_are_read_a_few_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_bounds, "TABLE_BYTES", 1 << 20)
    file = parquet(tmp_path / "votes.parquet", 100)
    found = [batch.table for batch in open_source(str(file)).batches()]
    assert max(len(table) for table in found) <= 6
    numbers = [number for table in found for number in table["row_number"].to_pylist()]
    assert numbers == list(range(1, 101))


def test_a_row_of_parquet_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    file = parquet(tmp_path / "votes.parquet", 5)
    assert "--max-row" in refused(file, max_row=100_000)


def test_a_page_beyond_the_limit_is_refused_by_its_own_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_bounds, "MAX_PAGE", 100_000)
    assert "page of 200,0" in refused(parquet(tmp_path / "votes.parquet", 5))


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_every_page_is_found(tmp_path: Path, version: str) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"text": [f"text {number}" for number in range(20_000)]})
    options: dict[str, Any] = {"data_page_version": version, "write_page_checksum": True}
    pq.write_table(table, path, data_page_size=1000, write_batch_size=100, **options)
    chunk = pq.ParquetFile(path).metadata.row_group(0).column(0)
    with path.open("rb") as raw:
        start, length = chunk.dictionary_page_offset, chunk.total_compressed_size
        sizes = list(page_sizes(raw, start, length))
    assert len(sizes) > 10
    assert 0.9 * chunk.total_uncompressed_size < sum(sizes) <= chunk.total_uncompressed_size


def test_lists_of_millions_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_bounds, "MAX_VALUES_IN_LISTS", 1000)
    path = tmp_path / "votes.parquet"
    pq.write_table(pa.table({"event_type": ["battle_judged"], "many": [[0] * 1001]}), path)
    assert "1,001 values in lists" in refused(path)


def test_thousands_of_columns_are_read_in_fewer_rows(tmp_path: Path) -> None:
    path = tmp_path / "votes.parquet"
    wide = {f"c{number}": pa.nulls(20_000, pa.int8()) for number in range(500)}
    pq.write_table(pa.table({"event_type": ["battle_judged"] * 20_000, **wide}), path)
    found = [len(batch.table) for batch in open_source(str(path)).batches()]
    assert max(found) < 20_000
    assert sum(found) == 20_000


def test_a_long_row_is_refused_alone_in_jsonl(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "votes.jsonl"
    file.write_bytes(lines(9) + lines(1, topic=LONG, native_id="x") + lines(1, native_id="y"))
    [load] = document(home, "ingest", file, "--max-row", "100K", "--json")["loads"]
    assert load["quarantined_by_reason"] == {"too_long": 1}
    assert load["accepted_count"] == 10


def test_long_rows_of_csv_and_arrays_are_refused(tmp_path: Path) -> None:
    table = tmp_path / "aliases.csv"
    table.write_text("alias,model\n" + "x" * 20_000_000 + ",y\n")
    assert "--max-row" in refused(table, max_row=100_000)
    array = tmp_path / "votes.json"
    array.write_text('[{"a":1},{"a":"' + LONG)
    assert "--max-row" in refused(array, max_row=100_000)


def test_many_short_lines_come_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "LINES_PER_BLOCK", 10)
    file = tmp_path / "votes.jsonl"
    file.write_bytes(lines(95))
    blocks = list(json_lines.read_lines(inspect_file(str(file))))
    assert [len(block) for block in blocks] == [10] * 9 + [5]
    assert [n for block in blocks for n in block.numbers.tolist()] == list(range(1, 96))
    assert blocks[1].originals([0])[0] == lines(11).splitlines()[10].decode()


def test_many_short_rows_of_csv_come_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.sources.csv_rows.ROWS_PER_PIECE", 10)
    file = tmp_path / "aliases.csv"
    file.write_text("alias,model\n" + "".join(f"a{n},m\n" for n in range(95)))
    tables = [batch.table for batch in open_source(str(file)).batches()]
    assert [n for table in tables for n in table["row_number"].to_pylist()] == list(range(1, 96))


def test_reading_without_finding_a_row_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([0.0, 1.0, 5.0])
    monkeypatch.setattr("time.monotonic", lambda: next(now))
    stream = BoundedStream("votes.csv", io.BytesIO(bytes(100)), Bounds(max_idle=3), None)
    stream.read(10)
    with pytest.raises(LoadRefusedError, match=r"votes\.csv: no row was found in 3 seconds.*20"):
        stream.read(10)


def test_a_file_without_a_good_row_is_not_read_to_its_end(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingestion.paths import Home
    from orchestration.load_report import GateRefusalError

    monkeypatch.setattr(loading, "MAX_FRUITLESS_ROWS", 20)
    monkeypatch.setattr(json_lines, "LINES_PER_BLOCK", 10)
    file = tmp_path / "votes.jsonl"
    file.write_bytes(b"{}\n" * 1000)
    with pytest.raises(GateRefusalError, match="first 20 rows were all refused") as said:
        loading.load_file(Home(home), str(file))
    assert said.value.report.row_count == 20


def test_an_opening_of_many_answers_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = {"conversation_id": "c", "user_id": "u", "turn": 0, "score": 1}
    rows = [answer | {"utterance_id": f"u{n}", "model_name": f"m{n}"} for n in range(200)]
    file = tmp_path / "utterances.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(LoadRefusedError, match=r"line 101: .* more than 100 answers"):
        list(open_source(str(file), mapping="prism").batches())
    monkeypatch.setattr(prism, "_MAX_ANSWERS_IN_ALL", 50)
    with pytest.raises(LoadRefusedError, match=r"line 51: .* more than 50 opening answers"):
        list(open_source(str(file), mapping="prism").batches())


def test_a_wheel_that_unpacks_to_much_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr(MEMBER, bytes(40 << 20))
    with pytest.raises(LoadRefusedError, match="longer than"):
        list(LeaderbotCounts("bomb.whl", path).batches())


def test_yaml_of_megabytes_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "aliases.yml"
    file.write_text("aliases:\n" + "  a: b\n" * 700_000)
    assert "4,194,304" in refused(file)
