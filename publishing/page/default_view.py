"""The board a page opens with, decoded: what is there before, and without, JavaScript.

What stays out: other boards; static/*.js decodes them from the same data.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from typing import Any

from publishing.boards.view import DEFAULT_DIMENSION, DEFAULT_STRATUM
from publishing.page import formats
from publishing.page.axis import Axis
from publishing.page.board_columns import APART, FEW_BATTLES, WIDE_INTERVAL
from publishing.page.names import is_weighted


def default_view(data: Mapping[str, Any]) -> dict[str, Any]:
    """Everything the templates say of the board the page opens with."""
    boards = data["boards"]
    board = default_board(data)
    rows = rows_of(data, board)
    axis = Axis.over([end for row in rows for end in (row["lo"], row["hi"])])
    for row in rows:
        row |= {f"{name}_at": axis.at(row[name]) for name in ("lo", "skill", "hi")}
    dimension, stratum = boards["dimension"][board], boards["stratum_id"][board]
    return {
        "board": board,
        "rows": rows,
        "axis": axis,
        "dimension": dimension,
        "stratum": stratum,
        "estimator": boards["estimator"][board],
        "is_weighted": is_weighted(data["weightings"][boards["weighting"][board]]),
        "who": data["strata"]["label"][stratum],
        "who_inline": who_inline(data, stratum),
        "question": data["dimensions"]["label"][dimension],
        "reference": boards["reference"][board],
        "leader_count": boards["leader_count"][board],
        "facts": _facts(data, board, len(rows)),
    }


def who_inline(data: Mapping[str, Any], stratum: int) -> str:
    """Who judged, within a sentence."""
    label: str = data["strata"]["label"][stratum]
    return label.lower() if data["strata"]["stratum_id"][stratum] == DEFAULT_STRATUM else label


def default_board(data: Mapping[str, Any]) -> int:
    """The place of the board a page opens with: weighted where people were weighted."""
    boards, weightings = data["boards"], data["weightings"]
    dimensions = data["dimensions"]["dimension"]
    strata = data["strata"]["stratum_id"]

    def order(board: int) -> tuple[bool, bool, int, int, bool, int]:
        dimension, stratum = boards["dimension"][board], boards["stratum_id"][board]
        return (
            dimensions[dimension] != DEFAULT_DIMENSION,
            strata[stratum] != DEFAULT_STRATUM,
            dimension,
            stratum,
            boards["estimator"][board] != 0
            or not is_weighted(weightings[boards["weighting"][board]]),
            boards["estimator"][board],
        )

    return min(range(len(boards["dimension"])), key=order)


def rows_of(data: Mapping[str, Any], board: int) -> list[dict[str, Any]]:
    """A board's rows, best first: numbers, and the texts of them."""
    boards, models = data["boards"], data["models"]
    cells = {name: column[board] for name, column in boards["rows"].items()}
    skills = list(accumulate(cells["skill"], lambda before, less: before - less))
    tally = boards["tallies"][boards["tally"][board]]
    rows = []
    for place, skill in enumerate(skills):
        rank, model = place + 1, cells["model"][place]
        lo = skill - cells["lo"][place]
        hi = skill + cells["lo"][place] + cells["hi"][place]
        flags, moved = cells["flags"][place], cells["change"][place]
        rows.append(
            {
                "model": model,
                "name": models["display_name"][model],
                "provider": models["provider"][model] or "",
                "is_retired": models["retired_reason"][model] is not None,
                "has_few_battles": bool(flags & FEW_BATTLES),
                "has_wide_interval": bool(flags & WIDE_INTERVAL),
                "provisional": formats.provisional(
                    has_few_battles=bool(flags & FEW_BATTLES),
                    has_wide_interval=bool(flags & WIDE_INTERVAL),
                ),
                "is_apart": bool(flags & APART),
                "is_leader": rank - cells["rank_lo"][place] == 1,
                "place": rank,
                "moved": moved,
                "rank_lo": str(rank - cells["rank_lo"][place]),
                "rank_hi": formats.last_rank(
                    rank - cells["rank_lo"][place], rank + cells["rank_hi"][place]
                ),
                "skill": skill,
                "lo": lo,
                "hi": hi,
                "skill_text": formats.signed(skill),
                "interval": f"{formats.signed(lo)} to {formats.signed(hi)}",
                "best": formats.percent(cells["best"][place]),
                "win": formats.percent(cells["win"][place]),
                "change": formats.change(moved),
                "change_in_words": formats.change_in_words(moved),
                "direction": _direction(moved),
                "battles": formats.count(tally[model]),
            }
        )
    return rows


def _direction(moved: int | None) -> str:
    if not moved:
        return "same"
    return "up" if moved > 0 else "down"


def _facts(data: Mapping[str, Any], board: int, model_count: int) -> list[tuple[str, str]]:
    boards = data["boards"]
    heard, effective = boards["heard_count"][board], boards["effective"][board]
    facts = [(formats.count(boards["battle_count"][board]), "verdicts")]
    if heard:
        facts.append((formats.count(heard), "people"))
    if effective is not None:
        facts.append((formats.count(effective), "effective, after weighting"))
    facts.append((formats.count(model_count), "models"))
    stratum = boards["stratum_id"][board]
    of_sample, of_adults = (data["strata"][name][stratum] for name in ("heard", "population"))
    if of_sample is not None and of_adults is not None:
        facts.append((formats.share(of_sample), "of the country's sample"))
        facts.append((formats.share(of_adults), "of the country's adults"))
    return facts
