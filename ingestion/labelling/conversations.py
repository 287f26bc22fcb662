"""Reads the conversations that are to be labelled: one JSON object per line.

    {"conversation_id": "c1", "model_id": "alpha", "messages": [{"role": "user", "content": "..."}]}

`model_id` says whose answers are judged; it is left out where a label is of the conversation. In
place of `messages` there may be `text`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingestion.errors import NotFoundError, UsageError

MOST_CHARACTERS = 400_000
ROLES = {"system", "user", "assistant", "tool"}


@dataclass(frozen=True)
class Conversation:
    """What is to be labelled."""

    conversation_id: str
    model_id: str | None
    text: str


def read_conversations(path: Path) -> tuple[list[Conversation], list[str]]:
    """Conversations, and what is wrong with the rows that are left out.

    Raises:
        NotFoundError: there is no such file.
        UsageError: no row of it is a conversation.
    """
    if not path.is_file():
        raise NotFoundError(f"{path} is not there.", remedy="Name a file of conversations.")
    found: dict[tuple[str, str | None], Conversation] = {}
    wrong: list[str] = []
    for number, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        try:
            one = _conversation(json.loads(line))
            if found.setdefault((one.conversation_id, one.model_id), one) != one:
                raise ValueError("it is there before, with another text")  # noqa: TRY301 (as what is wrong in a row)
        except (ValueError, RecursionError) as error:
            why = "it is no JSON" if isinstance(error, json.JSONDecodeError) else error
            wrong.append(f"row {number}: {why}")
    if not found:
        first = f" ({wrong[0]})" if wrong else ""
        message = f"No row of {path} is a conversation{first}."
        raise UsageError(message, remedy="Give each a conversation_id, and messages or text.")
    return list(found.values()), wrong


def _lines(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        for line in file:
            yield line.decode("utf-8", errors="replace")


def _conversation(row: Any) -> Conversation:
    if not isinstance(row, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 (one kind of error)
    for name, is_required in (("conversation_id", True), ("model_id", False)):
        value = row.get(name)
        if not (isinstance(value, str) and value.strip()) and (is_required or value is not None):
            raise ValueError(f"{name} is {value!r}, not a text")
    text = row.get("text") if "text" in row else _text(row.get("messages"))
    if not isinstance(text, str) or not text.strip():
        raise ValueError("it has neither messages nor text")
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"its text has {len(text):,} characters, above {MOST_CHARACTERS:,}")
    return Conversation(row["conversation_id"], row.get("model_id"), text)


def _text(messages: Any) -> str:
    if not isinstance(messages, list):
        return ""
    turns = []
    for message in messages:
        is_turn = isinstance(message, dict) and message.get("role") in ROLES
        if not is_turn or not isinstance(message.get("content"), str):
            raise ValueError("a message of it has no role and content")
        turns.append(f"{message['role']}: {message['content']}")
    return "\n\n".join(turns)
