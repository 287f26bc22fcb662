"""Asks an OpenAI-compatible endpoint, again where that may help, and never trusts what it answers.

Redirects are not followed: they would carry the key to somebody else.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ingestion.errors import DemoscopeError, UsageError

URL, KEY = "DEMOSCOPE_JUDGE_URL", "DEMOSCOPE_JUDGE_KEY"
MODEL = "DEMOSCOPE_JUDGE_MODEL"
MOST_BYTES = 1 << 20
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
TOO_MANY_REQUESTS, SERVER_ERROR, TIMED_OUT = 429, 500, 408
# What a provider appends to a name: a date or a number of a release, never another model's name.
_RELEASE = re.compile(r"[-@:](v?\d[\d.-]*|latest)")


class EndpointError(DemoscopeError):
    """The endpoint can't be used as it is; asking again would not help."""


class NoAnswerError(Exception):
    """The endpoint gave no usable answer to one conversation; says why."""


@dataclass(frozen=True)
class Answer:
    """What the endpoint said.

    Args:
        text: the judge's words.
        model: the model that gave them, as the endpoint says.
        tokens_in: tokens read, as the endpoint says; None where it doesn't.
        tokens_out: tokens written.
    """

    text: str
    model: str
    tokens_in: int | None
    tokens_out: int | None


@dataclass
class Endpoint:
    """Where to ask, and how patiently; may be used by several threads.

    Args:
        url: up to and without `/chat/completions`.
        key: sent as a bearer token; None: none is.
        model: which model is asked.
        seed: sent with every question.
        timeout: seconds that one answer may take in all.
        tries: how often one question is asked at most.
        per_minute: most requests a minute; None: as many as come.
        sleep: waits seconds.
    """

    url: str
    key: str | None
    model: str
    seed: int = 0
    timeout: float = 60.0
    tries: int = 6
    per_minute: float | None = None
    sleep: Callable[[float], None] = time.sleep
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _next_at: float = 0.0

    def __post_init__(self) -> None:
        if not self.url.strip():
            message = f"No endpoint to ask: {URL} is not set."
            remedy = (
                f"Set it to an address that speaks OpenAI's chat completions, as"
                f" {URL}=https://HOST/v1, and {KEY} to its key if it wants one."
            )
            raise UsageError(message, remedy=remedy)
        if not re.fullmatch(r"https?://[^\s@]+", self.url):
            message = f"{URL} is no address of http or https without a name in it."
            raise UsageError(message, remedy=f"Set it, as {URL}=https://HOST/v1; the key is {KEY}.")

    @classmethod
    def from_environment(cls, model: str, **asked: Any) -> Endpoint:
        """The endpoint that DEMOSCOPE_JUDGE_URL names, with the key in DEMOSCOPE_JUDGE_KEY.

        Raises:
            UsageError: it names none.
        """
        return cls(os.environ.get(URL, ""), os.environ.get(KEY) or None, model, **asked)

    def ask(self, prompt: str, text: str) -> Answer:
        """One answer.

        Raises:
            EndpointError: it refuses, redirects, or another model answers.
            NoAnswerError: it gave none that can be read, as often as it was asked.
        """
        why, wait = "", 0.0
        for number in range(self.tries):
            if number:
                self.sleep(wait)
            self._wait_for_turn()
            try:
                return self._answer(self._post(prompt, text))
            except _AgainError as error:
                why = str(error)
                backoff = min(FIRST_WAIT * 2**number, LONGEST_WAIT)
                wait = min(max(backoff, error.seconds), LONGEST_WAIT)
        raise NoAnswerError(f"{why}, {self.tries} times")

    def _wait_for_turn(self) -> None:
        if self.per_minute is None:
            return
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next_at)
            self._next_at = turn + 60.0 / self.per_minute
        if turn > now:
            self.sleep(turn - now)

    def _post(self, prompt: str, text: str) -> Any:
        body = {
            "model": self.model,
            "temperature": 0,
            "seed": self.seed,
            "response_format": {"type": "json_object"},
            "messages": [
                {"role": "system", "content": prompt},
                {"role": "user", "content": f"<conversation>\n{text}\n</conversation>"},
            ],
        }
        request = urllib.request.Request(  # noqa: S310 (http or https: __post_init__)
            f"{self.url.rstrip('/')}/chat/completions",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"}
            | ({"Authorization": f"Bearer {self.key}"} if self.key else {}),
        )
        ends = time.monotonic() + self.timeout
        try:
            with _opener().open(request, timeout=self.timeout) as response:
                raw = _read(response, ends)
        except urllib.error.HTTPError as error:
            raise self._refused(error) from error
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise _AgainError(f"no answer came ({reason or type(error).__name__})") from error
        try:
            return json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise _AgainError("what came is no whole JSON") from error

    def _refused(self, error: urllib.error.HTTPError) -> Exception:
        error.close()
        if error.code in {TOO_MANY_REQUESTS, TIMED_OUT} or error.code >= SERVER_ERROR:
            return _AgainError(f"the endpoint says {error.code}", _seconds(error.headers))
        sent = "was sent" if self.key else "is not set, so no key was sent"
        remedy = f"Check {URL}, {KEY} (it {sent}) and --model ({self.model!a})."
        return EndpointError(f"The endpoint refuses: HTTP {error.code}.", remedy=remedy)

    def _answer(self, found: Any) -> Answer:
        try:
            text, model = found["choices"][0]["message"]["content"], found.get("model")
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise _AgainError("what came is no chat completion") from error
        if not isinstance(text, str):
            raise _AgainError("what came has no text")
        rest = str(model).removeprefix(self.model)
        is_meant = model == self.model or (
            str(model).startswith(self.model) and _RELEASE.fullmatch(rest)
        )
        if not is_meant:
            message = f"{self.model!a} was asked, and {model!a:.100} answered."
            raise EndpointError(message, remedy="Ask for the model that answers, by its own name.")
        usage = found.get("usage") if isinstance(found.get("usage"), dict) else {}
        tokens = (usage.get(name) for name in ("prompt_tokens", "completion_tokens"))
        return Answer(text, str(model), *(_whole(number) for number in tokens))


class _AgainError(Exception):
    """Asking again may help, after so many seconds."""

    def __init__(self, message: str, seconds: float = 0.0) -> None:
        super().__init__(message)
        self.seconds = seconds


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is an error like any other that asking again does not change."""

    def redirect_request(self, *_args: Any, **_more: Any) -> None:
        """None: it isn't followed."""
        return


def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(_NoRedirect)


def _read(response: Any, ends: float) -> bytes:
    """The body, unless it is too long, or comes too slowly by drips."""
    parts: list[bytes] = []
    size = 0
    while part := response.read1(65_536):
        parts.append(part)
        size += len(part)
        if size > MOST_BYTES:
            raise _AgainError("what came is longer than a megabyte")
        if time.monotonic() > ends:
            raise _AgainError("the answer takes too long")
    return b"".join(parts)


def _seconds(headers: Any) -> float:
    """What Retry-After asks for, where it is a number."""
    try:
        return max(float(headers.get("Retry-After", "0")), 0.0)
    except ValueError:
        return 0.0


def _whole(number: Any) -> int | None:
    is_count = isinstance(number, int) and not isinstance(number, bool) and number >= 0
    return number if is_count else None
