"""The compiled reader says what JSON says, or nothing at all."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.contracts import CONTRACTS
from ingestion.sources.files import inspect_file
from ingestion.sources.line_blocks import Stretch
from ingestion.sources.native_jsonl import NativeJsonl
from ingestion.sources.plain_objects import PlainReader
from ingestion.vocabulary import EventType

NAMES = ("native_id", "event_type", "model_a", "model_b", "turn_count")
PLAIN_TEXT = st.text(
    st.characters(min_codepoint=32, exclude_characters='"\\', exclude_categories=["Cs"])
)
VALUES = PLAIN_TEXT | st.integers(-(10**18) + 1, 10**18 - 1) | st.none()
OBJECTS = st.dictionaries(st.sampled_from(NAMES), VALUES, min_size=1)
STYLES = st.sampled_from([(",", ":"), (", ", ": ")])


def stretch(lines: Sequence[bytes]) -> Stretch:
    # What stands before and behind is not looked at.
    content = b'{"' + b"".join(lines) + b'"}\n'
    return Stretch(np.frombuffer(content, np.uint8).copy(), 2, len(content) - 3, 1)


def read(*lines: bytes, reader: PlainReader | None = None) -> list[dict[str, Any]] | None:
    table = (reader or PlainReader()).read(stretch(lines), NAMES)
    if table is None:
        return None
    empty = dict.fromkeys(NAMES)
    rows = table.to_pylist() or [{} for _ in lines]
    return [empty | row for row in rows]


def as_text(content: dict[str, Any]) -> dict[str, str | None]:
    texts = {key: None if value is None else str(value) for key, value in content.items()}
    return dict.fromkeys(NAMES) | texts


@given(
    st.lists(st.tuples(OBJECTS, STYLES), min_size=1, max_size=30), st.sampled_from(["\n", "\r\n"])
)
def test_plain_lines_say_what_json_says(
    objects: list[tuple[dict[str, Any], tuple[str, str]]], end: str
) -> None:
    if not any(value is not None for content, _ in objects for value in content.values()):
        return  # a table without columns has no rows to compare
    lines = [
        (json.dumps(content, ensure_ascii=False, separators=style) + end).encode()
        for content, style in objects
    ]
    # The last line may lack its end.
    lines[-1] = lines[-1].rstrip()
    assert read(*lines) == [as_text(content) for content, _ in objects]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'{"native_id":"a"',
        b'{"native_id":"a"}}',
        b'{"native_id":"a"},',
        b'{"native_id":"a",}',
        b'{"native_id":"a" "model_a":"b"}',
        b'{"native_id":"a","native_id":"b"}',
        b'{"native_id":"a","native_id":null}',
        b'{"stranger":"a"}',
        b'{"native_i":"a"}',
        b'{"native_id":"a\\"b"}',
        b'{"native_id":"\\u0061"}',
        b'{"native_id":"a\tb"}',
        b'{"native_id":"a}',
        b'{"native_id":"\xff"}',
        b'{"native_id":"\xed\xa0\x80"}',
        b'{"native_id":nul}',
        b'{"native_id":nulls}',
        b'{"native_id":true}',
        b'{"native_id":1.5}',
        b'{"native_id":1e3}',
        b'{"native_id":01}',
        b'{"native_id":-}',
        b'{"native_id":-0}',
        b'{"native_id":1234567890123456789}',
        b'{"native_id":["a"]}',
        b'{"native_id":{"a":"b"}}',
        b"{native_id:'a'}",
    ],
)
def test_what_is_not_plain_is_not_read(line: bytes) -> None:
    good = b'{"native_id":"a","model_a":"b"}\n'
    assert read(good, line + b"\n", good) is None
    assert not line or read(good, line) is None


def test_a_reader_forgets_the_block_before() -> None:
    reader = PlainReader()
    for first in (0, 50, 7):
        lines = [b'{"native_id":"n%d","model_a":"m"}\n' % (first + k) for k in range(40)]
        expected = [as_text({"native_id": f"n{first + k}", "model_a": "m"}) for k in range(40)]
        assert read(*lines, reader=reader) == expected
        assert read(b'{"native_id":"n1"}\n', b"broken\n", reader=reader) is None


def test_equal_values_have_one_code() -> None:
    lines = [b'{"native_id":"%d","model_a":"same"}\n' % (k % 10) for k in range(100)]
    table = PlainReader().read(stretch(lines), NAMES)
    assert table is not None
    sizes = {name: len(table[name].chunk(0).dictionary) for name in table.column_names}
    assert sizes == {"native_id": 10, "model_a": 1}


def test_short_lines_behind_a_long_one(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [b'{"native_id":"%s"}\n' % (b"x" * 5000), *[b'{"native_id":"a"}\n'] * 300]
    rows = read(*lines)
    assert rows is not None
    assert [row["native_id"] for row in rows] == ["x" * 5000, *["a"] * 300]
    monkeypatch.setattr("ingestion.sources.plain_objects.MOST_LINES", 300)
    assert read(*lines) is None


def test_every_line_ends_where_it_ends() -> None:
    lines = [b'{"native_id":"%d"} \t\r\n' % (10**k) for k in range(30)] + [b'{"native_id":"z"}']
    text = stretch(lines)
    assert PlainReader().read(text, NAMES) is not None
    found = text.lines()
    assert [found.line(k) for k in range(31)] == [line.rstrip(b"\r\n") for line in lines]
    assert found.numbers.tolist() == list(range(1, 32))


@pytest.mark.parametrize("odd", [None, b'{"event_type":"battle_judged"', b'{"event_type":"x"}'])
def test_the_source_yields_the_same_rows_with_and_without_it(
    tmp_path: Path, battle: Callable[..., dict[str, Any]], odd: bytes | None
) -> None:
    lines = [json.dumps(battle(n, model_a=f"m{n % 3}")).encode() for n in range(200)]
    if odd is not None:
        lines[100] = odd
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join(lines))
    file = inspect_file(str(path))
    known = set(CONTRACTS[EventType.BATTLE_JUDGED].native_columns)

    def rows(compiled_from: int) -> list[tuple[EventType | None, dict[str, Any], str]]:
        return [
            (batch.event_type, row, original)
            for batch in NativeJsonl(file, compiled_from=compiled_from).batches()
            for row, original in zip(
                batch.table.to_pylist(), batch.originals(range(len(batch.table))), strict=True
            )
        ]

    compiled, plain = rows(0), rows(1 << 40)
    assert compiled == plain
    assert len(compiled) == len(lines)
    [batch, *_] = NativeJsonl(file, compiled_from=0).batches()
    types = [field.type for field in batch.table.schema if field.name in known]
    assert all(pa.types.is_dictionary(kind) for kind in types) == (odd is None)
