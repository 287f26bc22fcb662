"""Leaves of many rows are those of the definition, for any value a column can hold."""

import hashlib
import json
from datetime import UTC, datetime

import duckdb
import numpy as np
import pyarrow as pa
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.log import leaf_hashes
from ingestion.log.leaf_hashes import tree_of
from ingestion.log.leaves import (
    canonical,
    commitment_of,
    events_of,
    leaf_of,
    payload_of,
    plain_number,
    plain_time,
)
from ingestion.log.merkle import Tree
from ingestion.log.salts import Salts

TEXT = st.text(max_size=90) | st.sampled_from(
    [
        *('"', "\\", "\x00\x1f\x7f\b\f\n\r\t", "é\N{SNOWMAN}\U0001f600", "/\u2028\u2029\ufeff"),
        *("\\u001F", "\\\\u001F\x1f", "\x1f\x1f\\\x1f", "\x01\x0b\x0e\x0f\x1a\x1b", "u00 \\", "{}"),
    ]
)
NUMBER = st.floats() | st.sampled_from(
    [1.0, -0.0, 1e20, 1e21, 1e22, 1e-6, 1e-7, 5e-324, 2.0**53, float("nan"), float("-inf")]
)
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
        "moment": st.none() | st.integers(-(2**63), 2**63 - 1) | st.integers(0, 2**51),
    }
)


def table(rows: list[dict[str, object]]) -> pa.Table:
    columns = {name: [row[name] for row in rows] for name in SCHEMA.names}
    columns["moment"] = pa.array(columns["moment"], pa.int64()).cast(SCHEMA.field("moment").type)
    return pa.table(columns, SCHEMA)


def by_definition(rows: pa.Table, salts: Salts) -> list[bytes]:
    hashes = []
    for number, event in enumerate(events_of(rows)):
        salt = salts.at(number)
        commitment = (
            salts.erased[number] if salt is None else commitment_of(salt, payload_of(event))
        )
        hashes.append(leaf_of(event["event_id"], commitment))
    return hashes


@settings(max_examples=80, deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=6), data=st.data())
def test_leaves_are_those_of_the_definition(
    rows: list[dict[str, object]], data: st.DataObject
) -> None:
    salts = Salts.fresh(len(rows))
    if data.draw(st.booleans()):
        erased = data.draw(st.sets(st.integers(0, len(rows) - 1)))
        salts = salts.without({row: bytes([row]) * 32 for row in erased})
    start = data.draw(st.integers(0, 2))
    # A slice of a larger table, in which offsets do not begin at zero.
    whole = table(rows[:1] * start + rows + rows[:1]).slice(start, len(rows))
    # A contract of before some columns were added.
    whole = whole.select([*SCHEMA.names[: data.draw(st.integers(3, len(SCHEMA)))]])
    hashes = [leaf.tobytes() for leaf in leaf_hashes.leaf_hashes(whole, salts)]
    assert hashes == by_definition(whole, salts)


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_many_rows_in_pieces_on_any_number_of_threads(
    monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    monkeypatch.setattr(leaf_hashes, "PIECE_ROWS", 1700)
    monkeypatch.setattr(leaf_hashes, "BATCH_ROWS", 30)
    database = duckdb.connect(config={"threads": threads})
    monkeypatch.setattr(leaf_hashes, "_database", lambda: database)
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
        for number in range(4000)
    ]
    whole = pa.concat_tables([table(rows[:1234]), table(rows[1234:])])
    salts = Salts.fresh(4000).without({1507: b"x" * 32, 3: b"y" * 32})
    reference = Tree(by_definition(whole, salts))
    tree = tree_of(whole, salts)
    assert tree.root == reference.root
    assert all(tree.inclusion(row) == reference.inclusion(row) for row in (0, 1, 1233, 3999))


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


def test_values_that_json_has_no_number_or_time_for() -> None:
    assert plain_time(-(2**62)) == str(-(2**62))
    assert plain_time(253402300799999999) == "9999-12-31T23:59:59.999999Z"
    assert plain_time(253402300800000000) == "253402300800000000"
    assert plain_time(-62167219200000000) == "0000-01-01T00:00:00.000000Z"
    assert [plain_number(x) for x in (1.0, -0.0, 1e21, float("nan"), float("-inf"))] == [
        *("1", "0", "1e+21", "NaN", "-Infinity")
    ]


@given(rows=st.integers(1, 200), data=st.data())
def test_erased_salts_are_gone_and_the_others_stay(rows: int, data: st.DataObject) -> None:
    salts = Salts.fresh(rows)
    before = [salts.at(row) for row in range(rows)]
    assert b"".join(salt or b"" for salt in before) == salts.every()
    assert len(set(before)) == len(before)
    first, second = (data.draw(st.sets(st.integers(0, rows - 1), max_size=9)) for _ in range(2))
    left = salts.without({row: bytes([1]) * 32 for row in first})
    left = Salts.decode(left.encode()).without({row: bytes([2]) * 32 for row in second})
    left = Salts.decode(left.encode())
    assert [left.at(row) for row in range(rows)] == [
        None if row in first | second else salt for row, salt in enumerate(before)
    ]
    assert left.erased == {row: bytes([1 if row in first else 2]) * 32 for row in first | second}
    # Neither the seed nor an erased salt is kept anywhere.
    assert left.seed is None
    assert not any(before[row] in left.every() for row in first | second)  # type: ignore[operator]
    assert json.loads(left.encode()).keys() == {"erased", "rows", "salts"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"rows":1}',
        b'{"rows":-1,"seed":"00000000000000000000000000000000"}',
        b'{"rows":1,"seed":"00"}',
        b'{"rows":"1","seed":"00000000000000000000000000000000"}',
        b'{"rows":1,"salts":"","erased":{}}',
        b'{"rows":1,"salts":"AAAAAAAAAAAAAAAAAAAAAA==","erased":{"0":"00"}}',
        b'{"rows":1,"salts":"AAAAAAAAAAAAAAAAAAAAAA==","erased":{},"more":1}',
    ],
)
def test_what_are_no_salts_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"salts|JSON|Expecting|hex"):
        Salts.decode(content)


def test_salts_must_be_as_many_as_rows() -> None:
    with pytest.raises(ValueError, match="2 salts for 1 rows"):
        tree_of(pa.table({"event_id": ["a"], "event_type": ["b"], "x": ["c"]}), Salts.fresh(2))
    with pytest.raises(IndexError):
        Salts.fresh(1).at(1)


def test_a_leaf_by_hand() -> None:
    """The documentation's words, with values spelled out."""
    seed = bytes(range(16))
    salts = hashlib.shake_256(seed).digest(32)
    payload = b'{"model_a":"x","schema_version":1,"topic":null,"turn_count":"12"}'
    commitment = hashlib.sha256(salts[16:] + payload).digest()
    expected = hashlib.sha256(b"\x00" + commitment + b"7:overall").digest()
    assert leaf_of("7:overall", commitment) == expected
    rows = pa.table(
        {
            "event_id": ["6", "7:overall"],
            "event_type": ["battle_judged"] * 2,
            "schema_version": pa.array([1, 1], pa.int32()),
            "turn_count": pa.array([1, 12]),
            "model_a": ["x", "x"],
            "topic": pa.array([None, None], pa.string()),
        }
    )
    assert leaf_hashes.leaf_hashes(rows, Salts(2, seed))[1].tobytes() == expected
