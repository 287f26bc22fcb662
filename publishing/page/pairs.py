"""Head to head: of each default board, how many prefer one model to another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from publishing.page.leaderboards import PERCENT, Key, columns, differences, scaled
from publishing.page.marts import Rows

Row = Mapping[str, Any]
COLUMNS = ("share", "lo", "hi", "votes", "apart")
HALF = 0.5
EVEN = 50


def pairs(rows: Rows, boards: Mapping[Key, Rows]) -> dict[str, list[Any]]:
    """Each pair of models of a board once: (0, 1), (0, 2), ..., (1, 2), ... by the board's order.

    Args:
        rows: of `rpt_pairwise`, as `read_marts` gives them.
        boards: rows by key, best first, in the order of the page.

    Returns:
        Columns with one entry per board that has pairs: `board`, its place; `size`, how many of its
        models, the first, are paired; and lists with one number per pair: `share` of wins of
        the first, a tie counting half, in percent, less that of the pair before, of 50 where
        another model begins; `lo` and `hi` how far its ends are off, as in a leaderboard; `votes`,
        null where too few people judged the pair; `apart`, 1 where the interval leaves out one
        half. All are null where the pair has no row.
    """
    found: dict[Key, dict[tuple[str, str], Row]] = {}
    for row in rows:
        key = Key(row["stratum_id"], row["dimension"], row["estimator"], row["weighting"])
        found.setdefault(key, {})[row["model_a"], row["model_b"]] = row
    entries = []
    for place, (key, board) in enumerate(boards.items()):
        if key in found:
            paired = {model for pair in found[key] for model in pair}
            models = [row["model_id"] for row in board if row["model_id"] in paired]
            size = next(
                (at for at, row in enumerate(board) if row["model_id"] not in paired), len(board)
            )
            cells = columns(list(_cells(found[key], models[:size])), COLUMNS)
            entries.append({"board": place, "size": size, **cells})
    return columns(entries, ("board", "size", *COLUMNS))


def _cells(rows: Mapping[tuple[str, str], Row], models: list[str]) -> Any:
    for place, one in enumerate(models):
        before = EVEN
        for other in models[place + 1 :]:
            row = rows.get((one, other))
            if row is None:
                yield dict.fromkeys(COLUMNS)
                continue
            share = scaled(row["win_share"], PERCENT)
            lo, hi = differences(row, share, "win_share")
            is_apart = row["win_share_lo"] > HALF or row["win_share_hi"] < HALF
            yield {
                "share": share - before,
                "lo": lo,
                "hi": hi,
                "votes": row["battle_count"],
                "apart": int(is_apart),
            }
            before = share
