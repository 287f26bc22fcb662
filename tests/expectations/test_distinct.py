"""Great Expectations says of a batch's distinct values what it says of the batch."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations import gate as gate_module
from expectations.distinct import distinct_values
from expectations.gate import Gate, Verdict
from expectations.suites import contract_suite, load_suite
from ingestion.codes import code_text
from ingestion.contracts import CONTRACTS
from ingestion.vocabulary import EventType

RATING, BATTLE = EventType.EXPERIENCE_RATED, EventType.BATTLE_JUDGED
ROWS = st.fixed_dictionaries(
    {
        "event_id": st.sampled_from(["e", "f", None]),
        "event_type": st.sampled_from([str(RATING), str(RATING), "battle_judged", None]),
        "schema_version": st.sampled_from([1, 1, 1, None]),
        "source": st.just("s"),
        "model_id": st.sampled_from(["m", "n"]),
        "criterion": st.just("c"),
        "rating": st.sampled_from([1, 7, 4, 0, 8, None]),
    }
)


def table(rows: list[dict[str, Any]], event_type: EventType) -> pa.Table:
    schema = pa.schema([f.with_nullable(True) for f in CONTRACTS[event_type].log_schema])
    return pa.Table.from_pylist(rows, schema)


@settings(max_examples=40)
@given(rows=st.lists(ROWS, min_size=1, max_size=6), is_coded=st.booleans())
def test_a_batch_fails_if_its_distinct_values_do(
    rows: list[dict[str, Any]], is_coded: bool
) -> None:
    batch = table(rows, RATING)
    batch = code_text(batch) if is_coded else batch
    suite = contract_suite(CONTRACTS[RATING])
    distinct = distinct_values(suite, batch)
    assert distinct is not None
    verdicts = [gate_module._validate(t, suite, is_documented=False) for t in (batch, distinct)]
    assert verdicts[0].is_success == verdicts[1].is_success
    assert len(verdicts[0].failures) == len(verdicts[1].failures)
    # What the gate says is said of the batch.
    assert Gate().judge(RATING, batch) == verdicts[0]


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lengths of the tables that Great Expectations was shown."""
    shown: list[int] = []
    validate = gate_module._validate

    def counting(batch: pa.Table, *args: Any, **options: Any) -> Verdict:
        shown.append(len(batch))
        return validate(batch, *args, **options)

    monkeypatch.setattr(gate_module, "_validate", counting)
    return shown


def battles(count: int, outcome: str = "a") -> pa.Table:
    common = {"event_type": str(BATTLE), "schema_version": 1, "source": "s", "dimension": "d"}
    models = {"model_a": "x", "model_b": "y"}
    outcomes = [outcome] + ["a", "tie"] * count
    rows = [
        common | models | {"event_id": f"e{n}", "outcome": outcomes[n % 3]} for n in range(count)
    ]
    return table(rows, BATTLE)


def test_what_was_approved_is_not_judged_again(judged: list[int]) -> None:
    gate = Gate()
    first = gate.judge(BATTLE, battles(300))
    assert gate.judge(BATTLE, battles(500).slice(7)) == first
    assert judged == [2]
    assert not gate.judge(BATTLE, battles(300, outcome="left")).is_success
    # The distinct values failed, so the batch was asked.
    assert judged == [2, 3, 300]


def test_where_a_page_is_asked_for_the_whole_batch_is_judged(judged: list[int]) -> None:
    gate = Gate(is_documented=True)
    assert gate.judge(BATTLE, battles(300)).page
    assert gate.judge(BATTLE, battles(300)).page
    assert judged == [300, 300]


def test_a_suite_about_rows_has_no_distinct_values() -> None:
    assert distinct_values(load_suite(0.2), pa.table({"row_count": [1]})) is None
    assert distinct_values(contract_suite(CONTRACTS[BATTLE]), battles(0)) is None
