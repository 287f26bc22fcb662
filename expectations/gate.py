"""The gate: every row checked, every batch judged by Great Expectations, the bad set apart.

The only importer of great_expectations, lazily and in a thread of its own: it costs two seconds, in
which a load can read already.
"""

from __future__ import annotations

import logging
import os
import sys
import time
import warnings
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from expectations.refusal_details import Refused, detail, unread_detail
from expectations.row_checks import OBJECTION, SEPARATOR, check
from expectations.suites import (
    Expectation,
    columns_of_values,
    contract_suite,
    failure_message,
    load_suite,
)
from ingestion.collector import without_collecting
from ingestion.contracts import CONTRACTS
from ingestion.paths import make_private
from ingestion.sources.batch import REFUSAL, REFUSAL_COLUMN, ROW_NUMBER, NativeBatch
from ingestion.sources.bounds import DEFAULT, Bounds
from ingestion.sources.names import normalised

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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


LOAD = "load"
BAD_SHARE = 0.2
FEW_BAD_ROWS = 3


@dataclass(frozen=True)
class RefusedRow:
    """One row the gate refused: where it stands, why, what it said, and more about why."""

    event_type: str | None
    row_number: int
    reason: str
    column: str
    original: str
    detail: str = ""


@dataclass(frozen=True)
class Split:
    """A native batch after the row checks: `accepted` has log columns and row_number."""

    accepted: pa.Table
    refused: list[RefusedRow]


@dataclass(frozen=True)
class Verdict:
    """What Great Expectations says of a batch.

    Args:
        is_success: whether every expectation was met.
        evaluated_count: how many there were.
        failures: those that were not, as messages for a person.
        page: its Data Docs as HTML, where the gate was asked for them.
    """

    is_success: bool
    evaluated_count: int
    failures: list[str]
    page: str | None = None

    def keep_page(self, directory: Path, name: str) -> None:
        """Write the page, if there is one, as `load.html` or `battle_judged-1.html`.

        It may show values of rows that failed, so its owner alone may read it.
        """
        if self.page is None:
            return
        make_private(directory.parent)
        make_private(directory)
        number = len(list(directory.glob(f"{name}-*.html"))) + 1
        path = directory / (f"{name}.html" if name == LOAD else f"{name}-{number}.html")
        path.touch(mode=0o600)
        path.write_text(self.page, encoding="utf-8", errors="replace")


@dataclass(frozen=True)
class Permit:
    """What the operator lets a file say beyond its own source's things.

    Args:
        is_operators: a command of the operator has written it: it may say anything.
        is_across: it may speak for other sources, and of their things.
        signature: where its signature is; None: beside it.
        bounds: how much it may become once it is unpacked.
    """

    is_operators: bool = False
    is_across: bool = False
    signature: Path | None = None
    bounds: Bounds = DEFAULT


OF_A_FILE = Permit()


class Gate:
    """Judges the batches of one load. Not shared between threads.

    Args:
        max_bad_share: largest share of refused rows a load survives; BAD_SHARE unless given, and
            then FEW_BAD_ROWS refused rows are no reason to refuse a small file whole.
        is_documented: whether every verdict comes with its Data Docs.
        permit: what the operator lets the load say.
    """

    def __init__(
        self,
        *,
        max_bad_share: float | None = None,
        is_documented: bool = False,
        permit: Permit = OF_A_FILE,
    ) -> None:
        self.permit = permit
        self.max_bad_share = BAD_SHARE if max_bad_share is None else max_bad_share
        self._few = FEW_BAD_ROWS if max_bad_share is None else 0
        self.is_documented = is_documented
        self._now_us = time.time_ns() // 1000
        self._connection = duckdb.connect()
        self._connection.execute("set TimeZone = 'UTC'")
        self._approved: dict[EventType, tuple[pa.Table, Verdict]] = {}

    @staticmethod
    def prepare() -> None:
        """Begin to import what judges, so that the first batch to be judged waits for less."""
        _library()

    def split(self, batch: NativeBatch) -> Split:
        """Type and judge every row of a batch; nothing of it is dropped."""
        if batch.event_type is None:
            return Split(batch.table.slice(0, 0), _refused_whole(batch))
        contract = CONTRACTS[batch.event_type]
        table = check(
            contract,
            normalised(contract, batch.table),
            now_us=self._now_us,
            connection=self._connection,
            limits=batch.limits,
        )
        objections = table[OBJECTION]
        table = table.drop_columns([OBJECTION])
        if objections.null_count == len(table):
            return Split(table, [])
        is_bad = objections.is_valid()
        positions = np.flatnonzero(is_bad.to_numpy()).tolist()
        refused = []
        for position, number, objection, original in zip(
            positions,
            table[ROW_NUMBER].filter(is_bad).to_pylist(),
            objections.drop_null().to_pylist(),
            batch.originals(positions),
            strict=True,
        ):
            reason, _, column = objection.partition(SEPARATOR)
            row = Refused(
                contract,
                column,
                partial(_cell, batch, position),
                batch.taken_from,
                partial(batch.written, position),
                partial(batch.time_remark, position, column),
            )
            said = detail(reason, row)
            refused.append(
                RefusedRow(str(batch.event_type), number, reason, column, original, said)
            )
        return Split(table.filter(objections.is_null()), refused)

    def judge(self, event_type: EventType, table: pa.Table) -> Verdict:
        """Judge a batch in log form against its contract's suite.

        Batches of one load show mostly the same distinct values: these are judged once.
        """
        suite = contract_suite(CONTRACTS[event_type])
        shown = _shown(table, columns_of_values(suite), is_whole=self.is_documented)
        if event_type in self._approved:
            seen, verdict = self._approved[event_type]
            if shown.equals(seen):
                return verdict
        verdict = self._validate(shown, suite)
        if verdict.is_success and not self.is_documented:
            self._approved[event_type] = shown, verdict
        return verdict

    def judge_load(
        self, *, row_count: int, accounted_count: int, quarantined_count: int, unknown_schema: int
    ) -> Verdict:
        """Judge a whole load by its counts."""
        is_few = quarantined_count <= self._few
        summary = pa.table(
            {
                "row_count": [row_count],
                "accounted_count": [accounted_count],
                "quarantined_share": [0.0 if is_few else quarantined_count / max(row_count, 1)],
                "unknown_schema_count": [unknown_schema],
            }
        )
        return self._validate(summary, load_suite(self.max_bad_share))

    def _validate(self, table: pa.Table, suite: list[Expectation]) -> Verdict:
        library, batches = _library().result()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = [getattr(library.expectations, e.kind)(**e.arguments) for e in suite]
            made = library.ExpectationSuite(name="suite", expectations=expected)
            result = batches.get_batch({"dataframe": table.to_pandas()}).validate(made)
        failures = [_failure(item) for item in result.results if not item.success]
        page = _page(result) if self.is_documented else None
        return Verdict(bool(result.success), len(result.results), failures, page)


def _cell(batch: NativeBatch, position: int, name: str) -> Any:
    """The native value of a row in a column; None where there is none, or none that Python has."""
    table = batch.table
    try:
        return table[name][position].as_py() if name in table.column_names else None
    except OverflowError:
        return None


def _refused_whole(batch: NativeBatch) -> list[RefusedRow]:
    rows = batch.table.select([ROW_NUMBER, REFUSAL, REFUSAL_COLUMN]).to_pylist()
    originals = batch.originals(range(len(rows)))
    return [
        RefusedRow(
            None,
            row[ROW_NUMBER],
            row[REFUSAL],
            row[REFUSAL_COLUMN] or "",
            original,
            unread_detail(row[REFUSAL]),
        )
        for row, original in zip(rows, originals, strict=True)
    ]


def _shown(table: pa.Table, by_value: set[str], *, is_whole: bool) -> pa.Table:
    """What Great Expectations is shown of a batch, because frames of text cost a multiple.

    Where the suite asks only whether values are there, a column of flags. And every value of a
    column once, unless a page is to say of how many rows it is true: what is asked of the values of
    one column holds for the batch if and only if it holds for these.
    """
    columns = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        is_value = name in by_value
        shown = column if is_value else pc.if_else(column.is_valid(), pa.scalar(1, pa.int8()), None)
        if is_whole and pa.types.is_string(shown.type):
            shown = shown.dictionary_encode()
        columns[name] = shown if is_whole else shown.unique().sort()
    length = max(map(len, columns.values()))
    if is_whole or not length:
        return pa.table(columns)
    # Filled up with the last one.
    places = np.arange(length)
    return pa.table(
        {
            name: values.take(pa.array(np.minimum(places, len(values) - 1)))
            for name, values in columns.items()
        }
    )


def _page(result: Any) -> str:
    """The library's own page, kept from fetching the twelve scripts and styles it names."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
        from great_expectations.render.view.view import DefaultJinjaPageView

        view: Any = DefaultJinjaPageView()
        page = str(view.render(ValidationResultsPageRenderer().render(result)))
    return page.replace("<head>", f"<head>{PAGE_HEAD}", 1)


def _failure(result: Any) -> str:
    config, found = result.expectation_config, result.result or {}
    kind = "".join(part.title() for part in config.type.split("_"))
    seen = found.get("partial_unexpected_list") or found.get("observed_value", "")
    return failure_message(kind, config.kwargs, seen)


@cache
def _library() -> Future[tuple[Any, Any]]:
    """The library and its batches, once they are there; the first call begins the import."""
    return ThreadPoolExecutor(1).submit(_imported)


def _imported() -> tuple[Any, Any]:
    """The library, and where it takes frames: without files or progress bars."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    with warnings.catch_warnings(), without_collecting(), _without_spark():
        warnings.simplefilter("ignore")
        import great_expectations as gx  # two seconds, only when a load needs it
        from great_expectations.data_context.types.base import ProgressBarsConfig

        logging.getLogger("great_expectations").setLevel(logging.ERROR)
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        asset = context.data_sources.add_pandas("staged").add_dataframe_asset("batch")
        return gx, asset.add_batch_definition_whole_dataframe("whole")


@contextmanager
def _without_spark() -> Iterator[None]:
    """Import as if Spark's client were not there, as far as it wasn't imported before.

    Great Expectations imports it wherever it is installed. That takes a second, and ends a program
    that was started with `python -c`: the client takes it for its own doctests.
    """
    hidden = {"pyspark", "pyspark.sql.connect"} - sys.modules.keys()
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # how Python writes "not there"
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
