"""In log form every id that may name a person is hashed, within its source."""

from collections.abc import Mapping

import pyarrow as pa
import pytest

from ingestion.contracts import CONTRACTS
from ingestion.subjects.log_form import to_log_form
from ingestion.subjects.pseudonyms import Pseudonymiser
from ingestion.vocabulary import EventType

CONTRACT = CONTRACTS[EventType.BATTLE_JUDGED]
HASHER = Pseudonymiser(bytes(32))


def native(*rows: Mapping[str, str | None]) -> pa.Table:
    given: dict[str, object] = {"event_type": "battle_judged", "schema_version": 1}
    given |= {"dimension": "overall", "model_a": "alpha", "model_b": "beta", "outcome": "a"}
    return pa.Table.from_pylist([given | dict(row) for row in rows], schema=CONTRACT.log_schema)


def test_no_native_id_is_left() -> None:
    row = {"event_id": "n-1", "source": "s", "subject_id": "anna", "conversation_id": "anna-1"}
    [logged] = to_log_form(CONTRACT, native(row), HASHER).to_pylist()
    assert not {"n-1", "anna", "anna-1"} & set(logged.values())
    assert logged["event_id"].endswith(":overall")


def test_the_dimensions_of_a_battle_share_the_beginning_of_their_ids() -> None:
    rows = [{"event_id": "n-1", "source": "s", "dimension": d} for d in ("overall", "trust")]
    first, second = to_log_form(CONTRACT, native(*rows), HASHER).column("event_id").to_pylist()
    assert first.split(":")[0] == second.split(":")[0]
    assert first != second


@pytest.mark.parametrize("column", ["event_id", "subject_id", "conversation_id"])
def test_two_sources_in_one_file_stay_apart(column: str) -> None:
    rows = [
        {"event_id": "1", "subject_id": "7", "conversation_id": "c", "source": source}
        for source in ("one", "two", "one")
    ]
    hashed = to_log_form(CONTRACT, native(*rows), HASHER).column(column).to_pylist()
    assert hashed[0] == hashed[2] != hashed[1]
    [alone] = to_log_form(CONTRACT, native(rows[1]), HASHER).column(column).to_pylist()
    assert alone == hashed[1]


def test_an_absent_participant_stays_absent() -> None:
    row = {"event_id": "1", "source": "s"}
    assert to_log_form(CONTRACT, native(row), HASHER).column("subject_id").to_pylist() == [None]
