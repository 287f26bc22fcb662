"""Text that comes in codes is stored as the same text: same rows, same roots, same judgments."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.codes import CODED_TEXT, code_text
from ingestion.contracts import CONTRACTS
from ingestion.log import EventLog, reader, row_tree, segments
from ingestion.log.row_tree import RowTree
from ingestion.log.salts import Salts
from ingestion.vocabulary import EventType
from tests.ingestion.log.events import PRODUCER, battles

BATTLE = EventType.BATTLE_JUDGED


def coded(table: pa.Table) -> pa.Table:
    """In codes but for the ids, as loads stage it."""
    ids = table["event_id"]
    return code_text(table).set_column(0, table.schema.field("event_id"), ids)


def many_battles(count: int, topics: int = 50) -> pa.Table:
    generator = np.random.default_rng(count)
    texts = [f'topic "{n}" \N{SNOWMAN}' if n % 3 else None for n in range(topics)]
    table = battles(range(count))
    topic = pa.array(texts).take(pa.array(generator.integers(0, topics, count)))
    moments = np.repeat(np.arange(count // 4 + 1) * 999_999_999, 4)[:count]
    kind = table.schema.field("occurred_at").type
    moment = pa.array(moments, mask=moments % 5 == 0).cast(kind)
    names = table.schema.names
    table = table.set_column(names.index("topic"), table.schema.field("topic"), topic)
    return table.set_column(names.index("occurred_at"), table.schema.field("occurred_at"), moment)


@pytest.fixture(autouse=True)
def small_row_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "ROW_GROUP_ROWS", 700)
    monkeypatch.setattr(segments, "MANY_ROWS", 1000)
    monkeypatch.setattr(row_tree, "COMPILED_ROWS", 1000)


@pytest.mark.parametrize("cut", [0, 1400, 1500])
@pytest.mark.parametrize("count", [900, 2500])
def test_a_segment_is_the_same_rows_under_the_same_root(
    tmp_path: Path, count: int, cut: int
) -> None:
    plain, salts = many_battles(count), Salts.fresh(count)
    pieces = [coded(plain.slice(0, cut)), coded(plain.slice(cut))]
    staged = pa.concat_tables([piece for piece in pieces if len(piece)])
    written = segments.write_segment(tmp_path / "coded", staged, salts)
    reference = RowTree(row_tree._leaves(plain, salts), is_compiled=False)
    assert written.row_root == reference.root.hex()
    stored, kept = segments.read_segment(tmp_path / "coded")
    assert stored.equals(plain)
    assert stored.schema.equals(CONTRACTS[BATTLE].log_schema)
    assert kept == salts
    file = pq.ParquetFile(tmp_path / "coded")
    sizes = [file.metadata.row_group(k).num_rows for k in range(file.num_row_groups)]
    assert sizes == [700] * (count // 700) + [count % 700]


def test_a_dictionary_that_does_not_pay_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, salts = many_battles(2000, topics=1500), Salts.fresh(2000)
    sizes = {}
    for limit in (1 << 20, 1 << 10):
        monkeypatch.setattr(segments, "DICTIONARY_BYTES", limit)
        written = segments.write_segment(tmp_path / f"{limit}", coded(plain), salts)
        assert segments.read_segment(tmp_path / f"{limit}")[0].equals(plain)
        group = pq.ParquetFile(tmp_path / f"{limit}").metadata.row_group(0)
        column = group.column(plain.schema.names.index("topic"))
        sizes[limit] = (written.row_root, column.has_dictionary_page)
    assert sizes[1 << 20][0] == sizes[1 << 10][0]


def test_repeats_are_judged_alike_however_text_comes(log: EventLog) -> None:
    plain = many_battles(1500)
    other = plain.set_column(9, plain.schema.field("outcome"), pa.array(["tie"] * 1500))
    assert plain.schema.names[9] == "outcome"
    assert coded(plain).schema.field("outcome").type == CODED_TEXT
    with log.begin("one", PRODUCER) as batch:
        assert batch.stage(BATTLE, coded(plain.slice(0, 1200))).is_accepted.all()
        assert batch.stage(BATTLE, plain.slice(100, 10)).is_duplicate.all()
        assert batch.stage(BATTLE, coded(plain.slice(600, 700))).is_duplicate.sum() == 600
        # Text as it is behind text in codes, and the other way round.
        assert batch.stage(BATTLE, plain.slice(1290, 110)).is_duplicate.sum() == 10
        assert batch.stage(BATTLE, coded(plain.slice(1390))).is_duplicate.sum() == 10
        assert batch.stage(BATTLE, coded(other.slice(1350, 100))).is_conflict.all()
        batch.commit()
    assert reader.read(log, BATTLE).select(plain.schema.names).equals(plain)
    with log.begin("two", PRODUCER) as batch:
        assert batch.stage(BATTLE, coded(plain)).is_duplicate.all()
        assert batch.stage(BATTLE, coded(other)).is_conflict.all()
    assert log.verify().is_ok
