"""HELM's leaderboards as tables inside the package benchbench: scores of some 200 models.

`benchbench` 1.0.1 (PyPI, MIT, 260 KB; Zhang and Hardt 2024) holds copies of HELM's public
leaderboards, https://crfm.stanford.edu/helm: HELM Lite, HELM Capabilities, and HELM Classic with a
table per group of metrics. The wheel is read without installing it or running anything in it:

    pip download --no-deps benchbench==1.0.1

A table has a row per model and a column per benchmark and metric (`MMLU - EM`); `-` is no score.
Every other cell is one `benchmark_reported` of `HELM Lite / MMLU` and `EM`; the first column of
figures (`Mean win rate`, `Mean score`) sums the board up and is the benchmark `HELM Lite` itself.
Row numbers count the cells that are scores from 1. For metrics of error, toxicity, bias and time
lower is better, as in the package. The tables say neither when, in which version, nor with which
error a score was measured: these columns are null.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from ingestion.errors import LoadRefusedError, NotFoundError, UsageError
from ingestion.sources.batch import NativeBatch, batch_of_rows
from ingestion.sources.files import first_line
from ingestion.vocabulary import BetterScore, EventType, Relationship

VERSION = "1.0.1"
WHEEL = f"benchbench-{VERSION}-py3-none-any.whl"
SOURCE = "helm"
TABLES = {
    "HELM Lite": "helm_lite/leaderboard.tsv",
    "HELM Capabilities": "helm_capability/leaderboard.tsv",
    "HELM Classic": "helm/accuracy.tsv",
    "HELM Classic calibration": "helm/calibration.tsv",
    "HELM Classic robustness": "helm/robustness.tsv",
    "HELM Classic fairness": "helm/fairness.tsv",
    "HELM Classic bias": "helm/bias.tsv",
    "HELM Classic toxicity": "helm/toxicity.tsv",
    "HELM Classic efficiency": "helm/efficiency.tsv",
    "HELM Classic summarization": "helm/summarization.tsv",
}
FOLDER = "benchbench/data/"
SEPARATOR = " - "
NO_SCORE = {"", "-"}
LOWER = ("ECE", "Representation", "Toxic fraction", "Stereotype", "inference time")
REPORTED_BY, HARNESS = "Stanford CRFM", "HELM"
URL = "https://crfm.stanford.edu/helm/"
_MAX_BYTES = 8 << 20


class _Cell(NamedTuple):
    """One score: its table, model, column and text."""

    table: str
    model: str
    column: str
    score: str


class HelmTables:
    """HELM's tables in benchbench's wheel.

    Args:
        name: what messages call the file.
        path: the wheel.
        source: the source's name.
    """

    set_aside_count = 0
    warnings: tuple[str, ...] = ()

    def __init__(self, name: str, path: Path, source: str | None = None) -> None:
        self.name = name
        self._path = path
        self._source = source or SOURCE

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the tables and the source's name."""
        whole = hashlib.sha256(b"benchbench\0" + self._source.encode())
        for table, content in self._tables.items():
            whole.update(b"\0" + table.encode() + b"\0" + hashlib.sha256(content).digest())
        return whole.hexdigest()

    def batches(self) -> Iterator[NativeBatch]:
        """Yield all scores in one batch. Raises LoadRefusedError if a table has another shape."""
        cells = [cell for table in self._tables for cell in self._cells(table)]

        def originals(places: Sequence[int]) -> list[str]:
            return [json.dumps(cells[place]._asdict(), ensure_ascii=False) for place in places]

        rows = [_row(cell) for cell in cells]
        numbers = range(1, len(cells) + 1)
        yield batch_of_rows(EventType.BENCHMARK_REPORTED, self._source, rows, numbers, originals)

    @cached_property
    def _tables(self) -> dict[str, bytes]:
        if self._path.is_dir():
            raise UsageError(f"{self.name}: is a directory.", remedy=f"Name {WHEEL} in it.")
        found = {}
        try:
            with zipfile.ZipFile(self._path) as wheel:
                for table, file in TABLES.items():
                    with wheel.open(FOLDER + file) as member:
                        found[table] = member.read(_MAX_BYTES + 1)
                    if len(found[table]) > _MAX_BYTES:
                        raise self._refusal(f"{file} is longer than {_MAX_BYTES:,} bytes")
        except FileNotFoundError as error:
            raise NotFoundError(f"{self.name}: no such file.", remedy="Check the path.") from error
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            raise self._refusal(first_line(error)) from error
        return found

    def _cells(self, table: str) -> Iterator[_Cell]:
        try:
            text = self._tables[table].decode("utf-8")
            header, *lines = csv.reader(io.StringIO(text), delimiter="\t")
        except (UnicodeDecodeError, ValueError, csv.Error) as error:
            raise self._refusal(f"{TABLES[table]}: {first_line(error)}") from error
        for number, line in enumerate(lines, start=2):
            if not any(cell.strip() for cell in line):
                continue
            if len(line) != len(header):
                raise self._refusal(
                    f"{TABLES[table]}, line {number} has {len(line)} columns, not {len(header)}"
                )
            for column, score in zip(header[1:], line[1:], strict=True):
                if score.strip() not in NO_SCORE:
                    yield _Cell(table, line[0].strip(), column.strip(), score.strip())

    def _refusal(self, detail: str) -> LoadRefusedError:
        return LoadRefusedError(
            f"{self.name}: does not hold benchbench's tables of HELM: {detail}.",
            remedy=f"It must be {WHEEL}: pip download --no-deps benchbench=={VERSION}",
        )


def _row(cell: _Cell) -> dict[str, str | None]:
    task, _, metric = cell.column.rpartition(SEPARATOR)
    is_lower = any(name in metric for name in LOWER)
    return {
        "native_id": json.dumps([cell.table, cell.model, cell.column], ensure_ascii=False),
        "model_id": cell.model,
        "benchmark": f"{cell.table} / {task}" if task else cell.table,
        "metric": metric,
        "score": cell.score,
        "better": BetterScore.LOWER if is_lower else BetterScore.HIGHER,
        "harness": HARNESS,
        "reported_by": REPORTED_BY,
        "relationship": Relationship.THIRD_PARTY,
        "url": URL,
    }
