"""Parquet types that DuckDB does not take, or that hold no single value."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.errors import LoadRefusedError
from tests.ingestion.sources.flat import MAPPING, VOTES

_BY_ID = MAPPING.replace("[id, worker]", "id")


def _write(path: Path, ids: pa.Array) -> Path:
    table = pa.Table.from_pylist(VOTES)
    pq.write_table(table.set_column(0, "id", ids), path)
    return path


def test_half_floats_and_wide_decimals_are_read(read: Any, mapping: Any, tmp_path: Path) -> None:
    halves = pa.array(np.array([1, 2, 3], np.float16))
    wide = pa.array([Decimal(1), Decimal(2), Decimal(3)], pa.decimal256(60, 0))
    for ids in (halves, wide):
        rows = read(_write(tmp_path / "v.parquet", ids), mapping=mapping(_BY_ID))
        assert [row["native_id"] for row in rows] == ["1", "2", "3"]


def test_other_types_are_named(read: Any, mapping: Any, tmp_path: Path) -> None:
    huge = pa.array([Decimal(10) ** 50] * 3, pa.decimal256(60, 0))
    with pytest.raises(LoadRefusedError, match=r"'id' is of type decimal256.* do not fit"):
        read(_write(tmp_path / "v.parquet", huge), mapping=mapping(_BY_ID))
    lists = pa.array([[1], [2], [3]])
    with pytest.raises(LoadRefusedError, match=r"'id' is of type list<.* single value"):
        read(_write(tmp_path / "v.parquet", lists), mapping=mapping(_BY_ID))


_THREE = pa.array([1, 2, 3])
_SINGLE = {
    "bool": _THREE.cast(pa.bool_()),
    "date32": _THREE.cast(pa.int32()).cast(pa.date32()),
    "decimal": _THREE.cast(pa.decimal128(21, 2)),
    "dictionary": pa.array(["x", "y", "x"]).dictionary_encode(),
    "duration": _THREE.cast(pa.duration("us")),
    "fixed bytes": pa.array([b"ab"] * 3, pa.binary(2)),
    "float16": pa.array(np.array([1, 2, 3], np.float16)),
    "float16 dictionary": pa.array(np.array([1, 2, 1], np.float16)).dictionary_encode(),
    "null": pa.nulls(3),
    "string view": pa.array(["x", "y", "z"], pa.string_view()),
    "bytes view": pa.array([b"x", b"\xff", b"z"], pa.binary_view()),
    "time": _THREE.cast(pa.time64("us")),
    "timestamp": _THREE.cast(pa.timestamp("ns", "Asia/Tokyo")),
    "uint64": _THREE.cast(pa.uint64()),
    "uuid": pa.array([bytes(16)] * 3, pa.uuid()),
}
_NOT_SINGLE = {
    "list": pa.array([[1], [2], [3]]),
    "large list": pa.array([[1]] * 3, pa.large_list(pa.int8())),
    "map": pa.array([[("a", 1)]] * 3, pa.map_(pa.string(), pa.int8())),
    "struct": pa.array([{"a": 1}] * 3),
    "json": pa.array(['{"a":1}'] * 3, pa.json_()),
}


def _as_native(path: Path, column: pa.Array) -> Path:
    names = {"event_type": "battle_judged", "source": "s", "model_a": "a", "model_b": "b"}
    names |= {"dimension": "overall", "outcome": "a"}
    rows = [{**names, "native_id": str(n)} for n in range(3)]
    pq.write_table(pa.Table.from_pylist(rows).append_column("participant_id", column), path)
    return path


@pytest.mark.parametrize("kind", _SINGLE)
def test_single_values_of_any_type_are_read(
    read: Any, mapping: Any, tmp_path: Path, kind: str
) -> None:
    column = _SINGLE[kind]
    mapped = read(_write(tmp_path / "v.parquet", column), mapping=mapping(_BY_ID))
    native = read(_as_native(tmp_path / "n.parquet", column))
    assert len(mapped) == len(native) == 3
    for rows, name in ((mapped, "native_id"), (native, "participant_id")):
        has_value = [row.get(name) is not None or row["refusal"] == "not_utf8" for row in rows]
        assert has_value == [kind != "null"] * 3


@pytest.mark.parametrize("kind", _NOT_SINGLE)
def test_what_is_no_single_value_is_refused(
    read: Any, mapping: Any, tmp_path: Path, kind: str
) -> None:
    column = _NOT_SINGLE[kind]
    with pytest.raises(LoadRefusedError, match=r"'id' is of type .* single value"):
        read(_write(tmp_path / "v.parquet", column), mapping=mapping(_BY_ID))


def test_a_path_leads_into_structs(read: Any, mapping: Any, tmp_path: Path) -> None:
    metas = pa.array([{"a": {"n": 1}}, None, {"a": {"n": 3}}])
    table = pa.Table.from_pylist(VOTES).append_column("meta", metas)
    pq.write_table(table, tmp_path / "v.parquet")
    rows = read(tmp_path / "v.parquet", mapping=mapping(_BY_ID.replace(" id", " meta.a.n")))
    assert [row["native_id"] for row in rows] == ["1", None, "3"]
