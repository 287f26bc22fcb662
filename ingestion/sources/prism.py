"""PRISM as released: survey.jsonl (participants) and utterances.jsonl (scored answers).

https://huggingface.co/datasets/HannahRoseKirk/prism-alignment, Kirk et al. 2024, arXiv:2404.16019.
Licence: human-written texts CC-BY-4.0, model answers CC-BY-NC-4.0 (no text is taken from either).
Which of the two files it is is read from its first object: only utterances have a conversation_id.

survey.jsonl: one line becomes one `participant_enrolled`. Country is the country of residence,
'United States' as US and 'United Kingdom' as UK, others verbatim; ethnicity is the `simplified`
one. `occurred_at` is generated_datetime if it carries an offset, else null.

utterances.jsonl: the answers of a conversation's opening (turn 0), normally four, are compared two
by two: six `battle_judged`, the higher score wins, equal scores tie. Model a is the one that comes
first in the file. Accounting: a battle's row number is the line of its first answer, and its
original is both lines. Later turns compare a model with itself and are no votes: they yield no row
and are counted in `set_aside_count`. An opening answer that cannot be compared is a row of its own
with a refusal about the field at fault: a missing score, model or conversation, a score that is no
number or not in 1..100, an unknown turn; the other answers of its conversation are still compared.
An opening answer that is left alone is refused too (`missing_value`, model_b).

What stays out: the conversations' texts, and PRISM's other files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import combinations, islice
from typing import Any

import numpy as np
import pyarrow as pa

from ingestion.sources.batch import NativeBatch
from ingestion.sources.files import LocalFile, fingerprint
from ingestion.sources.json_rows import inspect_line
from ingestion.sources.line_blocks import LineBlock
from ingestion.sources.lines import read_lines
from ingestion.sources.prism_rows import Answer, objection, outcome, participant, text
from ingestion.sources.rows import Objections, Originals, make_batch
from ingestion.vocabulary import EventType, Refusal

SOURCE = "prism"
VERSION = "prism/1"
_ROWS_PER_BATCH = 50_000


class Prism:
    """One of PRISM's two files.

    Args:
        file: survey.jsonl or utterances.jsonl.
        source: the source's name.
    """

    def __init__(self, file: LocalFile, source: str | None = None) -> None:
        self._file = file
        self._source = source or SOURCE
        self.set_aside_count = 0

    @property
    def name(self) -> str:
        """The file's path as the user wrote it."""
        return self._file.name

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the file's bytes, this reader's version and the source's name."""
        return fingerprint(self._file, mapping=VERSION, source=self._source)

    def batches(self) -> Iterator[NativeBatch]:
        """Yield participants, or battles."""
        # The head may end within an object, so the key is looked for, not parsed. Within a text its
        # quotes would be escaped.
        is_utterances = b'"conversation_id"' in self._file.head
        yield from self._battles() if is_utterances else self._participants()

    def _participants(self) -> Iterator[NativeBatch]:
        for block in read_lines(self._file):
            rows, refusals, about = [], [], []
            for index in range(len(block)):
                content, refusal, column = _object(block, index)
                refusals.append(refusal)
                about.append(column)
                rows.append(participant(content))
            names = (
                "native_id",
                "participant_id",
                "country",
                "age",
                "gender",
                "ethnicity",
                "education",
                "occurred_at",
            )
            columns = {n: pa.array([row[n] for row in rows], pa.string()) for n in names}
            yield self._batch(
                EventType.PARTICIPANT_ENROLLED,
                columns,
                block.numbers,
                block.originals,
                (refusals, about),
            )

    def _battles(self) -> Iterator[NativeBatch]:
        self.set_aside_count = 0
        openings: dict[tuple[str, str | None], list[Answer]] = {}
        refused: list[tuple[int, Refusal, str | None]] = []
        for block in read_lines(self._file):
            for index, number in enumerate(block.numbers.tolist()):
                content, refusal, column = _object(block, index)
                if refusal is None:
                    refusal, column = objection(content)
                if refusal is not None:
                    refused.append((number, refusal, column))
                elif float(content["turn"]) > 0:
                    self.set_aside_count += 1
                else:
                    key = (text(content["conversation_id"]) or "", text(content.get("user_id")))
                    answer = Answer(number, str(content["model_name"]), float(content["score"]))
                    openings.setdefault(key, []).append(answer)
        alone = [answers[0].line for answers in openings.values() if len(answers) == 1]
        refused += [(line, Refusal.MISSING_VALUE, "model_b") for line in alone]
        refused.sort(key=lambda row: row[0])
        battles = self._compared(openings)
        while rows := list(islice(battles, _ROWS_PER_BATCH)):
            lines = [(first.line, second.line) for _, _, first, second in rows]
            yield self._battle_batch(rows, self._reader(lines))
        if refused:
            numbers = np.array([row[0] for row in refused], dtype=np.int64)
            yield make_batch(
                None,
                {},
                numbers,
                self._reader([(row[0],) for row in refused]),
                ([row[1] for row in refused], [row[2] for row in refused]),
            )

    def _compared(
        self, openings: dict[tuple[str, str | None], list[Answer]]
    ) -> Iterator[tuple[tuple[str, str | None], str, Answer, Answer]]:
        for key, answers in openings.items():
            for (i, first), (j, second) in combinations(enumerate(answers), 2):
                yield key, json.dumps([key[0], i, j], ensure_ascii=False), first, second

    def _battle_batch(
        self,
        rows: list[tuple[tuple[str, str | None], str, Answer, Answer]],
        originals: Originals,
    ) -> NativeBatch:
        columns = {
            "native_id": pa.array([native_id for _, native_id, _, _ in rows], pa.string()),
            "participant_id": pa.array([key[1] for key, _, _, _ in rows], pa.string()),
            "conversation_id": pa.array([key[0] for key, _, _, _ in rows], pa.string()),
            "dimension": pa.repeat("overall", len(rows)),
            "model_a": pa.array([first.model for _, _, first, _ in rows], pa.string()),
            "model_b": pa.array([second.model for _, _, _, second in rows], pa.string()),
            "outcome": pa.array([outcome(a, b).value for _, _, a, b in rows], pa.string()),
        }
        numbers = np.array([first.line for _, _, first, _ in rows], dtype=np.int64)
        return self._batch(EventType.BATTLE_JUDGED, columns, numbers, originals, None)

    def _batch(
        self,
        event_type: EventType,
        columns: dict[str, Any],
        numbers: np.ndarray[tuple[int], np.dtype[np.int64]],
        originals: Originals,
        objections: Objections | None,
    ) -> NativeBatch:
        size = len(numbers)
        named = {
            "event_type": pa.repeat(event_type.value, size),
            "source": pa.repeat(self._source, size),
            **columns,
        }
        return make_batch(event_type, named, numbers, originals, objections)

    def _reader(self, lines: Sequence[tuple[int, ...]]) -> Originals:
        """Originals read from the file again: openings are kept, texts are not."""

        def originals(positions: Sequence[int]) -> list[str]:
            wanted = {line for position in positions for line in lines[position]}
            found: dict[int, str] = {}
            for block in read_lines(self._file):
                there = [i for i, n in enumerate(block.numbers.tolist()) if n in wanted]
                texts = block.originals(there)
                found.update(zip(block.numbers[there].tolist(), texts, strict=True))
            return ["\n".join(found[line] for line in lines[position]) for position in positions]

        return originals


def _object(block: LineBlock, index: int) -> tuple[dict[str, Any], Refusal | None, str | None]:
    if block.oversized is not None:
        return {}, Refusal.TOO_LONG, None
    finding = inspect_line(block.line(index))
    return finding.content, finding.refusal, finding.column
