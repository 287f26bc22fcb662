"""Leaves and trees of rows: by `hashlib` and compiled the same, for any value a column can hold."""

import hashlib
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.codes import code_text
from ingestion.log import row_tree
from ingestion.log.lanes import hash_children, hash_messages, hash_pairs
from ingestion.log.leaves import canonical, leaf_of, plain_time
from ingestion.log.merkle import Tree
from ingestion.log.row_tree import RowTree
from ingestion.log.salts import SaltRun, Salts, children, expand
from ingestion.sha_vectors import LANES

TEXT = st.text(max_size=90) | st.sampled_from(
    ['"', "\\", "\x00\x1f\x7f\b\f\n\r\t", "é\N{SNOWMAN}\U0001f600"]
)
NUMBER = st.floats() | st.sampled_from([1.0, -0.0, 1e21, 1e-7, 5e-324, 2.0**53])
SCHEMA = pa.schema(
    [
        ("event_id", pa.string()),
        ("event_type", pa.string()),
        ("source", pa.string()),
        ("text", pa.string()),
        ("other", pa.string()),
        ("small", pa.int32()),
        ("large", pa.int64()),
        ("real", pa.float64()),
        ("flag", pa.bool_()),
        ("moment", pa.timestamp("us", tz="UTC")),
    ]
)
ROW = st.fixed_dictionaries(
    {
        "event_id": TEXT,
        "event_type": st.just("battle_judged"),
        "source": TEXT,
        "text": st.none() | TEXT,
        "other": st.none() | st.just("same"),
        "small": st.none() | st.integers(-(2**31), 2**31 - 1),
        "large": st.none() | st.integers(-(2**63), 2**63 - 1),
        "real": st.none() | NUMBER,
        "flag": st.none() | st.booleans(),
        "moment": st.none() | st.integers(-(2**62), 2**62) | st.integers(0, 2**51),
    }
)


def bytes_of(words: np.typing.NDArray[np.uint32]) -> bytes:
    return words.astype(">u4").tobytes()


def table(rows: list[dict[str, object]]) -> pa.Table:
    columns = {name: [row[name] for row in rows] for name in SCHEMA.names}
    columns["moment"] = pa.array(columns["moment"], pa.int64()).cast(SCHEMA.field("moment").type)
    return pa.table(columns, SCHEMA)


@settings(max_examples=60)
@given(rows=st.lists(ROW, min_size=1, max_size=6), data=st.data())
def test_compiled_leaves_are_those_of_the_definition(
    rows: list[dict[str, object]], data: st.DataObject
) -> None:
    salts = Salts.fresh(len(rows))
    if data.draw(st.booleans()):
        erased = data.draw(st.sets(st.integers(0, len(rows) - 1)))
        salts = salts.without({row: bytes([row]) * 32 for row in erased})
    start = data.draw(st.integers(0, 2))
    # A slice of a larger table, in which offsets do not begin at zero.
    whole = table(rows[:1] * start + rows + rows[:1]).slice(start, len(rows))
    plain, compiled = row_tree._leaves(whole, salts), row_tree._leaves_fast(whole, salts)
    assert (plain == compiled).all()


def test_many_rows_in_pieces_and_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestion.log.messages.PIECE_ROWS", 700)
    monkeypatch.setattr("ingestion.log.messages.CHUNK_ROWS", 300)
    rows: list[dict[str, object]] = [
        {
            "event_id": f"event {number}",
            "event_type": "battle_judged",
            "source": "s" if number < 900 else "t" * (number % 200),
            "text": None if number % 3 else "x" * (number % 130),
            "other": None,
            "small": number,
            "large": number**4,
            "real": number / 7,
            "flag": number % 2 == 0,
            "moment": number * 86_399_999_999,
        }
        for number in range(2000)
    ]
    whole = pa.concat_tables([table(rows[:1234]), table(rows[1234:])])
    salts = Salts.fresh(1500) + Salts.fresh(500).without({7: b"x" * 32})
    leaves = row_tree._leaves(whole, salts)
    assert (leaves == row_tree._leaves_fast(whole, salts)).all()
    reference = Tree([bytes_of(leaf) for leaf in leaves])
    for is_compiled in (False, True):
        tree = RowTree(leaves, is_compiled=is_compiled)
        assert tree.root == reference.root
        assert all(tree.inclusion(row) == reference.inclusion(row) for row in (0, 1, 1233, 1999))
    monkeypatch.setattr(row_tree, "COMPILED_ROWS", 100)
    assert RowTree.of(whole, salts).root == reference.root


@pytest.mark.parametrize("size", [1, 2, 3, LANES - 1, LANES, LANES + 1, 3 * LANES + 5])
def test_lanes_are_sha256(size: int) -> None:
    rng = np.random.default_rng(size)
    messages = [rng.bytes(int(length)) for length in rng.integers(0, 400, size)]
    padded = [
        message + b"\x80" + bytes((-len(message) - 9) % 64) + (8 * len(message)).to_bytes(8, "big")
        for message in messages
    ]
    blocks = np.array([len(message) // 64 for message in padded])
    words = np.frombuffer(b"".join(padded), "<u4")
    starts = (np.cumsum(blocks) - blocks) * 16
    for order in (np.arange(size), rng.permutation(size)):
        hashes = hash_messages(words, starts, blocks, order)
        assert [bytes_of(h) for h in hashes] == [hashlib.sha256(m).digest() for m in messages]
    nodes = rng.integers(0, 2**32, (2 * size, 8), np.uint32)
    assert [bytes_of(h) for h in hash_pairs(nodes)] == [
        hashlib.sha256(b"\x01" + bytes_of(nodes[2 * k : 2 * k + 2])).digest() for k in range(size)
    ]
    seeds = rng.integers(0, 2**32, (size, 4), np.uint32)
    below = [child for seed in seeds for child in children(bytes_of(seed))]
    assert [bytes_of(h) for h in hash_children(seeds)] == below


@given(
    fields=st.dictionaries(st.from_regex("[a-z_]{1,9}", fullmatch=True), TEXT | NUMBER | st.none())
)
def test_canonical_json_is_the_librarys(fields: dict[str, object]) -> None:
    finite = {k: v for k, v in fields.items() if not isinstance(v, float) or np.isfinite(v)}
    assert canonical(finite) == rfc8785.dumps(finite)  # type: ignore[arg-type]


@given(moment=st.datetimes(timezones=st.just(UTC)))
def test_times_are_iso_8601(moment: datetime) -> None:
    us = int(np.datetime64(moment.replace(tzinfo=None), "us").astype(np.int64))
    assert plain_time(us) == f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def test_times_of_no_year_that_is_written_are_numbers() -> None:
    assert plain_time(-(2**62)) == str(-(2**62))
    assert plain_time(253402300799999999) == "9999-12-31T23:59:59.999999Z"
    assert plain_time(253402300800000000) == "253402300800000000"
    assert plain_time(-62167219200000000) == "0000-01-01T00:00:00.000000Z"


@given(rows=st.integers(1, 200), data=st.data())
def test_erased_salts_are_gone_and_the_others_stay(rows: int, data: st.DataObject) -> None:
    salts = Salts.fresh(rows) + Salts.fresh(3)
    before = [salts.at(row) for row in range(salts.rows)]
    assert before[:rows] == expand(salts.runs[0].seed or b"", rows)
    assert len(set(before)) == len(before)
    gone = data.draw(st.sets(st.integers(0, rows + 2), min_size=1, max_size=9))
    left = salts.without({row: bytes([1]) * 32 for row in gone})
    left = Salts.decode(left.encode())
    assert left.rows == salts.rows
    assert [left.at(row) for row in range(left.rows)] == [
        None if row in gone else salt for row, salt in enumerate(before)
    ]
    assert left.erased == {row: bytes([1]) * 32 for row in gone}
    # No seed above an erased row is kept: whatever can be derived is one of the other salts.
    derived = [salt for _, run in left.starts() if run.seed for salt in expand(run.seed, run.rows)]
    assert derived == [salt for row, salt in enumerate(before) if row not in gone]
    assert left.part(rows, 3).rows == 3
    assert Salts(tuple(run for run in left.runs if run.seed)).encode().find(b"commitment") == -1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[1]",
        b'[{"rows":1}]',
        b'[{"rows":0,"seed":"00000000000000000000000000000000"}]',
        b'[{"rows":1,"seed":"00"}]',
        b'[{"rows":"1","seed":"00000000000000000000000000000000"}]',
        b'[{"commitment":"00","rows":1}]',
    ],
)
def test_what_are_no_salts_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"salts|JSON|Expecting|not supported|hex"):
        Salts.decode(content)


def test_salts_must_be_as_many_as_rows() -> None:
    with pytest.raises(ValueError, match="2 salts for 1 rows"):
        RowTree.of(pa.table({"event_id": ["a"], "event_type": ["b"]}), Salts.fresh(2))
    assert Salts.fresh(0).runs == ()
    with pytest.raises(IndexError):
        Salts((SaltRun(1, bytes(16)),)).at(1)


def test_a_leaf_by_hand() -> None:
    """The documentation's words, with values spelled out."""
    payload = b'{"model_a":"x","schema_version":1}'
    commitment = hashlib.sha256(bytes(16) + payload).digest()
    shown = b'{"event_id":"7","event_type":"battle_judged"}'
    expected = hashlib.sha256(b"\x00" + commitment + shown).digest()
    assert leaf_of("7", "battle_judged", commitment) == expected
    rows = pa.table(
        {
            "event_id": ["7"],
            "event_type": ["battle_judged"],
            "schema_version": pa.array([1], pa.int32()),
            "model_a": ["x"],
            "topic": pa.array([None], pa.string()),
        }
    )
    assert RowTree.of(rows, Salts((SaltRun(1, bytes(16)),))).root == expected


@settings(max_examples=30)
@given(rows=st.lists(ROW, min_size=1, max_size=8))
def test_leaves_of_text_in_codes(rows: list[dict[str, object]]) -> None:
    whole, salts = table(rows * 20), Salts.fresh(len(rows) * 20)
    ids = whole["event_id"]
    coded = code_text(whole).set_column(0, whole.schema.field("event_id"), ids)
    assert (row_tree._leaves_fast(coded, salts) == row_tree._leaves(whole, salts)).all()
