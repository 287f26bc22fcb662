"""Records of many replications as figures with their Monte Carlo error, and as tables to read."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import binom

from tests.worlds.declarations import WORLDS
from tests.worlds.scores import Record

AIM = (0.93, 0.97)
NOTHING = "-"
BOARDS = {
    ("trueskill_ep", "none", "everybody"): "EP, unweighted",
    ("trueskill_ep", "default", "everybody"): "EP, weighted",
    ("trueskill_hierarchical", "census", "everybody"): "hierarchical",
    ("bradley_terry", "none", "everybody"): "Bradley-Terry",
    ("trueskill_online", "none", "everybody"): "online",
    ("trueskill_ep", "none", "ages"): "EP, an age",
    ("trueskill_hierarchical", "census", "ages"): "hierarchical, an age",
    ("bradley_terry", "none", "ages"): "Bradley-Terry, an age",
}
WEIGHTINGS = {"none": "EP, unweighted", "default": "EP, weighted"}


@dataclass(frozen=True)
class Figure:
    """A mean over replications, its Monte Carlo error, and how many replications."""

    mean: float
    error: float
    count: int


def figure(records: Iterable[Record], name: str) -> Figure | None:
    """Mean of a column over replications that have it; boards of one replication count once."""
    each: dict[int, list[float]] = {}
    for record in records:
        if record.get(name) is not None:
            each.setdefault(record["replication"], []).append(float(record[name]))
    if not each:
        return None
    means = np.array([np.mean(values) for values in each.values()])
    error = means.std(ddof=1) / np.sqrt(means.size) if means.size > 1 else np.nan
    return Figure(float(means.mean()), float(error), means.size)


def chosen(records: Iterable[Record], **labels: Any) -> list[Record]:
    """The records with all these labels."""
    wanted = labels.items()
    return [r for r in records if all(r.get(name) == value for name, value in wanted)]


def of_board(records: Iterable[Record], world: str, board: tuple[str, str, str]) -> list[Record]:
    """One board's records in one world."""
    labels = dict(zip(("estimator", "weighting", "board"), board, strict=True))
    return chosen(records, kind="board", world=world, **labels)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows), ""]


def beyond_chance(found: Figure) -> float:
    """Two Monte Carlo errors: how far outside its bounds a figure may be by chance.

    Where all replications say the same, the error is that of so many draws with 95%.
    """
    error = np.sqrt(0.95 * 0.05 / found.count) if found.error < 1e-9 else found.error
    return 2.0 * float(np.nan_to_num(error, nan=1.0))


def coverage_cell(found: Figure | None, *, is_discrete: bool = False) -> str:
    """A coverage with its error, bold outside .93 to .97 (of whole numbers: below .93)."""
    if found is None:
        return NOTHING
    slack = beyond_chance(found)
    outside = found.mean < AIM[0] - slack or (found.mean > AIM[1] + slack and not is_discrete)
    mark = "**" if outside else ""
    return f"{mark}{found.mean:.3f}{mark} ({found.error:.3f})"


def error_cell(found: Figure | None, most: float = 0.05) -> str:
    """A share of errors with its own error, bold where it is above what is promised."""
    if found is None:
        return NOTHING
    mark = "**" if found.mean > most + beyond_chance(found) else ""
    return f"{mark}{found.mean:.3f}{mark} ({found.error:.3f})"


def best_cell(records: list[Record]) -> str:
    """P(best) of the likeliest: how often it is; the same of sure boards; Brier's score."""
    said, right = figure(records, "p_leader"), figure(records, "is_right")
    brier = figure(records, "brier")
    if not (said and right and brier):
        return NOTHING
    sure = [record for record in records if record["is_sure"]]
    hits = sum(record["is_right"] for record in sure)
    so, many = f"{right.mean:.2f}", f"{hits} of {len(sure)}"
    if right.mean < said.mean - beyond_chance(right):
        so = f"**{so}**"
    if sure and binom.cdf(hits, len(sure), 0.95) < 0.05:
        many = f"**{many}**"
    return f"{said.mean:.2f}: {so}; {many}; {brier.mean:.2f}"


def by_board(records: list[Record], cell: Callable[[list[Record]], str]) -> list[str]:
    """One row per world, one column per board."""
    worlds = [world for world in WORLDS if chosen(records, kind="board", world=world)]
    rows = (
        [f"`{world}`", *(cell(of_board(records, world, board)) for board in BOARDS)]
        for world in worlds
    )
    return table(["world", *BOARDS.values()], rows)


def as_markdown(records: list[Record], command: str) -> str:
    """The whole report."""
    worlds = [world for world in WORLDS if chosen(records, world=world)]
    counts = [len({r["replication"] for r in chosen(records, world=world)}) for world in worlds]
    least, most = min(counts), max(counts)
    said = f"{least}" if least == most else f"{least} to {most}"
    return "\n".join(
        [
            "## Worlds that break the assumptions",
            "",
            f"Made by `{command}`: {said} replications of each world. In brackets: the Monte Carlo",
            "error. **Bold** is outside .93 to .97, or an error above what is promised, by more",
            "than two Monte Carlo errors.",
            "The truth is what the same model would find if the whole population judged every pair",
            "equally often: the census population for weighted boards, people as they come for",
            "unweighted ones. Models number 3, 6, 12, 24 and 60 in turn.",
            "",
            *table(["world", "what is in it"], ([f"`{w}`", WORLDS[w].says] for w in worlds)),
            "### Skills inside their 95% intervals",
            "",
            *by_board(records, lambda found: coverage_cell(figure(found, "skill"))),
            *_win_shares(records),
            "### Ranks inside their 95% ranges",
            "",
            "Ranks are whole numbers, so a range may hold them more often than 95%.",
            "",
            *by_board(records, lambda r: coverage_cell(figure(r, "rank"), is_discrete=True)),
            "### The best model",
            "",
            "P(best) of the likeliest model, on average: how often it is the best; of boards that",
            "say 95% or more, how many are right; Brier's score (sum over models of squared errors",
            "of P(best), lower is better).",
            "",
            *by_board(records, best_cell),
            "The leader's skill inside its 95% interval:",
            "",
            *by_board(records, lambda found: coverage_cell(figure(found, "leader_skill"))),
            *_tiers(records, worlds),
            *_axes(records, worlds),
            *_stops(records, worlds),
        ]
    )


def before_and_after(before: list[Record], after: list[Record]) -> str:
    """Coverage of skills by two versions of the code, on the studies that both have judged."""

    def cell(world: str, board: tuple[str, str, str]) -> str:
        pair = [of_board(records, world, board) for records in (before, after)]
        shared = set.intersection(*({r["replication"] for r in each} for each in pair))
        found = [figure((r for r in e if r["replication"] in shared), "skill") for e in pair]
        return " → ".join(f"{one.mean:.2f}" if one else NOTHING for one in found)

    worlds = [world for world in WORLDS if chosen(after, kind="board", world=world)]
    rows = ([f"`{world}`", *(cell(world, board) for board in BOARDS)] for world in worlds)
    return "\n".join(table(["world", *BOARDS.values()], rows))


def _win_shares(records: list[Record]) -> list[str]:
    lines = ["No board shows an interval of a win share.", ""]
    if any("win_share" in record for record in records):
        inside = by_board(records, lambda found: coverage_cell(figure(found, "win_share")))
        lines = ["Inside their 95% intervals:", "", *inside]
    distance = ["Mean distance from the population's, in percentage points:", ""]
    return ["### Win shares", "", *lines, *distance, *by_board(records, _points_cell)]


def _points_cell(records: list[Record]) -> str:
    found = figure(records, "win_share_error")
    return f"{100.0 * found.mean:.1f}" if found else NOTHING


def _tiers(records: list[Record], worlds: list[str]) -> list[str]:
    names = list(WEIGHTINGS.values())
    of_null = [f"{name}: {claim}" for claim in ("tiers", "best", "intervals") for name in names]
    rows = []
    for world in worlds:
        null = chosen(records, kind="null", world=world)
        if null:
            cells = []
            for claim, cell in (
                ("tier_error", error_cell),
                ("is_sure", error_cell),
                ("is_apart", _plain),
            ):
                cells += [cell(figure(chosen(null, weighting=w), claim)) for w in WEIGHTINGS]
            rows.append([f"`{world}`", *cells])
    lines = [
        "### Models that are all the same",
        "",
        "How often a board separates any two: by its tiers; by calling one the best with 95% or",
        "more (at most .05 is promised of both); by any two intervals that exclude each other,",
        "which promise nothing together.",
        "",
        *table(["world", *of_null], rows),
    ]
    if any("tier_error" in record for record in chosen(records, kind="board")):
        lines += ["Models that differ: how often any is in a better tier than one as good:", ""]
        lines += by_board(records, lambda found: error_cell(figure(found, "tier_error")))
    return lines


def _axes(records: list[Record], worlds: list[str]) -> list[str]:
    rows = []
    for world in worlds:
        for axis in ("age", "region"):
            found = chosen(records, kind="axis", world=world, axis=axis)
            if not found:
                continue
            true = np.mean([record["true"] for record in found])
            is_null = all(record["true"] == 0.0 for record in found)
            claim = figure(found, "is_found")
            small = figure(found, "is_small_p")
            rows.append(
                [
                    f"`{world}`", axis, f"{true:.2f}",
                    coverage_cell(figure(found, "holds"), is_discrete=is_null),
                    error_cell(claim) if is_null else _plain(claim),
                    error_cell(small) if is_null else _plain(small),
                ]
            )  # fmt: skip
    return [
        "### How far groups are apart",
        "",
        "The 95% interval of an axis' effect (sd of groups, in skill units) and, where there is",
        "one, its permutation test. Where groups don't differ, a lower end above 0 is an error.",
        "",
        *table(["world", "axis", "true", "holds it", "above 0", "p at most .05"], rows),
    ]


def _plain(found: Figure | None) -> str:
    return NOTHING if found is None else f"{found.mean:.3f} ({found.error:.3f})"


def _stops(records: list[Record], worlds: list[str]) -> list[str]:
    rows = []
    for world in worlds:
        of_world = chosen(records, kind="stop", world=world)
        if not of_world:
            continue
        cells = []
        for top in ("twins", "apart"):
            for weighting in WEIGHTINGS:
                found = chosen(of_world, top=top, weighting=weighting)
                cells.append(_stop_cell(found, is_twins=top == "twins"))
        rows.append([f"`{world}`", *cells])
    names = list(WEIGHTINGS.values())
    heads = [f"{name}: {top}" for top in ("two leaders alike", "one leader") for name in names]
    return [
        "### Stopping when the leader is known",
        "",
        "Studies looked at 8 times. Two leaders alike: the share of studies that name one (at most",
        ".05 is promised). One leader: the share of all studies that stop at a wrong one, and how",
        "many stop.",
        "",
        *table(["world", *heads], rows),
    ]


def _stop_cell(found: list[Record], *, is_twins: bool) -> str:
    if not found:
        return NOTHING
    wrong = [
        record | {"wrong": record["is_stopped"] and not record["is_right"]} for record in found
    ]
    cell = error_cell(figure(wrong, "wrong"))
    return cell if is_twins else f"{cell}, {sum(r['is_stopped'] for r in found)} of {len(found)}"
