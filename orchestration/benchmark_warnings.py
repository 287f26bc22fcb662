"""What may be wrong with a file of benchmark scores: models that nobody compared, two scales."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

from ingestion.sources.batch import ROW_NUMBER
from publishing.counted import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pyarrow as pa

SHOWN = 5
LIKENESS_MIN = 0.6
WHOLE, PERCENT = 1.0, 100.0
# The lowest percent is above the highest share by so much, if not by more.
GAP = 3.0
COLUMNS = ("model_id", "benchmark", "metric", "score", "score_minimum", "score_maximum")

# The lowest and highest score there can be, as a row gives them.
Range = tuple[float | None, float]


@dataclass
class Scale:
    """How many scores of one benchmark and metric are up to 1, and above; the first above.

    `highest_within` and the lowest and highest of those above say whether there is a gap between
    the two, as between shares and percent; times and lengths go on from one to the other.
    """

    within: int = 0
    beyond: int = 0
    example: str = ""
    highest_within: float = 0.0
    lowest_beyond: float = math.inf
    highest_beyond: float = 0.0

    def add(self, score: float, example: str) -> None:
        """Take one score."""
        if 0.0 <= score <= WHOLE:
            self.within += 1
            self.highest_within = max(self.highest_within, score)
        elif score > WHOLE:
            self.beyond += 1
            self.example = self.example or example
            self.lowest_beyond = min(self.lowest_beyond, score)
            self.highest_beyond = max(self.highest_beyond, score)

    @property
    def has_two(self) -> bool:
        """Whether shares and percent may be mixed in it."""
        is_apart = self.lowest_beyond >= GAP * self.highest_within
        return bool(self.within and self.beyond) and is_apart and self.highest_beyond <= PERCENT


@dataclass
class Ranges:
    """The ranges that rows of one benchmark and metric give, and the scores without one.

    `given` has the first row of each range, `lowest` and `highest` are of scores without a maximum,
    `lowest_percent` is the lowest score of a range up to 100.
    """

    given: dict[Range, int] = field(default_factory=dict)
    lowest: tuple[float, str] = (math.inf, "")
    highest: tuple[float, str] = (-math.inf, "")
    lowest_percent: float = math.inf

    def add(self, score: float, example: str, row: int, given: Range | None) -> None:
        """Take one score, with its range where the row gives one."""
        if given is None:
            self.lowest = min(self.lowest, (score, example))
            self.highest = max(self.highest, (score, example))
            return
        self.given.setdefault(given, row)
        if given[1] == PERCENT:
            self.lowest_percent = min(self.lowest_percent, score)

    @property
    def listed(self) -> str:
        """Every range with its first row."""
        shown = [
            f"{'up' if least is None else f'{least:g}'} to {most:g} (row {row})"
            for (least, most), row in self.given.items()
        ]
        return listed(shown, SHOWN, "; ")

    @property
    def has_several(self) -> bool:
        """Whether rows give ranges that differ by more than that one leaves its minimum out."""
        least = {low for low, _ in self.given if low is not None}
        return len(least) > 1 or len({most for _, most in self.given}) > 1

    @property
    def outlier(self) -> str:
        """A score without a range that does not fit those that others give; nothing if all do."""
        if not self.given:
            return ""
        bottoms = [low for low, _ in self.given if low is not None]
        if self.highest[0] > max(most for _, most in self.given):
            return self.highest[1]
        if len(bottoms) == len(self.given) and self.lowest[0] < min(bottoms):
            return self.lowest[1]
        is_share = 0.0 <= self.lowest[0] <= WHOLE
        is_apart = math.inf > self.lowest_percent >= GAP * self.lowest[0]
        return self.lowest[1] if is_share and is_apart else ""


@dataclass
class ScoreNotes:
    """Models with a score, each with its first row; scales of scores without a maximum; ranges."""

    models: dict[str, int] = field(default_factory=dict)
    scales: dict[tuple[str, str | None], Scale] = field(default_factory=dict)
    ranges: dict[tuple[str, str | None], Ranges] = field(default_factory=dict)

    def note(self, native: pa.Table, logged: pa.Table) -> None:
        """Take rows of `benchmark_reported` as the source wrote them, and as the log has them."""
        numbers = native[ROW_NUMBER].to_pylist()
        columns = (logged[name].to_pylist() for name in COLUMNS)
        for number, model, benchmark, metric, score, least, most in zip(
            numbers, *columns, strict=True
        ):
            self.models.setdefault(model, number)
            exam, example = (benchmark, metric), f"{score:g} of {model!a} in row {number}"
            given = None if most is None else (least, most)
            self.ranges.setdefault(exam, Ranges()).add(score, example, number, given)
            if most is None:
                self.scales.setdefault(exam, Scale()).add(score, example)

    def warnings(self, known: Iterable[str], meant: Mapping[str, str]) -> list[str]:
        """Sentences on them.

        Args:
            known: models that the log's battles mean; where there are none yet,
                no score can be said to be of another model.
            meant: what names mean by the aliases that stand.
        """
        return [
            *_unknown(self.models, sorted(known), meant),
            *_two_scales(self.scales),
            *_ranges(self.ranges),
        ]


def _unknown(models: Mapping[str, int], known: list[str], meant: Mapping[str, str]) -> list[str]:
    others = [name for name in models if meant.get(name, name) not in set(known)]
    if not known or not others:
        return []
    shown = []
    for name in others[:SHOWN]:
        near = get_close_matches(name, known, n=1, cutoff=LIKENESS_MIN)
        hint = f", like {near[0]!a}" if near else ""
        shown.append(f"{name!a} (row {models[name]}{hint})")
    more = f"; and {len(others) - SHOWN:,} more" if len(others) > SHOWN else ""
    said = (
        f"Of {len(models):,} models with scores, {len(others):,} were compared by nobody under "
        f"that name, so their scores are held against nothing: {'; '.join(shown)}{more}. Where one "
        "is meant that was compared, say so in a file of aliases (demoscope benchmarks unmatched)."
    )
    return [said]


def _two_scales(scales: Mapping[tuple[str, str | None], Scale]) -> list[str]:
    """Benchmarks some of whose scores look like shares, and others like percent."""
    return [
        f"Of {benchmark!a} ({metric or 'score'}) {one.within:,} scores lie from 0 to 1 and "
        f"{one.beyond:,} above, such as {one.example}: are there shares and percent in one file? "
        "A column score_maximum lets such rows be refused."
        for (benchmark, metric), one in scales.items()
        if one.has_two
    ]


def _ranges(ranges: Mapping[tuple[str, str | None], Ranges]) -> list[str]:
    """Benchmarks whose rows give several ranges, or whose scores without one fit none."""
    said = []
    for (benchmark, metric), one in ranges.items():
        name = f"Of {benchmark!a} ({metric or 'score'})"
        if one.has_several:
            said.append(
                f"{name} rows give different ranges: {one.listed}. Scores are compared as they "
                "stand: write all on one scale."
            )
        if one.outlier:
            said.append(
                f"{name} a score without a range does not fit the range of others, {one.listed}: "
                f"{one.outlier}. Are there shares and percent in one file? Scores are compared as "
                "they stand: write all on one scale, with score_minimum and score_maximum."
            )
    return said
