"""`demoscope boards audit`: what must go before another model leads, and what was decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingestion.errors import NotFoundError
from ingestion.paths import Home
from orchestration.cli.output import AS_JSON, print_json, put
from publishing.counted import counted
from publishing.meant import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

ID_DIGITS, SHOWN = 12, 10
FOUND = """
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


def audit(
    dimension: Annotated[str | None, typer.Option(help="One dimension; all if not given.")] = None,
    *,
    as_json: AS_JSON = False,
) -> None:
    """Say how few people or votes must go before another model leads everybody's boards.

    And which targets, schemes, policies and parameters changed from one kept release to the next.
    """
    from orchestration.database import mart_rows
    from orchestration.decided_since import decided_since
    from publishing.boards import store

    home = Home.from_environment()
    found = mart_rows(home, FOUND, {"dimension": dimension})
    if not found:
        known = {row["dimension"] for row in mart_rows(home, FOUND, {"dimension": None})}
        if known:
            message = f"The last build has no dimension {dimension!r} to audit."
            meant = did_you_mean(dimension or "", known)
            raise NotFoundError(message, remedy=f"{meant}It has: {', '.join(sorted(known))}")
        message = (
            "The last build has no board of everybody's whose judges are known, with two models"
            " or more that are not provisional."
        )
        remedy = "Load who judged, and more verdicts; then build: demoscope build"
        raise NotFoundError(message, remedy=remedy)
    is_simulated = store.current(home.boards).subject["is_simulated"]
    decided = decided_since(home)
    if as_json:
        for one in decided:
            one["decisions"] = [decision.as_json() for decision in one["decisions"]]
        print_json({"is_simulated": is_simulated, "rows": found, "decided_since": decided})
        return
    mark = "SIMULATED: " if is_simulated else ""
    for row in found:
        put(f"{mark}{row['dimension']}, everybody, weighting {row['weighting']}")
        for line in _lines(row):
            put(f"  {line}")
    for line in _decided(decided):
        put(line)


def _decided(pairs: list[dict[str, Any]]) -> Iterator[str]:
    """What was decided otherwise between kept releases."""
    if not pairs:
        yield "no target, scheme, policy or parameter differs between kept releases"
    for pair in pairs:
        a, b = pair["from_board_id"][:ID_DIGITS], pair["to_board_id"][:ID_DIGITS]
        yield f"decided otherwise from release {a} to {b}, made {pair['made_at']}:"
        yield from (f"  {one}" for one in pair["decisions"][:SHOWN])
        if (more := len(pair["decisions"]) - SHOWN) > 0:
            yield f"  and {more:,} more (--json)"
        if pair["not_known"]:
            yield f"  cannot be told: {pair['not_known']}"
        ranks = counted(pair["changed_rank_count"], "rank")
        yield f"  {ranks} differ between them; why: demoscope boards diff {a} {b}"


def _lines(row: dict[str, Any]) -> list[str]:
    first, second = row["leader_model_id"], row["second_model_id"]
    if row["is_tie"]:
        lines = [f"{first} and {second} share the first place: nobody has to go to change it"]
    else:
        lines = [
            f"{first} leads {second} by {row['lead']:.2f} in skill",
            _removal(row, "participant", "participants"),
        ]
        if row["vote_count"] is not None:
            lines.append(_removal(row, "vote", "votes"))
    if row["largest_influence"] is not None:
        lines.append(f"one participant moves this lead by at most {row['largest_influence']:.3f}")
    if row["largest_item_influence"] is not None:
        lines.append(
            f"one prompt of {row['item_count']:,} moves it by at most"
            f" {row['largest_item_influence']:.3f}"
        )
    apart, neighbours = row["neighbours_apart"], row["neighbour_count"]
    lines.append(
        f"{counted(row['tier_count'] or 0, 'tier')}; of {counted(neighbours, 'pair')} of neighbours"
        f" in rank {apart:,} can be told apart"
    )
    return lines


def _removal(row: dict[str, Any], unit: str, units: str) -> str:
    removed, total = row[f"{units}_removed"], row[f"{unit}_count"]
    if removed is None:
        return f"no number of {units} that was tried makes another model lead, of {total:,}"
    leader = row[f"leader_without_{units}"]
    return f"without {counted(removed, unit)} of {total:,} ({removed / total:.2%}), {leader} leads"
