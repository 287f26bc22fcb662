"""Pages beside the studies that they quote: what a page says, and what the study says now.

declared.py says which figures there are.
"""

from __future__ import annotations

import doctest
import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from ingestion.paths import Home
from ingestion.simulation.parameters import Parameters
from ingestion.simulation.study import simulate
from orchestration.database import open_database
from tests.end_to_end.command import demoscope, document

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import duckdb

ROOT = Path(__file__).resolve().parents[2]
SIMULATED, SEED_31, OF_3000, OF_500 = "simulated", "seed-31", "of-3000", "of-500"
STUDIES = {
    SIMULATED: Parameters(),
    SEED_31: Parameters(seed=31),
    OF_3000: Parameters(participants=3_000),
    OF_500: Parameters(participants=500, seed=7),
}
# A query in SQL, or in Python, and the rows that it shows.
QUERY_AND_ROWS = re.compile(
    r"^(?:```sql\n|.*sql\(\"\"\"\n)([^`]*?)(?:\"\"\"\)\.show\(\)\n)?```\n+```\n(┌[^`]*?)^```$",
    re.MULTILINE,
)
FENCED = re.compile(r"^```\w*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
RELEASE = re.compile(r"\b([0-9a-f]{64}|[0-9a-f]{12})\b")
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
CUT = "…"
# As pages call it.
HOME = "warehouse"


@dataclass(frozen=True)
class Sentence:
    """A piece of a page with places for figures, and the query of the one row that fills them."""

    page: str
    words: str
    query: str
    study: str = SIMULATED


@dataclass(frozen=True)
class Printed:
    """A block of a page that shows what a command prints; `begins` is how its output begins."""

    page: str
    command: str
    begins: str
    study: str = SIMULATED


@dataclass(frozen=True)
class Queried:
    """A query of a page that is followed by its rows; `holds` is a piece of that query.

    Of a publication, or of the database of a build.
    """

    page: str
    holds: str
    study: str = SIMULATED
    is_published: bool = False


Figure = Sentence | Printed | Queried


def made(study: str, directory: Path) -> Path:
    """The directory of a study in a directory: its files, its truth, and its home, published.

    A study that is there is taken as it is.
    """
    place = directory / study
    if not place.exists():
        summary = simulate(STUDIES[study], place)
        for command in (["ingest", *summary.files], ["build"], ["publish"]):
            document(place / HOME, *command, "--json")
    return place


def text_of(page: str) -> str:
    """A page as it is written."""
    return (ROOT / page).read_text(encoding="utf-8")


def one_line(text: str) -> str:
    """Without breaks of lines, which a page may have anywhere."""
    return " ".join(text.split())


def places(words: str) -> re.Pattern[str]:
    """What finds a sentence whatever its figures are."""
    return re.compile(".+?".join(map(re.escape, re.split(r"\{[^}]*\}", one_line(words)))))


def blocks(page: str, begins: str) -> list[str]:
    """The fenced blocks of a page in which a line begins so, from that line on."""
    found = []
    for block in FENCED.findall(text_of(page)):
        start = f"\n{block}".find(f"\n{begins}")
        if start >= 0:
            found.append(block[start:].partition("\n$ ")[0])
    return found


def queries(page: str, holds: str) -> list[tuple[str, str]]:
    """The queries of a page with such a piece, each with the rows that follow."""
    return [found for found in QUERY_AND_ROWS.findall(text_of(page)) if holds in found[0]]


def stale(figures: Sequence[Figure], place: Path) -> Iterator[str]:
    """What pages say otherwise than a study does, each with what it says now.

    Args:
        figures: of one study.
        place: the study's directory, as `made` makes it.
    """
    home = Home(place / HOME)
    published = home.root / "marts" / "current" / "demoscope.duckdb"
    with (
        open_database(home.database, is_read_only=True) as build,
        open_database(published, is_read_only=True) as bi,
    ):
        build.register("truth", _truth(place / "truth.json"))
        for figure in figures:
            if isinstance(figure, Sentence):
                yield from _stale_sentence(figure, build)
            elif isinstance(figure, Queried):
                yield from _stale_rows(figure, bi if figure.is_published else build)
    for figure in figures:
        if isinstance(figure, Printed):
            yield from _stale_print(figure, home.root)


def _truth(path: Path) -> pa.Table:
    """True skills, centred as boards are."""
    study = json.loads(path.read_text(encoding="utf-8"))
    models = [model["model_id"] for model in study["models"]]
    rows = [
        {
            "stratum_id": stratum["stratum_id"],
            "dimension": stratum["dimension"],
            "model_id": model,
            "true_skill": skill - sum(stratum["skills"]) / len(models),
        }
        for stratum in study["strata"]
        for model, skill in zip(models, stratum["skills"], strict=True)
    ]
    return pa.Table.from_pylist(rows)


def _stale_sentence(figure: Sentence, build: duckdb.DuckDBPyConnection) -> Iterator[str]:
    [row] = build.sql(figure.query).to_arrow_table().to_pylist()
    now = one_line(figure.words.format_map(row))
    if now not in one_line(text_of(figure.page)):
        yield f"{figure.page} should say: {now}"


def _stale_rows(figure: Queried, database: duckdb.DuckDBPyConnection) -> Iterator[str]:
    for query, shown in queries(figure.page, figure.holds):
        now = database.sql(query)
        said = [_cells(line) for line in shown.splitlines() if line.startswith("│")]
        # The first two lines are names and types.
        if not _alike(said[2:], [[_cell(value) for value in row] for row in now.fetchall()]):
            yield f"{figure.page}, {figure.holds!r}, should show:\n{database.sql(query)}"


def _stale_print(figure: Printed, home: Path) -> Iterator[str]:
    done = demoscope(home, *shlex.split(figure.command)[1:])
    # A terminal has both; what a page shows of words on stderr stands before or after the data.
    orders = (done.stdout, done.stdout + done.stderr, done.stderr + done.stdout)
    printed = [RELEASE.sub("ID", order.replace(f"{home.resolve()}", HOME)) for order in orders]
    now = [order[max(f"\n{order}".find(f"\n{figure.begins}"), 0) :] for order in printed]
    checker = doctest.OutputChecker()
    for shown in blocks(figure.page, figure.begins):
        said = RELEASE.sub("ID", shown)
        if not any(checker.check_output(said, says, FLAGS) for says in now):
            yield f"{figure.page}, {figure.command}, should show:\n{now[-1]}"


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("│").split("│")]


def _cell(value: object) -> str:
    if value is None:
        return "NULL"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _alike(said: list[list[str]], now: list[list[str]]) -> bool:
    """Whether rows are the same, but for texts that were cut to fit a line."""
    return len(said) == len(now) and all(
        len(one) == len(other)
        and all(
            a == b or (a.endswith(CUT) and b.startswith(a[:-1]))
            for a, b in zip(one, other, strict=True)
        )
        for one, other in zip(said, now, strict=True)
    )
