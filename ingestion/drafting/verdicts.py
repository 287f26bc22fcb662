"""How a file says who won: in words, by flags, by the winner's name, in a column per question."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingestion.drafting.words import (
    CALLED,
    NAMED_SIDES,
    NOTHING,
    OF_MODELS,
    SIDES,
    TIES,
    is_doubtful,
    meaning,
    slug,
    words,
)
from ingestion.vocabulary import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ingestion.drafting.sample import Sample

FLAGS = {"0", "1", "0.0", "1.0", "true", "false"}
MOST_VALUES = 12
NAME_LENGTH = 120
UNDERSTOOD_MIN = 0.8
# Numbers say who won only where they are these; a tie is then a guess.
NUMBERED = {"1": Outcome.A, "2": Outcome.B, "0": Outcome.TIE, "3": Outcome.TIE}


@dataclass
class Verdicts:
    """How the winner is written; at most one of the first three is there.

    Args:
        flags: a column of 0 and 1 per verdict.
        winner: the column that names the winner, and the one that is 1 for a tie.
        columns: columns that hold a verdict in words, one per question.
        values: what each value of `columns` means; None: nothing was said.
        unknown: values whose meaning nobody can read from them.
        doubtful: values that may mean another verdict than the one written.
    """

    flags: dict[str, Outcome] = field(default_factory=dict)
    winner: tuple[str, str | None] | None = None
    columns: list[str] = field(default_factory=list)
    values: dict[str, Outcome | None] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)

    @property
    def used(self) -> list[str]:
        """The file's columns that say it."""
        named = [name for name in self.winner or () if name]
        return [*self.flags, *named, *self.columns]


def model_columns(sample: Sample) -> tuple[str, str] | None:
    """The columns of the two models: alike but for a word such as left and right."""
    found = []
    names = [name for name in sample.columns if is_a_name(sample, name)]
    for one in names:
        for other in names:
            rest = _between(words(one), words(other))
            if rest is not None:
                numbers = all(text.isdecimal() for text in sample.said(one))
                found.append((numbers, "name" not in rest, len(rest), one, other))
    return min(found)[3:] if found else None


def _between(first: list[str], second: list[str]) -> list[str] | None:
    """The words that two headers share, where they differ by a side alone and are about models."""
    if len(first) != len(second):
        return None
    parts = [pair for pair in zip(first, second, strict=True) if pair[0] != pair[1]]
    rest = [one for one, other in zip(first, second, strict=True) if one == other]
    if len(parts) != 1 or parts[0] not in SIDES or not {*rest} <= OF_MODELS:
        return None
    return rest if rest or parts[0][0] in NAMED_SIDES else None


def is_a_name(sample: Sample, name: str) -> bool:
    """Whether a column holds short texts, some of them."""
    said = sample.said(name)
    return bool(said) and max(map(len, said)) <= NAME_LENGTH


def find_verdicts(sample: Sample, models: tuple[str, str]) -> Verdicts:
    """How the file says which of the two models won; empty where it can't be seen."""
    names = [name for name in sample.columns if name not in models]
    flags = _flags(sample, names)
    if {Outcome.A, Outcome.B} <= {*flags.values()}:
        return Verdicts(flags=flags)
    winner = _winner(sample, names, models)
    if winner is not None:
        return Verdicts(winner=winner)
    columns = [name for name in names if _is_in_words(sample, name)]
    if not columns:
        called = CALLED["outcome"]
        likely = (name for own in called for name in names if slug(name) == own)
        short = (name for name in likely if len(sample.distinct(name)) <= MOST_VALUES)
        columns = [name for name in short if sample.said(name)][:1]
    return _in_words(sample, columns)


def _flags(sample: Sample, names: Iterable[str]) -> dict[str, Outcome]:
    found: dict[str, Outcome] = {}
    for name in names:
        outcome = meaning(name)
        values = {text.lower() for text in sample.distinct(name)}
        if outcome is not None and values and values <= FLAGS:
            found[name] = outcome
    return found


def _winner(
    sample: Sample, names: Iterable[str], models: tuple[str, str]
) -> tuple[str, str | None] | None:
    """The column that names one of the row's two models, where most of its cells do."""
    sides = list(zip(*(sample.columns[model] for model in models), strict=True))
    tie = next((name for own in TIES for name in names if slug(name) == own), None)
    for name in names:
        cells = [
            (cell, pair) for cell, pair in zip(sample.columns[name], sides, strict=True) if cell
        ]
        if cells and sum(cell in pair for cell, pair in cells) >= UNDERSTOOD_MIN * len(cells):
            return name, tie
    return None


def _is_in_words(sample: Sample, name: str) -> bool:
    """Whether a column's values are verdicts by themselves: at least two kinds of them."""
    said, distinct = sample.said(name), sample.distinct(name)
    if not said or len(distinct) > MOST_VALUES:
        return False
    known = {text: meaning(text) for text in distinct if not text.isdecimal()}
    understood = sum(known.get(text) is not None or slug(text) in NOTHING for text in said)
    kinds = {one for one in known.values() if one is not None}
    return understood >= UNDERSTOOD_MIN * len(said) and bool({Outcome.A, Outcome.B} & kinds)


def _in_words(sample: Sample, columns: list[str]) -> Verdicts:
    found = Verdicts(columns=columns)
    values = list(dict.fromkeys(text for name in columns for text in sample.distinct(name)))
    numbers = {text for text in values if text.isdecimal()}
    is_numbered = {"1", "2"} <= numbers and numbers <= {*NUMBERED} and not {"0", "3"} <= numbers
    for text in values:
        if text.isdecimal():
            outcome = NUMBERED[text] if is_numbered else None
            found.doubtful += [text] if is_numbered else []
        else:
            outcome = meaning(text)
            found.doubtful += [text] if outcome and is_doubtful(text) else []
        if outcome is None and slug(text) not in NOTHING:
            found.unknown.append(text)
        else:
            found.values[text] = outcome
    return found
