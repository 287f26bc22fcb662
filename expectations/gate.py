"""The gate: every row checked, every batch judged by Great Expectations, the bad set apart.

The only importer of great_expectations, and lazily: it costs three seconds.

What stays out: the checks themselves (row_checks.py, suites.py), keeping what is refused
(quarantine.py), and committing what is accepted (orchestration/loading.py).
"""

from __future__ import annotations

import logging
import os
import time
import warnings
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from expectations.distinct import distinct_values
from expectations.row_checks import OBJECTION, SEPARATOR, check
from expectations.sentences import sentence
from expectations.suites import Expectation, columns_of_values, contract_suite, load_suite
from expectations.value_checks import ValueChecks
from ingestion.codes import code_text
from ingestion.contracts import CONTRACTS
from ingestion.sources.batch import REFUSAL, REFUSAL_COLUMN, ROW_NUMBER, NativeBatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingestion.vocabulary import EventType

PAGE_HEAD = """
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem; max-width: 70rem }
table { border-collapse: collapse; margin: 1rem 0 }
td, th { padding: .3rem .8rem; text-align: left }
tr { border-bottom: 1px solid #8884 } ul { padding: 0; list-style: none }
button, input, form, img, nav, .navbar, .modal, .d-none { display: none }
</style>
"""


@dataclass(frozen=True)
class RefusedRow:
    """One row the gate refused: where it stands, why, and what it said."""

    event_type: str | None
    row_number: int
    reason: str
    column: str
    original: str


@dataclass(frozen=True)
class Split:
    """A native batch after the row checks: `accepted` has log columns, coded, and row_number."""

    accepted: pa.Table
    refused: list[RefusedRow]


@dataclass(frozen=True)
class Verdict:
    """What Great Expectations says of a batch.

    Args:
        is_success: whether every expectation was met.
        evaluated_count: how many there were.
        failures: those that were not, as sentences for a person.
        page: its Data Docs as HTML, where the gate was asked for them.
    """

    is_success: bool
    evaluated_count: int
    failures: list[str]
    page: str | None = None


class Gate:
    """Judges the batches of one load. Not shared between threads.

    Args:
        max_bad_share: largest share of refused rows a load survives.
        is_documented: whether every verdict comes with its Data Docs.
    """

    def __init__(self, *, max_bad_share: float = 0.2, is_documented: bool = False) -> None:
        self.max_bad_share = max_bad_share
        self.is_documented = is_documented
        self._now_us = time.time_ns() // 1000
        self._connection = duckdb.connect()
        self._connection.execute("set TimeZone = 'UTC'")
        self._by_value = ValueChecks(self._connection, self._now_us)
        self._approved: dict[EventType, list[tuple[pa.Table, Verdict]]] = {}

    def split(self, batch: NativeBatch) -> Split:
        """Type and judge every row of a batch; nothing of it is dropped."""
        if batch.event_type is None:
            return Split(batch.table.slice(0, 0), _refused_whole(batch))
        contract = CONTRACTS[batch.event_type]
        clean = self._by_value.check(contract, batch.table)
        if clean is not None:
            return Split(clean, [])
        table = check(contract, batch.table, now_us=self._now_us, connection=self._connection)
        objections = table.column(OBJECTION)
        if objections.null_count == table.num_rows:
            return Split(code_text(table.drop_columns([OBJECTION])), [])
        accepted = code_text(table.filter(objections.is_null()).drop_columns([OBJECTION]))
        bad = table.filter(objections.is_valid()).select([ROW_NUMBER, OBJECTION]).to_pylist()
        position_of = _positions(batch.table, [row[ROW_NUMBER] for row in bad])
        originals = batch.originals(position_of)
        refused = []
        for row, original in zip(bad, originals, strict=True):
            reason, _, column = row[OBJECTION].partition(SEPARATOR)
            refused.append(
                RefusedRow(str(batch.event_type), row[ROW_NUMBER], reason, column, original)
            )
        return Split(accepted, refused)

    def judge(self, event_type: EventType, table: pa.Table) -> Verdict:
        """Judge a batch in log form against its contract's suite.

        Nobody having asked for a page with its figures, it is judged by its distinct values, and
        those that were approved before are not judged again.
        """
        suite = contract_suite(CONTRACTS[event_type])
        distinct = None if self.is_documented else distinct_values(suite, table)
        if distinct is not None:
            approved = self._approved.setdefault(event_type, [])
            for earlier, verdict in approved:
                if earlier.equals(distinct):
                    return verdict
            verdict = _validate(distinct, suite, is_documented=False)
            if verdict.is_success:
                approved.append((distinct, verdict))
                return verdict
        return _validate(table, suite, is_documented=self.is_documented)

    def judge_load(
        self, *, row_count: int, accounted_count: int, quarantined_count: int, unknown_schema: int
    ) -> Verdict:
        """Judge a whole load by its counts."""
        summary = pa.table(
            {
                "row_count": [row_count],
                "accounted_count": [accounted_count],
                "quarantined_share": [quarantined_count / max(row_count, 1)],
                "unknown_schema_count": [unknown_schema],
            }
        )
        suite = load_suite(self.max_bad_share)
        return _validate(summary, suite, is_documented=self.is_documented)


def _refused_whole(batch: NativeBatch) -> list[RefusedRow]:
    rows = batch.table.select([ROW_NUMBER, REFUSAL, REFUSAL_COLUMN]).to_pylist()
    originals = batch.originals(range(len(rows)))
    return [
        RefusedRow(None, row[ROW_NUMBER], row[REFUSAL], row[REFUSAL_COLUMN] or "", original)
        for row, original in zip(rows, originals, strict=True)
    ]


def _positions(table: pa.Table, row_numbers: Sequence[int]) -> list[int]:
    """Where the rows with these numbers stand in the table."""
    wanted = pa.array(row_numbers, pa.int64())
    found = pc.index_in(wanted, value_set=table.column(ROW_NUMBER).combine_chunks())
    return [int(position) for position in found.to_pylist()]


def _validate(table: pa.Table, suite: list[Expectation], *, is_documented: bool) -> Verdict:
    expectations, context = _library()
    frame = _codes(table, columns_of_values(suite)).to_pandas()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = context["suite"](
            [getattr(expectations, item.kind)(**item.arguments) for item in suite]
        )
        result = context["batch"].get_batch({"dataframe": frame}).validate(made)
    failures = [_sentence(item) for item in result.results if not item.success]
    page = _page(result) if is_documented else None
    return Verdict(bool(result.success), len(result.results), failures, page)


def _page(result: Any) -> str:
    """The library's own page, kept from fetching the twelve scripts and styles it names."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
        from great_expectations.render.view.view import DefaultJinjaPageView

        view: Any = DefaultJinjaPageView()
        page = str(view.render(ValidationResultsPageRenderer().render(result)))
    return page.replace("<head>", f"<head>{PAGE_HEAD}", 1)


def _codes(table: pa.Table, by_value: set[str]) -> pa.Table:
    """Text columns as dictionary codes: the library then compares and hashes codes, not text.

    Where the suite asks only whether values are there, a column gets the code of one word.
    """
    for index, field in enumerate(table.schema):
        is_coded = pa.types.is_dictionary(field.type)
        if not is_coded and not pa.types.is_string(field.type):
            continue
        column = table.column(index)
        if field.name not in by_value:
            present = pc.if_else(column.is_valid(), pa.scalar(0, pa.int8()), None)
            column = pa.DictionaryArray.from_arrays(present.combine_chunks(), ["present"])
        elif not is_coded:
            column = column.combine_chunks().dictionary_encode()
        table = table.set_column(index, field.name, column)
    return table


def _sentence(result: Any) -> str:
    config, found = result.expectation_config, result.result or {}
    kind = "".join(part.title() for part in config.type.split("_"))
    seen = found.get("partial_unexpected_list") or found.get("observed_value", "")
    return sentence(kind, config.kwargs, seen)


@cache
def _library() -> tuple[Any, dict[str, Any]]:
    """Import the library once, quietly, and make its context without files or progress bars."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations as gx  # three seconds, only when a load needs it
        from great_expectations import expectations
        from great_expectations.data_context.types.base import (
            ProgressBarsConfig,
        )

        logging.getLogger("great_expectations").setLevel(logging.ERROR)
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        asset = context.data_sources.add_pandas("staged").add_dataframe_asset("batch")
        batch = asset.add_batch_definition_whole_dataframe("whole")

        def suite(items: list[Any]) -> Any:
            return gx.ExpectationSuite(name="suite", expectations=items)

    return expectations, {"batch": batch, "suite": suite}
