"""`demoscope boards audit`: ten questions that a reader should ask of a board, answered."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from shutil import get_terminal_size
from textwrap import wrap
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingestion.errors import IntegrityError, NotFoundError
from ingestion.paths import Home
from orchestration.cli.output import FORMAT, Format, print_rows, put, say, with_home
from orchestration.cli.settings import settings
from orchestration.cli.signatures import trusted
from publishing.counted import counted
from publishing.meant import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestration.provenance import Evidence
    from publishing.boards.finding import Finding
    from publishing.boards.store import Release

ID_DIGITS, SHOWN, WIDTH, MARK_WIDTH, NAME_WIDTH = 12, 10, 100, 12, 17
FOUND = 1
FRAGILE = """
select
    fragile.*,
    (
        select max(board.tier) from rpt_leaderboard as board
        where board.weighting = fragile.weighting and board.stratum_id = fragile.stratum_id
            and board.dimension = fragile.dimension and board.estimator = fragile.estimator
    ) as tier_count,
    (
        select count(*) from rpt_neighbour as pair
        where pair.weighting = fragile.weighting and pair.stratum_id = fragile.stratum_id
            and pair.dimension = fragile.dimension and pair.estimator = fragile.estimator
    ) as neighbour_count,
    (
        select count(*) from rpt_neighbour as pair
        where pair.weighting = fragile.weighting and pair.stratum_id = fragile.stratum_id
            and pair.dimension = fragile.dimension and pair.estimator = fragile.estimator
            and pair.is_apart
    ) as neighbours_apart
from rpt_fragility as fragile
where $dimension is null or fragile.dimension = $dimension
order by fragile.dimension, fragile.weighting
"""
OF_SETTINGS = (
    "leaderboard, model and compare show its boards first. That is no part of the release, the page"
    " or a publication, and nobody signed it."
)
KNOWN = "select distinct dimension from rpt_leaderboard order by dimension"


def audit(
    release: Annotated[
        str, typer.Argument(metavar="RELEASE", help="8 or more digits of its id, or `current`.")
    ] = "current",
    *,
    dimension: Annotated[
        str | None, typer.Option(help="What was judged; overall if not given.")
    ] = None,
    key: Annotated[
        list[Path] | None,
        typer.Option(
            "--key", help="Public key (PEM) that must have signed it.", show_default=False
        ),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            help="A signed checkpoint that was kept elsewhere.", exists=True, dir_okay=False
        ),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(help="Witnesses that must have cosigned it.", exists=True, dir_okay=False),
    ] = None,
    output: FORMAT = Format.TABLE,
) -> None:
    """Ask of a board what may be wrong with it, on one page: ok, found, or can't tell.

    Exit code 1 where a probe finds something, 3 where no probe has tables that it could look at, 5
    where stored data was altered, else 0. Below the page: which targets, schemes, policies and
    parameters changed from one kept release to the next, and a weighting that demoscope.toml shows
    first.
    """
    from orchestration.decided_since import decided_since
    from orchestration.provenance import provenance
    from publishing.boards import store

    home = Home.from_environment()
    kept = store.by_id(home.boards, release)
    is_current = store.is_current(home.boards, kept)
    evidence = _evidence(home, key, checkpoint, policy)
    found, fragility = _of_tables(home, kept, dimension, is_current=is_current)
    say("Checking the log ...")
    since = decided_since(home, evidence.keys)
    found.append(provenance(home, kept, evidence, since, is_current=is_current))
    decided = since.pairs
    is_simulated = kept.subject["is_simulated"]
    altered = found[-1].figures["altered"]
    if output is not Format.TABLE:
        for one in decided:
            one["decisions"] = [decision.as_json() for decision in one["decisions"]]
        head = {"release_id": kept.id, "is_simulated": is_simulated, "fragility": fragility}
        head["decided_since"] = decided
        head["provisional"] = _provisional(kept, found)
        head["shown_by_settings"] = settings().scheme
        print_rows("probes", [_as_json(one) for one in found], output, {}, head=head)
    else:
        mark = "SIMULATED: " if is_simulated else ""
        put(f"{mark}release {kept.id[:ID_DIGITS]}, {_dimension(found)}, everybody")
        width = min(WIDTH, get_terminal_size((WIDTH, 0)).columns)
        for line in _page(_provisional(kept, found), found, width):
            put(line)
        for line in _decided(decided):
            put(with_home(line))
        if chosen := settings().scheme:
            for line in wrap(f"{settings().path} says scheme = {chosen!r}: {OF_SETTINGS}", width):
                put(line)
    if altered:
        raise typer.Exit(IntegrityError.exit_code)
    if any(one.is_found for one in found):
        raise typer.Exit(FOUND)
    # The last one is about the warehouse.
    of_tables = found[:-1]
    if all(one.is_found is None for one in of_tables):
        reasons = dict.fromkeys(one.sentence for one in of_tables)
        say(f"error: The board was not checked. {' '.join(reasons)}")
        raise typer.Exit(NotFoundError.exit_code)


def _evidence(
    home: Home, keys: list[Path] | None, checkpoint: Path | None, policy: Path | None
) -> Evidence:
    """What the auditor brings; without a key, the one that releases are signed with here."""
    from orchestration.cli.proofs import held_checkpoint, witnessed
    from orchestration.provenance import Evidence

    return Evidence(
        keys=trusted(home, keys),
        is_key_named=bool(keys),
        checkpoint=None if checkpoint is None else held_checkpoint(home, checkpoint, None),
        witnesses=witnessed(checkpoint, policy, home.log_public_key),
    )


def _of_tables(
    home: Home, release: Release, dimension: str | None, *, is_current: bool
) -> tuple[list[Finding], list[dict[str, Any]]]:
    """What the probes of tables say, and the rows of `rpt_fragility`.

    Raises:
        NotFoundError: the last build doesn't have this dimension.
    """
    from orchestration.database import mart_rows
    from orchestration.probes import findings, untold

    if not is_current:
        name = release.id[:ID_DIGITS]
        reason = (
            f"The tables here are of the last build, not of release {name}:"
            f" `demoscope boards diff current {name}` compares the two."
            if home.database.exists()
            else "Boards alone were built here, and no tables to look at. Run: demoscope build."
        )
        return untold(reason), []
    try:
        known = [row["dimension"] for row in mart_rows(home, KNOWN)]
    except NotFoundError as error:
        return untold(str(error)), []
    if dimension is not None and known and dimension not in known:
        message = f"The last build has no dimension {dimension!r} to audit."
        meant = did_you_mean(dimension, known)
        raise NotFoundError(message, remedy=f"{meant}It has: {', '.join(known)}")

    def read(query: str, values: dict[str, Any]) -> list[dict[str, Any]]:
        return mart_rows(home, query, values)

    return findings(read, dimension), read(FRAGILE, {"dimension": dimension})


def _as_json(finding: Finding) -> dict[str, Any]:
    return {
        "probe": finding.probe,
        "status": finding.status,
        "sentence": finding.sentence,
        "figures": _plain(finding.figures),
    }


def _plain(value: Any) -> Any:
    """Times as text, and figures that are none as null; all else as it is."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def _dimension(found: list[Finding]) -> str:
    return next(
        (one.figures["dimension"] for one in found if "dimension" in one.figures), "no board"
    )


def _page(provisional: str | None, found: list[Finding], width: int) -> Iterator[str]:
    if provisional is not None:
        yield f"The board is {provisional}. Don't quote it."
    said = None
    for finding in found:
        is_said = finding.sentence == said
        yield from _lines(replace(finding, sentence="as above") if is_said else finding, width)
        said = finding.sentence


def _provisional(release: Release, found: list[Finding]) -> str | None:
    """Why the audited board is provisional; None where it isn't, or there is no board."""
    from publishing.boards.view import leaderboard

    dimension = next(
        (one.figures["dimension"] for one in found if "dimension" in one.figures), None
    )
    try:
        head, _ = leaderboard(release, dimension=dimension)
    except NotFoundError:
        return None
    why: str | None = head["provisional"]
    return why


def _lines(finding: Finding, width: int) -> list[str]:
    """A probe's line, with what does not fit into it below."""
    head = f"{finding.status:<{MARK_WIDTH}}{finding.probe.replace('_', ' '):<{NAME_WIDTH}}"
    lines = wrap(finding.sentence, width - len(head), break_long_words=False)
    return [(head if not number else " " * len(head)) + line for number, line in enumerate(lines)]


def _decided(pairs: list[dict[str, Any]]) -> Iterator[str]:
    """What was decided otherwise between kept releases."""
    for pair in pairs:
        a, b = pair["from_release_id"][:ID_DIGITS], pair["to_release_id"][:ID_DIGITS]
        yield f"decided otherwise from release {a} to {b}, made {pair['made_at']}:"
        yield from (f"  {one}" for one in pair["decisions"][:SHOWN])
        if (more := len(pair["decisions"]) - SHOWN) > 0:
            yield f"  and {more:,} more (--json)"
        if pair["not_known"]:
            yield f"  cannot be told: {pair['not_known']}"
        ranks = counted(pair["changed_rank_count"], "rank")
        yield f"  {ranks} differ between them; why: demoscope boards diff {a} {b}"
