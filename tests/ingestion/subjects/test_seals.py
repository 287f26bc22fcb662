"""What participants said of themselves is unreadable without their key, and the same with it."""

from collections.abc import Mapping

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.contracts import CONTRACTS
from ingestion.errors import IntegrityError
from ingestion.subjects.key_tree import KeyTree
from ingestion.subjects.seals import ERASED, SEALED_PREFIX, Seals
from ingestion.vocabulary import EventType

ENROLLED = CONTRACTS[EventType.PARTICIPANT_ENROLLED]
STRIKE = CONTRACTS[EventType.STRIKE_ISSUED]
SEALED = ("age", "gender", "ethnicity", "politics", "education")


def seals() -> Seals:
    return Seals(KeyTree({"": bytes(32)}))


def people(*rows: Mapping[str, str | None]) -> pa.Table:
    envelope = {"event_type": "participant_enrolled", "schema_version": 1, "source": "s"}
    given = [{**envelope, "event_id": f"{n}", **row} for n, row in enumerate(rows)]
    return pa.Table.from_pylist(given, ENROLLED.log_schema)


def test_what_is_sealed() -> None:
    assert ENROLLED.sealed_columns == SEALED
    assert STRIKE.sealed_columns == ("evidence",)
    assert CONTRACTS[EventType.PARTICIPANT_EXCLUDED].sealed_columns == ("reason",)
    assert CONTRACTS[EventType.BATTLE_JUDGED].sealed_columns == ()
    # Nobody's key would seal what is about nobody.
    assert all(c.is_subject_required for c in CONTRACTS.values() if c.sealed_columns)


@given(st.text(max_size=300))
def test_there_and_back(value: str) -> None:
    table = people({"subject_id": "x", "age": value, "gender": None, "country": "US"})
    sealed = seals().seal(ENROLLED, table)
    assert sealed["country"].to_pylist() == ["US"]
    assert sealed["gender"].to_pylist() == [None]
    assert sealed["age"][0].as_py().startswith(SEALED_PREFIX)
    assert seals().unseal(ENROLLED, sealed).cast(table.schema).equals(table)


def test_equal_answers_do_not_look_equal_and_lengths_are_hidden() -> None:
    rows = [
        {"subject_id": "x", "gender": "male", "ethnicity": "male"},
        {"subject_id": "y", "gender": "male"},
        {"subject_id": "z", "gender": "female"},
    ]
    sealed = seals().seal(ENROLLED, people(*rows))
    genders = sealed["gender"].to_pylist()
    assert len({*genders, sealed["ethnicity"][0].as_py()}) == 4
    assert len({len(value) for value in genders}) == 1
    # The same event again is the same event.
    assert seals().seal(ENROLLED, people(*rows)).equals(sealed)


def test_one_is_erased_and_the_others_are_not() -> None:
    table = people({"subject_id": "x", "age": "30"}, {"subject_id": "y", "age": "40"})
    own = seals()
    sealed = own.seal(ENROLLED, table)
    own.tree.destroy("x")
    assert own.unseal(ENROLLED, sealed)["age"].to_pylist() == [None, "40"]


def test_a_required_text_says_that_it_was_erased() -> None:
    row = {"event_id": "1", "event_type": "strike_issued", "schema_version": 1, "source": "s"}
    row |= {"subject_id": "x", "rule": "r", "rule_version": "1", "evidence": "pasted"}
    own = seals()
    sealed = own.seal(STRIKE, pa.Table.from_pylist([row], STRIKE.log_schema))
    own.tree.destroy("x")
    assert own.unseal(STRIKE, sealed)["evidence"].to_pylist() == [ERASED]


def test_another_vault_is_an_error_not_an_unknown() -> None:
    sealed = seals().seal(ENROLLED, people({"subject_id": "x", "age": "30"}))
    with pytest.raises(IntegrityError, match="not the one this log was sealed under"):
        Seals(KeyTree.new()).unseal(ENROLLED, sealed)


def test_a_value_cannot_be_moved() -> None:
    """Into another column, or to another participant."""
    sealed = seals().seal(ENROLLED, people({"subject_id": "x", "age": "30"}))
    index = sealed.column_names.index("gender")
    moved = sealed.set_column(index, "gender", sealed["age"])
    with pytest.raises(IntegrityError):
        seals().unseal(ENROLLED, moved)
    index = sealed.column_names.index("subject_id")
    stolen = sealed.set_column(index, "subject_id", pa.array(["y"]))
    with pytest.raises(IntegrityError):
        seals().unseal(ENROLLED, stolen)
