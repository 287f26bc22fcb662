"""The page's leaderboards: columns of small differences, for they are most of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from publishing.boards.dependence import dependence_sentence, dependence_words
from publishing.boards.labels import UNWEIGHTED
from publishing.page.marts import Rows

Row = Mapping[str, Any]
Places = Mapping[str, Mapping[str, int]]
SKILL, PERCENT = 2, 2  # decimal places that are kept
FEW_BATTLES, WIDE_INTERVAL, APART, NEW_TIER = 1, 2, 4, 8
PROVISIONAL_FLAGS = {
    None: 0,
    "few_battles": FEW_BATTLES,
    "wide_interval": WIDE_INTERVAL,
    "few_battles_and_wide_interval": FEW_BATTLES | WIDE_INTERVAL,
}
SUMMARY_COLUMNS = (
    "battle_count",
    "battle_left_out_count",
    "has_few_people",
    "heard_count",
    "component_count",
    "misfits",
)
NOT_COMPARED: Row = {"rank_gain": None, "is_different": None}


class Key(NamedTuple):
    """Which leaderboard."""

    stratum_id: str
    dimension: str
    estimator: str
    weighting: str


def key_of(row: Row) -> Key:
    """Of which leaderboard a row of a mart is."""
    return Key(*(row[name] for name in Key._fields))


def scaled(value: float, places: int) -> int:
    """A number as a whole count of 10^-places, rounded as every other surface rounds it."""
    whole: int = round(round(value, places) * 10**places)
    return whole


def columns(rows: Sequence[Row], names: Sequence[str]) -> dict[str, list[Any]]:
    """Rows as one list per column."""
    return {name: [row[name] for row in rows] for name in names}


def board_columns(
    boards: Mapping[Key, Rows], comparisons: Rows, summaries: Rows, places: Places
) -> dict[str, Any]:
    """Every board's head and rows.

    Args:
        boards: rows by key, best first, in the order to be shown.
        comparisons: of `rpt_rank_comparison`.
        summaries: of `rpt_board_summary`.
        places: per key column, the place of each of its values; and of each model.

    Returns:
        Columns with one entry per board. Below `rows` an entry is a list, one number per model:
        `model` its place; `win` in percent, the first as it is, then how much less;
        `lo` and `hi` how far the interval's ends are off, `hi` less `lo`, null where no interval is
        published; `rank_lo` and `rank_hi` how far off; `best` percent; `change` of rank; `flags`
        1 provisional for few battles, 2 for a wide interval, 4 unlike the board of reference,
        8 the first of a new tier. The list `change` is null where each is its model's rank on the
        board of reference less its rank here.
        `dependence` is the place in `dependences` of what the intervals rest on: words beside the
        title, and a sentence.
        `tally` is the place in `tallies` of the battles of each model, by the model's place.
    """
    compared: dict[Key, dict[str, Row]] = {}
    for row in comparisons:
        compared.setdefault(key_of(row), {})[row["model_id"]] = row
    summary = {key_of(row): row for row in summaries}
    heads, tables = [], []
    tallies: dict[tuple[int, ...], int] = {}
    dependences: dict[tuple[str, str], int] = {}
    for key, board in boards.items():
        counts = {row["model_id"]: row["battle_count"] for row in board}
        tally = tuple(counts.get(model, 0) for model in places["model_id"])
        beside = compared.get(key, {})
        head = _head(key, summary[key], beside, places)
        words = dependence_words(board[0], summary[key]["battle_count"])
        depends = (words, dependence_sentence(board[0]))
        head["dependence"] = dependences.setdefault(depends, len(dependences))
        heads.append({**head, "tally": tallies.setdefault(tally, len(tallies))})
        rows = _rows(board, beside, places["model_id"])
        table: dict[str, Any] = columns(rows, list(rows[0]))
        if _follows(board, beside, boards):
            table["change"] = None
        tables.append(table)
    return {
        **columns(heads, list(heads[0]) if heads else ()),
        "rows": columns(tables, list(tables[0]) if tables else ()),
        "tallies": [list(tally) for tally in tallies],
        "dependences": [list(depends) for depends in dependences],
    }


def _follows(board: Rows, compared: Mapping[str, Row], boards: Mapping[Key, Rows]) -> bool:
    """Whether each change of rank follows from the ranks of both boards, as they are shown."""
    first = next((row for row in compared.values() if row["reference_rank"]), None)
    if first is None:
        return False
    key = key_of(board[0])._replace(
        stratum_id=first["reference_stratum_id"], dimension=first["reference_dimension"]
    )
    likes = [one for one in boards if one._replace(weighting="") == key._replace(weighting="")]
    ranks = [
        {row["model_id"]: row["rank"] for row in boards[one]}
        for one in likes
        if (one.weighting == UNWEIGHTED) == (key.weighting == UNWEIGHTED)
    ]
    return len(ranks) == 1 and all(
        row["model_id"] in compared
        and row["model_id"] in ranks[0]
        and compared[row["model_id"]]["rank_gain"] == ranks[0][row["model_id"]] - row["rank"]
        for row in board
    )


def _head(key: Key, summary: Row, compared: Mapping[str, Row], places: Places) -> dict[str, Any]:
    reference = next((row for row in compared.values() if row["reference_rank"]), None)
    if reference and reference["reference_stratum_id"] not in places["stratum_id"]:
        reference = None  # its board rests on too few people to be published
    effective = summary["effective_participant_count"]
    return {
        **{name: places[name][value] for name, value in key._asdict().items()},
        "reference": reference
        and [
            places["stratum_id"][reference["reference_stratum_id"]],
            places["dimension"][reference["reference_dimension"]],
        ],
        "effective": None if effective is None else round(effective),
        **{name: summary[name] for name in SUMMARY_COLUMNS},
        "sd": scaled(summary["skill_sd_median"], SKILL),
    }


def _rows(board: Rows, compared: Mapping[str, Row], models: Mapping[str, int]) -> Rows:
    rows: Rows = []
    before = tier = None
    for row in board:
        # A comparison may stay behind where the board itself is shown.
        beside = compared.get(row["model_id"], NOT_COMPARED)
        win = scaled(row["win_share"], PERCENT)
        lo, hi = differences(row, win, "win_share")
        rows.append(
            {
                "model": models[row["model_id"]],
                "win": win if before is None else before - win,
                "lo": lo,
                "hi": hi,
                "rank_lo": row["rank"] - row["rank_lo"],
                "rank_hi": row["rank_hi"] - row["rank"],
                "best": scaled(row["p_best"], PERCENT),
                "change": beside["rank_gain"],
                "flags": PROVISIONAL_FLAGS[row["provisional_reason"]]
                | (APART if beside["is_different"] else 0)
                | (NEW_TIER if tier and row["tier"] and row["tier"] > tier else 0),
            }
        )
        before, tier = win, row["tier"] or tier
    return rows


def differences(row: Row, value: int, name: str) -> tuple[int | None, int | None]:
    """How far the lower end of a percentage is off, and how much further the upper one.

    Null where a publication keeps the interval back.
    """
    low, high = row[f"{name}_lo"], row[f"{name}_hi"]
    if low is None or high is None:
        return None, None
    lo, hi = scaled(low, PERCENT), scaled(high, PERCENT)
    return value - lo, (hi - value) - (value - lo)
