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
    with pytest.raises(LoadRefusedError, match=r"'id' is of type decimal256.* more than 38"):
        read(_write(tmp_path / "v.parquet", huge), mapping=mapping(_BY_ID))
    lists = pa.array([[1], [2], [3]])
    with pytest.raises(LoadRefusedError, match=r"'id' is of type list<.* single value"):
        read(_write(tmp_path / "v.parquet", lists), mapping=mapping(_BY_ID))


def test_a_path_leads_into_structs(read: Any, mapping: Any, tmp_path: Path) -> None:
    metas = pa.array([{"a": {"n": 1}}, None, {"a": {"n": 3}}])
    table = pa.Table.from_pylist(VOTES).append_column("meta", metas)
    pq.write_table(table, tmp_path / "v.parquet")
    rows = read(tmp_path / "v.parquet", mapping=mapping(_BY_ID.replace(" id", " meta.a.n")))
    assert [row["native_id"] for row in rows] == ["1", None, "3"]
