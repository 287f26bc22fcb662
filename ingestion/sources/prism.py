"""PRISM as released: survey.jsonl (participants) and utterances.jsonl (scored answers).

https://huggingface.co/datasets/HannahRoseKirk/prism-alignment, Kirk et al. 2024, arXiv:2404.16019.
Licence: human-written texts CC-BY-4.0, model answers CC-BY-NC-4.0 (no text is taken from either).

survey.jsonl: one line becomes one `participant_enrolled`. Country is the country of residence,
'United States' as US and 'United Kingdom' as UK, others verbatim; ethnicity is the `simplified`
one. `occurred_at` is generated_datetime if it carries an offset, else null.

utterances.jsonl: the answers of a conversation's opening (turn 0), normally four, are compared two
by two: the higher score wins, equal scores tie, model a is the one that comes first in the file. A
battle's row number is the line of its first answer, and its original is both lines. An opening
answer that cannot be compared is a row of its own with a refusal about the field at fault; the
others of its conversation are still compared. One left alone is refused (`missing_value`, model_b).

Set aside are: later turns, and two opening answers of one model, for they compare a model with
itself; and an opening answer that stands in the file before, by its `utterance_id` or else word for
word. One whose `utterance_id` stands before with another conversation, model or score is refused
(`conflicting_duplicate`). `set_aside_count` counts them, and `warnings` says why.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations, islice
from typing import Any, NamedTuple, NoReturn

from ingestion.errors import LoadRefusedError
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
VERSION = "prism/2"
_ROWS_PER_BATCH = 50_000
# Answers are compared two by two and kept until the file has ended; PRISM has 4 and 28,000.
_MAX_ANSWERS, _MAX_ANSWERS_IN_ALL = 100, 1_000_000
_COUNTRIES = {"United States": "US", "United Kingdom": "UK"}
_LIMITS = {"turn": (0, math.inf), "score": (1, 100)}
_OFFSET = re.compile(r":\d{2}.*(Z|[+-]\d{2}(:?\d{2})?)$")


class _Answer(NamedTuple):
    """One of the answers that open a conversation: its line in the file, model and score."""

    line: int
    model: str
    score: float


_Row = dict[str, str | None]
# Its id, and whose it is.
_Conversation = tuple[str, str | None]
_LATER = "answers of later turns were set aside: they compare a model with itself."
_ALIKE = "pairs of two answers of one model were set aside: they compare it with itself."
_REPEATED = "answers stand in the file before and were set aside: each counts once."


@dataclass
class _Openings:
    """The opening answers of a file, and what is no answer to compare.

    Args:
        name: what messages call the file.
        answers: of each conversation in file order; None for one that is refused, which keeps its
            place, so that the others have the same ids once it is corrected.
        refused: by line.
        set_aside: why -> how many.
        said: what was said under each utterance's id.
    """

    name: str
    answers: dict[_Conversation, list[_Answer | None]] = field(default_factory=dict)
    refused: Objections = field(default_factory=dict)
    set_aside: Counter[str] = field(default_factory=Counter)
    said: dict[bytes, tuple[_Conversation, str, float]] = field(default_factory=dict)

    def add(self, line: int, content: dict[str, Any], objection: Objection | None) -> None:
        """Take a line of the file, and what the reader has against it."""
        objection = objection or _objection(content)
        conversation = (
            _text(content.get("conversation_id")) or "",
            _text(content.get("user_id")),
        )
        is_opening = _number(content.get("turn")) == 0
        if objection is not None:
            self.refused[line] = objection
            if is_opening:
                self.answers.setdefault(conversation, []).append(None)
        elif not is_opening:
            self.set_aside[_LATER] += 1
        else:
            if len(self.said) >= _MAX_ANSWERS_IN_ALL:
                self.fail(line, f"the file has more than {_MAX_ANSWERS_IN_ALL:,} opening answers")
            answer = _Answer(line, str(content["model_name"]), float(content["score"]))
            says = (conversation, answer.model, answer.score)
            before = self.said.setdefault(_identity(content), says)
            if before is says:
                answers = self.answers.setdefault(conversation, [])
                answers.append(answer)
                if len(answers) > _MAX_ANSWERS:
                    self.fail(line, f"its conversation opens with more than {_MAX_ANSWERS} answers")
            elif before == says:
                self.set_aside[_REPEATED] += 1
            else:
                self.refused[line] = Refusal.CONFLICTING_DUPLICATE, "utterance_id"

    def fail(self, line: int, why: str) -> NoReturn:
        """Stop at a line that goes beyond what can be held."""
        raise LoadRefusedError(
            f"{self.name}: line {line}: {why}, which is the limit.",
            remedy="PRISM has none like it: check the file, or load it in parts.",
        )

    def refuse_lonely(self) -> None:
        """Refuse answers that have none to be compared with."""
        for answers in self.answers.values():
            there = [answer for answer in answers if answer is not None]
            if len(there) == 1:
                self.refused[there[0].line] = Refusal.MISSING_VALUE, "model_b"

    def battles(self) -> Iterator[tuple[_Row, tuple[int, int]]]:
        """Every two answers of an opening as a battle, with their lines."""
        for (conversation, participant), answers in self.answers.items():
            for (i, first), (j, second) in combinations(enumerate(answers), 2):
                if first is None or second is None:
                    continue
                if first.model == second.model:
                    self.set_aside[_ALIKE] += 1
                    continue
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


class Prism(FileSource):
    """One of PRISM's two files.

    Args:
        file: survey.jsonl or utterances.jsonl.
        source: the source's name.
    """

    def __init__(self, file: LocalFile, source: str | None = None) -> None:
        self._name = source or SOURCE
        super().__init__(file, self._name, VERSION)
        self._set_aside: Counter[str] = Counter()

    @property
    def warnings(self) -> Sequence[str]:
        """What was set aside so far, and why."""
        return [f"{count:,} {why}" for why, count in sorted(self._set_aside.items())]

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
        openings = _Openings(self.name)
        self._set_aside = openings.set_aside
        for block in read_lines(self.file):
            for index, line in enumerate(block.numbers.tolist()):
                openings.add(line, *inspect_line(block, index))
        openings.refuse_lonely()
        battles, refused = openings.battles(), openings.refused
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
        self.set_aside_count = self._set_aside.total()

    def _originals(self, lines: Sequence[tuple[int, ...]], positions: Sequence[int]) -> list[str]:
        """Read from the file again: openings are kept, texts are not."""
        wanted = {line for position in positions for line in lines[position]}
        found: dict[int, str] = {}
        for block in read_lines(self.file):
            there = [i for i, n in enumerate(block.numbers.tolist()) if n in wanted]
            found.update(zip(block.numbers[there].tolist(), block.originals(there), strict=True))
        return ["\n".join(found[line] for line in lines[position]) for position in positions]


def _identity(content: dict[str, Any]) -> bytes:
    """What an utterance is known by: its id, or all that it says."""
    named = _text(content.get("utterance_id"))
    if named:
        return b"id" + named.encode("utf-8", "surrogatepass")
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).digest()


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
