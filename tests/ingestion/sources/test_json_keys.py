"""Keys and values of lines as Python's reader finds them; a doubtful line is never passed over."""

import json
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.sources.json_keys import Keys
from ingestion.sources.json_lines import LineBlock, inspect_line, json_values
from ingestion.sources.json_rule import may_be_lenient, may_have_exponent

NAMES = st.text('ab:" {[,]}', max_size=4)
VALUES = st.none() | st.booleans() | st.integers() | NAMES | st.lists(st.integers(), max_size=2)
STYLES = st.sampled_from([(",", ":"), (", ", ": "), (" ,", " : "), (",", ":  "), (",", ":\t")])


def _block(lines: list[str]) -> LineBlock:
    return LineBlock(
        pa.array([f"{line}\n".encode() for line in lines], pa.large_binary()),
        np.arange(1, len(lines) + 1),
    )


@given(st.lists(st.tuples(st.dictionaries(NAMES, VALUES, max_size=3), STYLES), min_size=1))
def test_no_key_is_overlooked(said: list[tuple[dict[str, Any], tuple[str, str]]]) -> None:
    keys = Keys.of(_block([json.dumps(one, separators=style) for one, style in said]))
    for (one, _), count in zip(said, keys.said_per_line(), strict=True):
        assert count >= sum(value is not None for value in one.values())
    assert keys.count >= sum(len(one) for one, _ in said)


@given(st.lists(st.tuples(st.dictionaries(NAMES, VALUES, max_size=3), STYLES), min_size=1))
def test_no_container_is_overlooked(said: list[tuple[dict[str, Any], tuple[str, str]]]) -> None:
    keys = Keys.of(_block([json.dumps(one, separators=style) for one, style in said]))
    for (one, _), is_it in zip(said, keys.lines_with_containers(), strict=True):
        assert is_it or not any(isinstance(value, list) for value in one.values())


def test_usual_lines_are_not_looked_at_again() -> None:
    lines = [
        '{"a":"x","b":null,"c":true}',
        '{"a": "x, y", "b": "z}"}',
        "{}",
    ]
    keys = Keys.of(_block(lines))
    assert not keys.lines_beyond_texts().any()
    assert not keys.lines_with_containers().any()
    assert keys.said_per_line().tolist() == [2, 2, 0]


LENIENT = [
    '{"a":"x",}',
    '{"a":"x", }',
    '{"a":"x",\t}',
    '{"a":["x",]}',
    '{"a":NaN}',
    '{"a": nan}',
    '{"a":  nAn}',
    '{"a":\tInfinity}',
    '{"a":-inf}',
    '{"a":[1,NaN]}',
    '{"a":{"b":[-Infinity]}}',
    '{"a" :inf}',
]


@pytest.mark.parametrize("line", LENIENT)
def test_what_only_a_lenient_reader_takes_is_found_among_other_lines(line: str) -> None:
    block = _block(['{"a":"x"}', line, '{"a":null}'])
    suspect = Keys.of(block).lines_beyond_texts()
    assert may_be_lenient(block.lines, suspect).tolist() == [False, True, False]


@pytest.mark.parametrize("line", LENIENT)
def test_and_in_a_last_line_without_an_end(line: str) -> None:
    block = LineBlock(pa.array([b"{}\n", line.encode()], pa.large_binary()), np.arange(1, 3))
    suspect = Keys.of(block).lines_beyond_texts()
    assert may_be_lenient(block.lines, suspect).tolist() == [False, True]


@pytest.mark.parametrize("value", ["1e5", "-2.5E3", " 1e5", "   9E-1"])
def test_exponents_are_found_among_other_lines(value: str) -> None:
    block = _block(['{"a":1}', '{"a":' + value + "}", '{"a":"1e5"}'])
    suspect = Keys.of(block).lines_beyond_texts()
    assert may_have_exponent(block.lines, suspect).tolist() == [False, True, False]


@given(st.lists(st.text('{}[],:"n -19eEINa', max_size=20), min_size=1))
def test_whatever_only_duckdb_reads_is_found(values: list[str]) -> None:
    block = _block([f'{{"k":{value}}}' for value in values])
    with duckdb.connect() as connection:
        read = json_values(connection, block, ["k"])["k"].to_pylist()
    keys = Keys.of(block)
    suspect = keys.lines_beyond_texts()
    found = may_be_lenient(block.lines, suspect) | keys.lines_with_containers()
    for row, value in enumerate(read):
        _, objection = inspect_line(block, row)
        assert found[row] or value is None or objection is None
