"""The section on benchmarks: how far each orders models as people do, drawn and as tables.

It is of the board that the page opens with, of everybody, and needs no script: figures and drawings
are in the document, so that a reader without JavaScript has them too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from publishing.page.marts import Rows

Row = Mapping[str, Any]
Box = tuple[float, float, float, float]
# A page has room for so many; the others are in the files to download.
MOST_GAPS, MOST_CHARTS, MOST_LABELS = 20, 3, 10
NORMAL_975 = 1.959963984540054
LEVEL = 0.05
MOST_TICKS = 6.0
STEPS = (0.1, 0.2, 0.5, 1.0, 2.0)
WIDTH, HEIGHT = 560, 380
LEFT, RIGHT, TOP, BOTTOM = 46, 16, 26, 40
LETTER, LINE = 6.4, 14.0
MINUS = "\N{MINUS SIGN}"
BETTER = {"people": "better with people", "paper": "better on paper"}


def benchmark_section(
    gaps: Rows, residuals: Rows, *, dimension: str, weighting: str
) -> dict[str, Any] | None:
    """What the section shows of everybody's board; None where nothing can be compared.

    Args:
        gaps: of `rpt_benchmark_gap`, everybody's boards of the exact estimator.
        residuals: of `rpt_benchmark_residual`, the same.
        dimension: of the board.
        weighting: of the board.
    """
    of_board = [
        row for row in gaps if (row["dimension"], row["weighting"]) == (dimension, weighting)
    ]
    known = [row for row in of_board if row["correlation"] is not None]
    if not known:
        return None
    known.sort(key=lambda row: (-row["model_count"], row["benchmark"], row["metric"]))
    shown = known[:MOST_GAPS]
    return {
        "gaps": [_gap(row) for row in shown],
        "more_count": len(of_board) - len(shown),
        "charts": [
            chart
            for row in shown[:MOST_CHARTS]
            if (chart := _chart(row, _of(residuals, row))) is not None
        ],
    }


def _of(residuals: Rows, gap: Row) -> Rows:
    key = ("benchmark", "metric", "dimension", "weighting")
    rows = [
        row
        for row in residuals
        if all(row[name] == gap[name] for name in key) and row["residual"] is not None
    ]
    return sorted(rows, key=lambda row: (row["people_rank"], row["model_id"]))


def _gap(row: Row) -> dict[str, Any]:
    return {
        "name": _name(row),
        "model_count": row["model_count"],
        "unmatched_count": row["unmatched_count"],
        "correlation": _number(row["correlation"]),
        "interval": _interval(row["correlation_lo"], row["correlation_hi"]),
        "true": _number(row["true_correlation"]),
        "true_interval": _interval(row["true_correlation_lo"], row["true_correlation_hi"]),
        "is_sure": row["p_adjusted"] is not None and row["p_adjusted"] <= LEVEL,
    }


def _name(row: Row) -> str:
    return f"{row['benchmark']} ({row['metric']})"


def _number(value: float | None, places: int = 2) -> str:
    if value is None:
        return "unknown"
    text = f"{abs(value):.{places}f}"
    return f"{MINUS}{text}" if value < 0.0 and float(text) else text


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{_number(low)} to {_number(high)}"


def _chart(gap: Row, rows: Rows) -> dict[str, Any] | None:
    """A scatter of scores and skills with their intervals, and the same as a table."""
    if not rows:
        return None
    across, up = (
        _Scale(rows, "score", LEFT, WIDTH - RIGHT),
        _Scale(rows, "skill", HEIGHT - BOTTOM, TOP),
    )
    points = [_point(row, across, up) for row in rows]
    sure = [point for point in points if point["better"]]
    named = sorted(sure, key=lambda point: -abs(point["residual"]))[:MOST_LABELS]
    lower = "; lower is better" if gap["better"] == "lower" else ""
    return {
        "name": _name(gap),
        "score_title": f"{gap['metric']}{lower}",
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "right": WIDTH - RIGHT,
        "bottom": HEIGHT - BOTTOM,
        "across": across.ticks(),
        "up": up.ticks(),
        "points": points,
        "labels": list(_labels(named, points)),
        "rows": [_line(row) for row in rows],
        "words": _words(gap, sure),
    }


def _words(gap: Row, sure: Sequence[Row]) -> str:
    """What the drawing shows, for readers who do not see it."""
    words = (
        f"{gap['model_count']} models by their score on {_name(gap)} and their skill with people:"
        f" rank correlation {_number(gap['correlation'])}."
    )
    for side, said in BETTER.items():
        names = [point["name"] for point in sure if point["better"] == side]
        if names:
            words += f" Surely {said}: {', '.join(names)}."
    return words


class _Scale:
    """From a figure to a place on the drawing; it holds every interval."""

    def __init__(self, rows: Rows, name: str, begin: float, end: float) -> None:
        values = [row[name] for row in rows]
        half = [NORMAL_975 * (row[_SD[name]] or 0.0) for row in rows]
        low = min(value - one for value, one in zip(values, half, strict=True))
        high = max(value + one for value, one in zip(values, half, strict=True))
        room = (high - low) * 0.03 or 1.0
        self._low, self._high = low - room, high + room
        self._begin, self._end = begin, end

    def at(self, value: float) -> float:
        """Its place."""
        share: float = (value - self._low) / (self._high - self._low)
        return round(self._begin + share * (self._end - self._begin), 1)

    def ticks(self) -> list[tuple[float, str]]:
        """Three to six round numbers."""
        span = self._high - self._low
        unit = 10.0 ** _exponent(span)
        step = next(one * unit for one in STEPS if span / (one * unit) <= MOST_TICKS)
        first = -int(-self._low // step)
        places = max(0, -_exponent(step))
        found = []
        while first * step <= self._high:
            found.append((self.at(first * step), _number(first * step, places)))
            first += 1
        return found


_SD = {"score": "score_error", "skill": "skill_sd"}


def _exponent(value: float) -> int:
    return int(f"{value:e}".partition("e")[2])


def _point(row: Row, across: _Scale, up: _Scale) -> dict[str, Any]:
    error, sd = NORMAL_975 * (row["score_error"] or 0.0), NORMAL_975 * row["skill_sd"]
    return {
        "name": row["display_name"],
        "x": across.at(row["score"]),
        "y": up.at(row["skill"]),
        "x_lo": across.at(row["score"] - error),
        "x_hi": across.at(row["score"] + error),
        "y_lo": up.at(row["skill"] - sd),
        "y_hi": up.at(row["skill"] + sd),
        "better": row["better_with"],
        "residual": row["residual"],
        "title": f"{row['display_name']}: rank {row['people_rank']} with people,"
        f" {row['paper_rank']} on paper",
    }


def _line(row: Row) -> dict[str, Any]:
    return {
        "name": row["display_name"],
        "score": f"{row['score']:g}",
        "people_rank": row["people_rank"],
        "paper_rank": row["paper_rank"],
        "residual": _number(row["residual"]),
        "interval": _interval(row["residual_lo"], row["residual_hi"]),
        "better": BETTER.get(row["better_with"] or "", ""),
    }


def _labels(named: Sequence[Row], points: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """A name stands beside its dot, on no other dot and no other name; else there is none."""
    taken: list[Box] = [(p["x"] - 5, p["y"] - 5, p["x"] + 5, p["y"] + 5) for p in points]
    for point in named:
        box = next((one for one in _boxes(point) if _is_free(one, taken)), None)
        if box is not None:
            taken.append(box)
            x, y = round(box[0], 1), round(box[3] - 3.0, 1)
            yield {"x": x, "y": y, "name": point["name"]}


def _boxes(point: Row) -> Iterator[Box]:
    """Where a name may stand."""
    length = len(point["name"]) * LETTER
    for left in (point["x"] + 7.0, point["x"] - 7.0 - length, point["x"] - length / 2.0):
        for top in (point["y"] - 7.0, point["y"] - 20.0, point["y"] + 6.0):
            yield left, top, left + length, top + LINE


def _is_free(box: Box, taken: Sequence[Box]) -> bool:
    return (
        box[0] >= LEFT
        and box[2] <= WIDTH
        and not any(
            box[0] < one[2] and one[0] < box[2] and box[1] < one[3] and one[1] < box[3]
            for one in taken
        )
    )
