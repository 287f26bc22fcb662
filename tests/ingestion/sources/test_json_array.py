"""JSON arrays: their elements are rows, like lines."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.errors import LoadRefusedError
from ingestion.sources.bounds import Bounds
from ingestion.sources.files import inspect_file
from ingestion.sources.json_array import read_elements
from tests.ingestion.sources.flat import VOTES

_QUIET = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.parametrize("indent", [None, 0, 2])
def test_an_array_is_read_like_lines(
    read: Any, mapping: Any, jsonl: Any, battle: Any, tmp_path: Path, indent: int | None
) -> None:
    path = tmp_path / "votes.json.gz"
    path.write_bytes(gzip.compress(json.dumps(VOTES, indent=indent).encode()))
    by_line, by_element = (read(p, mapping=mapping()) for p in (jsonl(*VOTES), path))
    assert [row["model_a"] for row in by_element] == [row["model_a"] for row in by_line]
    assert [row["row_number"] for row in by_element] == [1, 2, 3]
    native = tmp_path / "events.json"
    native.write_text("\ufeff " + json.dumps([battle(n) for n in range(3)], indent=indent))
    assert [row["native_id"] for row in read(native)] == ["b0", "b1", "b2"]


def test_a_bad_element_is_refused_alone(read: Any, battle: Any, tmp_path: Path) -> None:
    good = json.dumps(battle())
    bad = [good[:-1] + ",}", good[:-1] + ',"outcome":"a"}', "[1]", "7", '{"a":]}', ""]
    path = tmp_path / "events.json"
    path.write_text(f"[{good}, {', '.join(bad)}]")
    rows = read(path)
    assert [row["refusal"] for row in rows] == [None, *["broken_json"] * len(bad)]
    assert [row["original"] for row in rows] == [good, *bad]


@pytest.mark.parametrize(
    ("text", "why"),
    [('[{"a":1}', "no end"), ('[{"a":"1}]', "no end"), ("[{}]\n[{}]", "after its JSON array")],
)
def test_what_is_no_array_is_named(read: Any, tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "events.json"
    path.write_text(text)
    with pytest.raises(LoadRefusedError, match=why):
        read(path)


def test_an_element_that_cannot_be_held_is_named(tmp_path: Path) -> None:
    path = tmp_path / "events.json"
    path.write_text('[{"a":1},{"a":"' + "x" * 300 + '"}]')
    file = inspect_file(str(path), bounds=Bounds(max_row=200))
    with pytest.raises(LoadRefusedError, match=r"row 2 .* longer"):
        list(read_elements(file, block_bytes=50))


_JSON = st.recursive(
    st.none() | st.booleans() | st.text(max_size=6) | st.sampled_from(['"', "\\", "],[", "{,"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@_QUIET
@given(rows=st.lists(_JSON, max_size=8), indent=st.sampled_from([None, 1]), size=st.integers(5, 60))
def test_elements_are_what_json_says(
    tmp_path: Path, rows: list[Any], indent: int | None, size: int
) -> None:
    path = tmp_path / "any.json"
    path.write_text(json.dumps(rows, indent=indent), encoding="utf-8")
    found = read_elements(inspect_file(str(path)), block_bytes=size)
    pieces = list(found)
    assert [json.loads(e.as_py()) for elements, _ in pieces for e in elements] == rows
    numbers = [number for _, numbers in pieces for number in numbers.tolist()]
    assert numbers == list(range(1, len(rows) + 1))
