"""Contracts hold together: keys exist, names are unique, every event type has one."""

import re

import pyarrow as pa
import pytest

from ingestion.contracts import CONTRACTS, Contract
from ingestion.vocabulary import EventType

EVERY = pytest.mark.parametrize("contract", CONTRACTS.values(), ids=lambda c: str(c.event_type))


def test_every_event_type_has_one_contract() -> None:
    assert set(CONTRACTS) == set(EventType)
    assert all(contract.event_type == name for name, contract in CONTRACTS.items())


@EVERY
def test_columns_are_named_once_and_described(contract: Contract) -> None:
    names = [column.name for column in contract.log_columns]
    assert len(names) == len(set(names))
    assert len(contract.native_columns) == len(set(contract.native_columns))
    assert all(column.description.endswith(".") for column in contract.log_columns)
    assert contract.grain.startswith("One row per ")


@EVERY
def test_keys_and_differing_columns_exist_and_are_required(contract: Contract) -> None:
    columns = {column.name: column for column in contract.log_columns}
    assert all(columns[name].is_required for name in contract.key)
    # Where a row gives only some of its columns, one that is not given differs from none.
    for name in (name for pair in contract.differing for name in pair):
        assert columns[name].is_required is not bool(contract.one_of)
    assert not any(columns[name].is_required for name in contract.one_of)


@EVERY
def test_a_key_column_cannot_hold_the_separator_of_event_ids(contract: Contract) -> None:
    for column in contract.columns:
        if column.name in contract.key and column.pattern:
            assert re.fullmatch(column.pattern, "a:b") is None


@EVERY
def test_types_are_those_every_engine_reads(contract: Contract) -> None:
    known = {pa.string(), pa.int32(), pa.int64(), pa.float64(), pa.timestamp("us", tz="UTC")}
    assert {column.type for column in contract.log_columns} <= known
