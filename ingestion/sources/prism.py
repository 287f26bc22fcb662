"""PRISM as released: survey.jsonl (participants) and utterances.jsonl (scored answers).

https://huggingface.co/datasets/HannahRoseKirk/prism-alignment, Kirk et al. 2024, arXiv:2404.16019.
Licence: human-written texts CC-BY-4.0, model answers CC-BY-NC-4.0 (no text is taken from either).

survey.jsonl: one line becomes one `participant_enrolled`. Country is the country of residence,
'United States' as US and 'United Kingdom' as UK, others verbatim; ethnicity is the `simplified`
one. `occurred_at` is generated_datetime if it carries an offset, else null.

utterances.jsonl: the answers of a conversation's opening (turn 0), normally four, are compared two
by two: the higher score wins, equal scores tie, model a is the one that comes first in the file. A
battle's row number is the line of its first answer, and its original is both lines. Later turns
compare a model with itself: they yield no row and are counted in `set_aside_count`. An opening
answer that cannot be compared is a row of its own with a refusal about the field at fault; the
others of its conversation are still compared. One left alone is refused (`missing_value`, model_b).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import combinations, islice
from typing import Any, NamedTuple

from ingestion.sources.batch import (
    FileSource,
    NativeBatch,
    Objection,
    Objections,
    batch_of_rows,
    make_batch,
)
from ingestion.sources.files import LocalFile
from ingestion.sources.json_lines import inspect_line, read_lines
from ingestion.vocabulary import EventType, Outcome, Refusal

SOURCE = "prism"
VERSION = "prism/1"
_ROWS_PER_BATCH = 50_000
_COUNTRIES = {"United States": "US", "United Kingdom": "UK"}
_LIMITS = {"turn": (0, math.inf), "score": (1, 100)}
_OFFSET = re.compile(r":\d{2}.*(Z|[+-]\d{2}(:?\d{2})?)$")


class _Answer(NamedTuple):
    """One of the answers that open a conversation: its line in the file, model and score."""

    line: int
    model: str
    score: float


_Row = dict[str, str | None]
# Whose conversation it is, and its opening answers.
_Openings = dict[tuple[str, str | None], list[_Answer]]


class Prism(FileSource):
    """One of PRISM's two files.

    Args:
        file: survey.jsonl or utterances.jsonl.
        source: the source's name.
    """

    def __init__(self, file: LocalFile, source: str | None = None) -> None:
        self._name = source or SOURCE
        super().__init__(file, self._name, VERSION)

    def batches(self) -> Iterator[NativeBatch]:
        """Yield participants, or battles."""
        # The head may end within an object, so the key is looked for, not parsed. Within a text its
        # quotes would be escaped.
        is_utterances = b'"conversation_id"' in self.file.head
        yield from self._battles() if is_utterances else self._participants()

    def _participants(self) -> Iterator[NativeBatch]:
        for block in read_lines(self.file):
            found = [inspect_line(block, index) for index in range(len(block))]
            rows = [_participant(content) for content, _ in found]
            objections = {row: why for row, (_, why) in enumerate(found) if why is not None}
            kind, numbers = EventType.PARTICIPANT_ENROLLED, block.numbers.tolist()
            yield batch_of_rows(kind, self._name, rows, numbers, block.originals, objections)

    def _battles(self) -> Iterator[NativeBatch]:
        self.set_aside_count = 0
        openings: _Openings = {}
        refused: Objections = {}
        for block in read_lines(self.file):
            for index, number in enumerate(block.numbers.tolist()):
                content, objection = inspect_line(block, index)
                objection = objection or _objection(content)
                if objection is not None:
                    refused[number] = objection
                elif float(content["turn"]) > 0:
                    self.set_aside_count += 1
                else:
                    key = (_text(content["conversation_id"]) or "", _text(content.get("user_id")))
                    answer = _Answer(number, str(content["model_name"]), float(content["score"]))
                    openings.setdefault(key, []).append(answer)
        for answers in openings.values():
            if len(answers) == 1:
                refused[answers[0].line] = Refusal.MISSING_VALUE, "model_b"
        battles = _compared(openings)
        while found := list(islice(battles, _ROWS_PER_BATCH)):
            rows, lines = [row for row, _ in found], [pair for _, pair in found]
            kind, numbers = EventType.BATTLE_JUDGED, [first for first, _ in lines]
            originals = partial(self._originals, lines)
            yield batch_of_rows(kind, self._name, rows, numbers, originals)
        if refused:
            numbers = sorted(refused)
            originals = partial(self._originals, [(number,) for number in numbers])
            objections = {row: refused[number] for row, number in enumerate(numbers)}
            yield make_batch(None, {}, numbers, originals, objections)

    def _originals(self, lines: Sequence[tuple[int, ...]], positions: Sequence[int]) -> list[str]:
        """Read from the file again: openings are kept, texts are not."""
        wanted = {line for position in positions for line in lines[position]}
        found: dict[int, str] = {}
        for block in read_lines(self.file):
            there = [i for i, n in enumerate(block.numbers.tolist()) if n in wanted]
            found.update(zip(block.numbers[there].tolist(), block.originals(there), strict=True))
        return ["\n".join(found[line] for line in lines[position]) for position in positions]


def _compared(openings: _Openings) -> Iterator[tuple[_Row, tuple[int, int]]]:
    """Every two answers of an opening as a battle, with their lines."""
    for (conversation, participant), answers in openings.items():
        for (i, first), (j, second) in combinations(enumerate(answers), 2):
            outcome = Outcome.A if first.score > second.score else Outcome.B
            if first.score == second.score:
                outcome = Outcome.TIE
            row: _Row = {
                "native_id": json.dumps([conversation, i, j], ensure_ascii=False),
                "participant_id": participant,
                "conversation_id": conversation,
                "dimension": "overall",
                "model_a": first.model,
                "model_b": second.model,
                "outcome": outcome.value,
            }
            yield row, (first.line, second.line)


def _participant(content: dict[str, Any]) -> _Row:
    """A line of the survey under the contract's names."""
    location, ethnicity = content.get("location"), content.get("ethnicity")
    country = _text(location.get("reside_country")) if isinstance(location, dict) else None
    group = ethnicity.get("simplified") if isinstance(ethnicity, dict) else ethnicity
    time = _text(content.get("generated_datetime"))
    return {
        "native_id": _text(content.get("user_id")),
        "participant_id": _text(content.get("user_id")),
        "country": _COUNTRIES.get(country or "", country),
        "age": _text(content.get("age")),
        "gender": _text(content.get("gender")),
        "ethnicity": _text(group),
        "education": _text(content.get("education")),
        "occurred_at": time if _OFFSET.search(time or "") else None,
    }


def _objection(content: dict[str, Any]) -> Objection | None:
    """What is wrong with an utterance, and about which field."""
    turn = _number(content.get("turn"))
    # Later turns are no votes between models: so their score does not matter.
    needed = ("conversation_id", "turn", *(() if turn else ("model_name", "score")))
    missing = next((name for name in needed if content.get(name) in (None, "")), None)
    if missing is not None:
        return Refusal.MISSING_VALUE, missing
    for name, (low, high) in _LIMITS.items():
        number = _number(content.get(name))
        if name in needed and number is None:
            return Refusal.WRONG_TYPE, name
        if name in needed and number is not None and not low <= number <= high:
            return Refusal.OUT_OF_RANGE, name
    return None


def _number(value: Any) -> float | None:
    """A finite number from JSON (read as text), else None."""
    try:
        parsed = float(value) if isinstance(value, str) else math.nan
    except ValueError:
        return None
    return parsed if math.isfinite(parsed) else None


def _text(value: Any) -> str | None:
    """A value as text; nested ones as JSON."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
