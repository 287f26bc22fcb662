"""How far long work is: one moving line on a terminal; in a pipe a line a minute.

Nothing here has a colour, so NO_COLOR has nothing to turn off.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.visible_text import visible
from orchestration.cli.output import say
from orchestration.progress_told import listening

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

EVERY = 60.0
"""Seconds between lines where nobody watches."""
TICK = 0.25
MEASURED_AFTER = 2.0
"""Seconds after which a rate says something."""
CLEAR = "\r\x1b[K"


class Line:
    """A line that changes while work goes on, by a thread of its own.

    Args:
        words: what to say now; asked for again and again. Gets the seconds since the beginning.
        is_watched: whether somebody looks at stderr; seen from it unless given.
    """

    def __init__(self, words: Callable[[float], str], *, is_watched: bool | None = None) -> None:
        self._words = words
        self._is_watched = sys.stderr.isatty() if is_watched is None else is_watched
        self._begun = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def seconds(self) -> float:
        """Since the work began."""
        return time.monotonic() - self._begun

    def end(self) -> None:
        """Take the line away where it moved."""
        self._over.set()
        self._thread.join()
        if self._is_watched:
            sys.stderr.write(CLEAR)
            sys.stderr.flush()

    def _run(self) -> None:
        while not self._over.wait(TICK if self._is_watched else EVERY):
            text = visible(self._words(self.seconds))
            if self._is_watched:
                width = shutil.get_terminal_size().columns - 1
                sys.stderr.write(f"{CLEAR}{text[:width]}")
                sys.stderr.flush()
            else:
                say(text)


@contextmanager
def counting(label: str, path: str | None = None) -> Iterator[Callable[[int], None]]:
    """Rows so far, how many a second, and where a file says how many there are, the time left.

    Args:
        label: what is counted.
        path: the file whose rows they are.
    """
    counts = [0]
    total = None if path is None else expected_rows(path)
    line = Line(lambda seconds: f"{label}: {progress_words(counts[0], seconds, total)}")

    def show(count: int) -> None:
        counts[0] = count

    try:
        yield show
    finally:
        line.end()


def progress_words(count: int, seconds: float, total: int | None) -> str:
    """`1,200 rows, 600 a second, about 0:12 left`."""
    words = f"{count:,} rows"
    if seconds < MEASURED_AFTER or not count:
        return words
    rate = count / seconds
    words += f", {rate:,.0f} a second"
    if total is not None and count < total:
        minutes, rest = divmod(round((total - count) / rate), 60)
        words += f", about {minutes}:{rest:02} left"
    return words


def expected_rows(path: str) -> int | None:
    """About how many rows a file has, by its beginning; None where that doesn't say."""
    try:
        from ingestion.sources.files import inspect_file  # imports pyarrow

        file = inspect_file(path)
        if file.format == "parquet" and file.compression is None:
            import pyarrow.parquet as pq  # only for files of this kind

            rows: int = pq.read_metadata(file.path).num_rows
            return rows
    except Exception:  # noqa: BLE001  # the load says what is wrong with the file
        return None
    lines = file.head.count(b"\n")
    if file.compression is not None or not lines:
        return None
    return round(Path(path).stat().st_size / len(file.head) * lines)


@contextmanager
def steps(labels: Mapping[str, str]) -> Iterator[Callable[[str], None]]:
    """Names each step of long work as it begins, and within it each table and stratum."""
    at: list[str] = []
    lines: list[Line] = []

    def words(label: str) -> Callable[[float], str]:
        return lambda seconds: f"{label}{''.join(f': {one}' for one in at)} ... {seconds:,.0f} s"

    def begin(name: str) -> None:
        end()
        label = labels.get(name, name)
        say(f"{label} ...")
        lines.append(Line(words(label)))

    def end() -> None:
        at.clear()
        while lines:
            lines.pop().end()

    def tell(name: str, number: int, count: int) -> None:
        at[:] = [f"{number} of {count}, {name}"]

    try:
        with listening(tell):
            yield begin
    finally:
        end()
