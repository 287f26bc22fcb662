"""1,670,250 Chatbot Arena votes for anyone with a network: the counts inside the package leaderbot.

`leaderbot` 0.4.3 (PyPI, BSD-3-Clause, 160 KB) holds `chatbotarena_20240814.json`: `models`, `X`
(pairs of indexes into them) and `Y` (per pair: wins of the first, wins of the second, ties, both
bad). The wheel is downloaded, compared with the hash pinned here, and read without installing it
or running anything in it. These are the votes of the preset arena-pair-counts under the same
native ids: loading both gives duplicates, not twice the votes.

Accounting: one `battles_tallied` event per pair; row numbers count pairs from 1.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from ingestion.errors import DemoscopeError, LoadRefusedError, NotFoundError, UsageError
from ingestion.sources.batch import NativeBatch, make_batch
from ingestion.sources.files import first_line
from ingestion.vocabulary import EventType

VERSION = "0.4.3"
WHEEL = f"leaderbot-{VERSION}-py3-none-any.whl"
WHEEL_SHA256 = "6a35ee045966af27f184ef814559f26c24e3592f483160a5608dcbea7ce206b6"
MEMBER = "leaderbot/data/chatbotarena_20240814.json"
SOURCE = "chatbot-arena-2024-08"
_TIMEOUT_SECONDS = 120
_MAX_BYTES = 32 << 20
_UNFIT = (ValueError, LookupError, TypeError, OverflowError, RecursionError, pa.ArrowException)
_COUNTS = ("win_a_count", "win_b_count", "tie_count", "both_bad_count")


def fetch_leaderbot(cache: Path) -> Path:
    """The wheel in `cache`, downloaded with pip if it is not there yet.

    Raises:
        DemoscopeError: it cannot be downloaded (no network, no pip), or is not the one pinned.
    """
    wheel = cache / WHEEL
    if wheel.is_file() and _sha256(wheel) == WHEEL_SHA256:
        return wheel
    remedy = (
        f"Fetch it where there is a network (pip download --no-deps leaderbot=={VERSION}) and put "
        f"{WHEEL} into {cache}."
    )
    cache.mkdir(parents=True, exist_ok=True)
    wheel.unlink(missing_ok=True)
    pip = f"{sys.executable} -m pip --disable-pip-version-check download --quiet --no-deps"
    options = f"--only-binary :all: --retries 1 --timeout 15 leaderbot=={VERSION} --dest"
    try:
        done = subprocess.run(  # noqa: S603  # fixed arguments, no shell
            [*pip.split(), *options.split(), str(cache)],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
        lines = [line for line in done.stderr.splitlines() if "ERROR" in line]
        detail = lines[-1].removeprefix("ERROR: ") if lines else "pip gave no reason"
    except (OSError, subprocess.TimeoutExpired) as error:
        detail = str(error)
    if not wheel.is_file():
        raise DemoscopeError(
            f"The package leaderbot {VERSION} cannot be downloaded (is there a network?): "
            f"{detail.rstrip('.')}.",
            remedy=remedy,
        )
    if _sha256(wheel) != WHEEL_SHA256:
        wheel.unlink()
        raise DemoscopeError(
            f"{WHEEL} as downloaded is not the file that is pinned (SHA-256 {WHEEL_SHA256}).",
            remedy="Check which package index pip uses (pip config list). " + remedy,
        )
    return wheel


class LeaderbotCounts:
    """The pair counts in leaderbot's wheel, or in the JSON file taken out of it.

    Args:
        name: what messages call the file.
        path: the wheel or the JSON file.
        source: the source's name.
    """

    set_aside_count = 0
    warnings: tuple[str, ...] = ()

    def __init__(self, name: str, path: Path, source: str | None = None) -> None:
        self.name = name
        self._path = path
        self._source = source or SOURCE

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the counts and the source's name."""
        return hashlib.sha256(self._content + b"\0leaderbot\0" + self._source.encode()).hexdigest()

    def batches(self) -> Iterator[NativeBatch]:
        """Yield all pairs in one batch. Raises LoadRefusedError if they are not in that shape."""
        try:
            content = json.loads(self._content)
            pairs, counts = content["X"], content["Y"]
            places = pa.array(pairs, pa.list_(pa.int64(), 2)).flatten()
            numbers = pa.array(counts, pa.list_(pa.uint32(), len(_COUNTS))).flatten()
            names = pa.array(content["models"], pa.string()).take(places).to_pylist()
            models = list(zip(names[::2], names[1::2], strict=True))
            ids = [json.dumps(pair, ensure_ascii=False, separators=(",", ":")) for pair in models]
            columns = {
                "event_type": pa.repeat(EventType.BATTLES_TALLIED.value, len(pairs)),
                "source": pa.repeat(self._source, len(pairs)),
                "native_id": pa.array(ids, pa.string()),
                "model_a": pa.array(names[::2], pa.string()),
                "model_b": pa.array(names[1::2], pa.string()),
                "dimension": pa.repeat("overall", len(pairs)),
                **{name: numbers[place :: len(_COUNTS)] for place, name in enumerate(_COUNTS)},
            }

            def originals(positions: Sequence[int]) -> list[str]:
                return [json.dumps({"X": pairs[i], "Y": counts[i]}) for i in positions]

            rows = range(1, len(pairs) + 1)
            batch = make_batch(EventType.BATTLES_TALLIED, columns, rows, originals)
        except _UNFIT as error:
            detail = f"{type(error).__name__} {first_line(error)}"
            raise self._refusal(detail) from error
        yield batch

    @cached_property
    def _content(self) -> bytes:
        if self._path.is_dir():
            raise UsageError(f"{self.name}: is a directory.", remedy=f"Name {WHEEL} in it.")
        if self._path.exists() and not self._path.is_file():
            raise UsageError(f"{self.name}: is not a regular file.", remedy="Save it to a file.")
        try:
            if zipfile.is_zipfile(self._path):
                with zipfile.ZipFile(self._path) as wheel, wheel.open(MEMBER) as member:
                    content = member.read(_MAX_BYTES + 1)
            else:
                with self._path.open("rb") as raw:
                    content = raw.read(_MAX_BYTES + 1)
        except FileNotFoundError as error:
            raise NotFoundError(f"{self.name}: no such file.", remedy="Check the path.") from error
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            raise self._refusal(str(error)) from error
        if len(content) > _MAX_BYTES:
            raise self._refusal(f"it is longer than {_MAX_BYTES:,} bytes")
        return content

    def _refusal(self, detail: str) -> LoadRefusedError:
        return LoadRefusedError(
            f"{self.name}: does not hold leaderbot's pair counts: {detail}.",
            remedy=f"It must be {WHEEL}, or {MEMBER} out of it.",
        )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
