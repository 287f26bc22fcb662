"""One run: every conversation asked about once, answers kept as they come, then a file of labels.

An answer is kept under the hash of all that it depends on, so a run that was killed goes on where
it was, and a run again asks nothing. The file of labels appears when nothing more is to be asked.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingestion.errors import DemoscopeError
from ingestion.labelling.answers import WrongAnswerError, labels_in
from ingestion.labelling.conversations import Conversation
from ingestion.labelling.endpoint import Answer, Endpoint, NoAnswerError
from ingestion.rubrics.prompt import prompt_of, prompt_sha256
from ingestion.rubrics.reading import Rubric
from ingestion.vocabulary import EventType, LabellerKind

CHARACTERS_PER_TOKEN = 3
EXPECTED_TOKENS_OUT = 200
ASKED_AGAIN = 3
"""How often a judge may answer outside its rubric before a conversation is given up."""
FRUITLESS = 20
"""So many conversations in a row without an answer end a run: something else is wrong."""


class CapError(DemoscopeError):
    """The next question might cost more than the cap leaves."""


class FruitlessError(DemoscopeError):
    """Nothing that was asked lately got an answer."""


@dataclass(frozen=True)
class Prices:
    """What a million tokens cost, and what a run may; in one currency."""

    read: float = 0.0
    written: float = 0.0
    cap: float | None = None

    def of(self, tokens_in: int, tokens_out: int) -> float:
        """The cost of so many tokens."""
        return (tokens_in * self.read + tokens_out * self.written) / 1e6


@dataclass
class Report:
    """What a run did.

    Args:
        label_count: labels in the file.
        asked_count: conversations that were asked about now.
        kept_count: those whose answer was kept from an earlier run.
        failed: per conversation that got none, why.
        cost: of all answers that the run got, those of earlier runs too.
    """

    label_count: int = 0
    asked_count: int = 0
    kept_count: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    cost: float = 0.0


@dataclass
class Run:
    """One rubric over conversations.

    Args:
        rubric: what is asked.
        endpoint: who answers.
        source: the labels' source, that of the conversations.
        cache: directory of answers.
        prices: what it costs.
        workers: how many questions are under way at a time.
        tell: told how many conversations are done.
    """

    rubric: Rubric
    endpoint: Endpoint
    source: str
    cache: Path
    prices: Prices = field(default_factory=Prices)
    workers: int = 4
    tell: Callable[[int], None] = lambda _done: None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _report: Report = field(default_factory=Report)
    _reserved: float = 0.0
    _fruitless: int = 0
    _done: int = 0
    _is_over: bool = False

    def __post_init__(self) -> None:
        self._prompt = prompt_of(self.rubric)
        self._digest = prompt_sha256(self.rubric)

    def label(self, conversations: list[Conversation], out: Path) -> Report:
        """Ask about all, and write their labels.

        Raises:
            CapError: before a question that may cost more than is left; answers are kept.
            EndpointError: the endpoint can't be used; likewise.
            FruitlessError: many in a row got no answer; likewise.
        """
        self.cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        kept = {one: self._kept(one) for one in conversations}
        for entry in kept.values():
            if entry is not None:
                self._report.kept_count += 1
                self._report.cost += entry["cost"]
        self._done = self._report.kept_count
        open_ones = [one for one, entry in kept.items() if entry is None]
        with ThreadPoolExecutor(self.workers) as beside:
            futures = [beside.submit(self._one, one) for one in open_ones]
            try:
                for future in futures:
                    future.result()
            except BaseException:
                self._is_over = True
                beside.shutdown(wait=False, cancel_futures=True)
                raise
        self._write(conversations, out)
        return self._report

    def _one(self, conversation: Conversation) -> None:
        if self._is_over:
            return
        entry, why = None, ""
        for _ in range(ASKED_AGAIN):
            try:
                entry = self._ask(conversation)
                break
            except WrongAnswerError as error:
                why = f"the judge's answer is outside the rubric: {error}"
            except NoAnswerError as error:
                why = str(error)
                break
            except DemoscopeError:
                self._is_over = True
                raise
        with self._lock:
            self._done += 1
            self.tell(self._done)
            if entry is not None:
                self._report.asked_count += 1
                self._fruitless = 0
                return
            self._report.failed[_name(conversation)] = why
            self._fruitless += 1
            is_fruitless = self._fruitless >= FRUITLESS
        if is_fruitless:
            self._is_over = True
            message = f"{FRUITLESS} conversations in a row got no answer, the last because {why}."
            raise FruitlessError(message, remedy="Answers are kept: run it again once it works.")

    def _ask(self, conversation: Conversation) -> dict[str, Any]:
        expected = self._reserve(conversation)
        cost = 0.0
        try:
            answer = self.endpoint.ask(self._prompt, conversation.text)
            cost = self._cost(answer, conversation)
        finally:
            with self._lock:
                self._reserved -= expected
                self._report.cost += cost
        entry = {
            "labels": labels_in(self.rubric, answer.text),
            "judge_version": answer.model,
            "raw_sha256": hashlib.sha256(answer.text.encode()).hexdigest(),
            "labelled_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "cost": cost,
        }
        _appear(self._path(conversation), json.dumps(entry, sort_keys=True))
        return entry

    def _reserve(self, conversation: Conversation) -> float:
        """Take what a question may cost from what is left, before it is asked."""
        characters = len(self._prompt) + len(conversation.text)
        tokens = characters // CHARACTERS_PER_TOKEN + 1
        expected = self.prices.of(tokens, EXPECTED_TOKENS_OUT)
        with self._lock:
            spent = self._report.cost + self._reserved
            if self.prices.cap is not None and spent + expected > self.prices.cap:
                message = f"{spent:.4f} of {self.prices.cap:g} are spent; the next may be too much."
                raise CapError(message, remedy="Answers are kept: raise --max-cost to go on.")
            self._reserved += expected
        return expected

    def _cost(self, answer: Answer, conversation: Conversation) -> float:
        """As the endpoint counts tokens, else by length."""
        read, written = answer.tokens_in, answer.tokens_out
        if read is None:
            read = (len(self._prompt) + len(conversation.text)) // CHARACTERS_PER_TOKEN + 1
        if written is None:
            written = len(answer.text) // CHARACTERS_PER_TOKEN + 1
        return self.prices.of(read, written)

    def _path(self, conversation: Conversation) -> Path:
        asked = {
            "url": self.endpoint.url,
            "model": self.endpoint.model,
            "seed": self.endpoint.seed,
            "prompt_sha256": self._digest,
            "text": conversation.text,
        }
        digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
        return self.cache / f"{digest}.json"

    def _kept(self, conversation: Conversation) -> dict[str, Any] | None:
        """An earlier answer; None where there is none, or it is torn or of another rubric."""
        try:
            entry = json.loads(self._path(conversation).read_text(encoding="utf-8"))
            labels = [one["label"] for one in entry["labels"]]
            texts = [entry[name] for name in ("judge_version", "raw_sha256", "labelled_at")]
            cost = float(entry["cost"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        is_whole = labels == [label.label for label in self.rubric.labels]
        is_whole = is_whole and all(isinstance(text, str) for text in texts) and cost >= 0.0
        return entry if is_whole else None

    def _write(self, conversations: list[Conversation], out: Path) -> None:
        lines = [
            json.dumps(row, ensure_ascii=False)
            for conversation in conversations
            for row in self._rows(conversation)
        ]
        self._report.label_count = len(lines)
        out.parent.mkdir(parents=True, exist_ok=True)
        _appear(out, "".join(f"{line}\n" for line in lines))

    def _rows(self, conversation: Conversation) -> Iterator[Mapping[str, Any]]:
        entry = self._kept(conversation)
        if entry is None:
            return
        judge = self.endpoint.model
        about = [conversation.conversation_id, conversation.model_id]
        about += [judge, entry["judge_version"], self._digest, entry["raw_sha256"]]
        native = hashlib.sha256(json.dumps(about).encode()).hexdigest()[:32]
        for label in entry["labels"]:
            row = {
                "native_id": f"label-{native}",
                "event_type": EventType.CONVERSATION_LABELLED.value,
                "source": self.source,
                "occurred_at": entry["labelled_at"],
                "conversation_id": conversation.conversation_id,
                "model_id": conversation.model_id,
                "judge": judge,
                "judge_version": entry["judge_version"],
                "rubric": self.rubric.rubric,
                "rubric_version": self.rubric.version,
                "prompt_sha256": self._digest,
                "labeller_kind": LabellerKind.MODEL.value,
                "seed": self.endpoint.seed,
                "raw_sha256": entry["raw_sha256"],
                **label,
            }
            yield {name: value for name, value in row.items() if value is not None}


def _name(conversation: Conversation) -> str:
    model = f" ({conversation.model_id})" if conversation.model_id else ""
    return f"{conversation.conversation_id}{model}"


def _appear(path: Path, text: str) -> None:
    """A file that is there whole or not at all."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    try:
        unfinished.write_text(text, encoding="utf-8", newline="\n")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
