"""The gate splits good from bad, and Great Expectations has the last word on a batch."""

import subprocess
import sys
from collections.abc import Sequence
from itertools import permutations

import pyarrow as pa
import pytest

from expectations.gate import Gate
from expectations.suites import beginning, contract_suite, load_suite
from ingestion.contracts import CONTRACTS
from ingestion.sources.batch import NativeBatch
from ingestion.vocabulary import EventType


def batch(outcomes: Sequence[str | None], refusals: Sequence[str | None] = ()) -> NativeBatch:
    size = len(outcomes)
    table = pa.table(
        {
            "native_id": [str(n) for n in range(size)],
            "source": ["test"] * size,
            "dimension": ["overall"] * size,
            "model_a": ["alpha"] * size,
            "model_b": ["beta"] * size,
            "outcome": pa.array(outcomes, pa.string()),
            "row_number": pa.array(range(2, size + 2), pa.int64()),
            "refusal": pa.array(refusals or [None] * size, pa.string()),
            "refusal_column": pa.nulls(size, pa.string()),
        }
    )
    return NativeBatch(
        EventType.BATTLE_JUDGED, table, lambda positions: [f"line {p}" for p in positions]
    )


def test_good_rows_beside_bad_ones_are_kept_and_bad_ones_keep_their_content() -> None:
    split = Gate().split(batch(["a", "nonsense", "tie"]))
    assert split.accepted.column("outcome").to_pylist() == ["a", "tie"]
    [refused] = split.refused
    assert (refused.row_number, refused.reason, refused.column, refused.original) == (
        3,
        "unknown_value",
        "outcome",
        "line 1",
    )


def test_the_sources_own_objection_comes_first() -> None:
    split = Gate().split(batch(["a", "b"], [None, "broken_json"]))
    assert [row.reason for row in split.refused] == ["broken_json"]


def log_form(outcome: str = "a") -> pa.Table:
    contract = CONTRACTS[EventType.BATTLE_JUDGED]
    row = {
        "event_id": "e",
        "event_type": "battle_judged",
        "schema_version": 1,
        "source": "s",
        "dimension": "overall",
        "model_a": "alpha",
        "model_b": "beta",
        "outcome": outcome,
    }
    return pa.Table.from_pylist([row], schema=contract.log_schema)


BESIDE = """
import gc, sys, warnings
from expectations.gate import Gate
before = list(warnings.filters)
Gate.prepare()
Gate.prepare()
import numba, pandas, pyarrow.dataset, scipy.stats
table = pandas.DataFrame({"a": [1]})
verdict = Gate().judge_load(
    row_count=1, accounted_count=1, quarantined_count=0, unknown_schema=0
)
assert "great_expectations" in sys.modules
print(verdict.is_success, warnings.filters[-len(before):] == before, gc.isenabled())
"""


def test_the_library_is_imported_beside_other_imports() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BESIDE], capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.returncode, done.stdout) == (0, "True True True\n"), done.stderr


def test_great_expectations_accepts_what_the_row_checks_accept() -> None:
    verdict = Gate().judge(EventType.BATTLE_JUDGED, log_form())
    assert verdict.is_success
    assert verdict.evaluated_count == len(contract_suite(CONTRACTS[EventType.BATTLE_JUDGED]))


def test_great_expectations_stops_what_slipped_through() -> None:
    verdict = Gate().judge(EventType.BATTLE_JUDGED, log_form(outcome="left"))
    assert not verdict.is_success
    [failure] = verdict.failures
    assert failure.startswith("outcome is outside its vocabulary: ['left']. ")
    assert "Please report it" in failure


def test_a_gate_that_approved_a_batch_still_stops_the_next_one() -> None:
    gate = Gate()
    first = gate.judge(EventType.BATTLE_JUDGED, log_form())
    assert gate.judge(EventType.BATTLE_JUDGED, log_form()) is first
    assert not gate.judge(EventType.BATTLE_JUDGED, log_form(outcome="left")).is_success
    assert gate.judge(EventType.BATTLE_JUDGED, log_form("b")).is_success


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"quarantined_count": 5}, "Too many bad rows: a load may have 20.0% of them at most."),
        ({"accounted_count": 9}, "Rows got lost: 10 were read and 9 are accounted for."),
        (
            {"unknown_schema": 2},
            "Unknown schema version: this release does not know that of 2 rows.",
        ),
        ({"row_count": 0, "accounted_count": 0}, "No rows: the file holds nothing"),
    ],
)
def test_a_load_is_refused_in_our_own_words(counts: dict[str, int], said: str) -> None:
    sound = {"row_count": 10, "accounted_count": 10, "quarantined_count": 0, "unknown_schema": 0}
    assert Gate().judge_load(**sound).is_success
    [failure] = Gate().judge_load(**(sound | counts)).failures
    assert failure.startswith(said)
    assert "expect" not in failure.lower()


def test_a_few_bad_rows_are_no_reason_to_refuse_a_small_file_whole() -> None:
    sound = {"row_count": 6, "accounted_count": 6, "unknown_schema": 0}
    assert Gate().judge_load(**sound, quarantined_count=3).is_success
    assert not Gate().judge_load(**sound, quarantined_count=4).is_success
    assert not Gate(max_bad_share=0.2).judge_load(**sound, quarantined_count=3).is_success


def test_messages_about_one_expectation_begin_as_no_others_do() -> None:
    for suite in (*(contract_suite(contract) for contract in CONTRACTS.values()), load_suite(0.2)):
        beginnings = [beginning(item.kind, item.arguments) for item in suite]
        assert len(set(beginnings)) == len(beginnings)
        for first, other in permutations(beginnings, 2):
            assert not other.startswith(first)


@pytest.mark.parametrize("event_type", list(EventType))
def test_every_contract_has_a_suite_great_expectations_can_run(event_type: EventType) -> None:
    empty = CONTRACTS[event_type].log_schema.empty_table()
    assert Gate().judge(event_type, empty).evaluated_count > 0


@pytest.mark.parametrize(
    ("quarantined", "accounted", "unknown_schema", "is_success"),
    [(20, 100, 0, True), (21, 100, 0, False), (0, 99, 0, False), (0, 100, 1, False)],
)
def test_a_load_is_judged_by_its_counts(
    quarantined: int, accounted: int, unknown_schema: int, *, is_success: bool
) -> None:
    verdict = Gate(max_bad_share=0.2).judge_load(
        row_count=100,
        accounted_count=accounted,
        quarantined_count=quarantined,
        unknown_schema=unknown_schema,
    )
    assert verdict.is_success is is_success


def test_a_program_without_a_file_may_load() -> None:
    """Spark's client, where it is installed, ends such a program when it is imported."""
    code = "import sys; from expectations import gate; gate._library().result()"
    code += "; print('pyspark' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "False\n"), done.stderr
