"""Head to head: of each default board, how many prefer one model to another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from publishing.page.leaderboards import PERCENT, Key, columns, differences, scaled
from publishing.page.marts import Rows

Row = Mapping[str, Any]
COLUMNS = ("share", "lo", "hi", "votes", "apart")
# Of boards of everybody and of countries; of groups few pairs have votes enough for them.
OUTCOMES = ("won", "lost", "rest")
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
        half. All are null where the pair has no row. Of boards of everybody and of countries, else
        null: `won` and `lost`, the votes that preferred the first and the second, and `rest`, how
        many the votes are more than those and the ties, as all of them are rounded down.
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
            cells: dict[str, Any] = columns(
                list(_cells(found[key], models[:size])), (*COLUMNS, *OUTCOMES)
            )
            if "/" in key.stratum_id:
                cells |= dict.fromkeys(OUTCOMES)
            entries.append({"board": place, "size": size, **cells})
    return columns(entries, ("board", "size", *COLUMNS, *OUTCOMES))


def _cells(rows: Mapping[tuple[str, str], Row], models: list[str]) -> Any:
    for place, one in enumerate(models):
        before = EVEN
        for other in models[place + 1 :]:
            row = rows.get((one, other))
            if row is None:
                yield dict.fromkeys((*COLUMNS, *OUTCOMES))
                continue
            share = scaled(row["win_share"], PERCENT)
            lo, hi = differences(row, share, "win_share")
            is_apart = row["win_share_lo"] > HALF or row["win_share_hi"] < HALF
            yield {
                "share": share - before,
                "lo": lo,
                "hi": hi,
                "votes": row["battle_count"],
                "won": row["win_count"],
                "lost": row["loss_count"],
                "rest": _rest(row),
                "apart": int(is_apart),
            }
            before = share


def _rest(row: Row) -> int | None:
    counts = [row[name] for name in ("battle_count", "win_count", "loss_count", "tie_count")]
    return None if None in counts else counts[0] - sum(counts[1:])
