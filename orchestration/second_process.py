"""A second Python process, for work that needs no other's result: one interpreter uses one core.

It runs functions of this program, one after another, on what it is handed, and reads nothing of the
warehouse but the log. What comes back is what the same call gives here, so that no figure tells
where it was made. It ends with the process that started it.
"""

from __future__ import annotations

import importlib
import os
import pickle
import signal
import subprocess
import sys
import weakref
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, ParamSpec, TypeVar

from ingestion.errors import DemoscopeError
from publishing.boards.own_code import require_own_code

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")


class SecondProcess(Executor):
    """An executor whose calls and results are pickled; killed when it is shut down."""

    _running: ClassVar[weakref.WeakSet[SecondProcess]] = weakref.WeakSet()

    def __init__(self) -> None:
        # Not from the current directory (-P): what lies there is no part of this program.
        command = [sys.executable, "-P", "-m", __name__]
        self._process = subprocess.Popen(  # noqa: S603 (this program itself)
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        # Calls wait in this thread, so that submitting never does.
        self._thread = ThreadPoolExecutor(1)
        self._running.add(self)

    @classmethod
    def kill_all(cls) -> None:
        """End every such process, as this one ends at once."""
        for one in list(cls._running):
            one._process.kill()  # noqa: SLF001 (one of its own)

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Call a function of a module there; it, its arguments and its result can be pickled."""
        return self._thread.submit(self._call, fn, args, kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = True) -> None:  # noqa: FBT001, FBT002 (as Executor has it)
        """End the process, whatever it is at."""
        self._process.kill()
        self._thread.shutdown(wait, cancel_futures=cancel_futures)
        # What was on its way there is lost with it.
        with suppress(BrokenPipeError), self._process:
            pass

    def _call(self, function: Callable[..., R], *arguments: Any) -> R:
        there, back = self._process.stdin, self._process.stdout
        assert there is not None and back is not None  # noqa: PT018, S101 (both are pipes)
        try:
            pickle.dump((function, *arguments), there, pickle.HIGHEST_PROTOCOL)
            there.flush()
            result: R
            result, error = pickle.load(back)  # noqa: S301 (of the process started above)
        except (EOFError, BrokenPipeError) as lost:
            message = f"The second process ended by itself (exit code {self._process.wait()})."
            remedy = "It may have been short of memory. Build again: demoscope build"
            raise DemoscopeError(message, remedy=remedy) from lost
        if error is not None:
            raise error
        return result


def serve(calls: BinaryIO, results: BinaryIO) -> None:
    """Answer calls until the other process closes the pipe."""
    while True:
        try:
            function, arguments, named = pickle.load(calls)  # noqa: S301 (of who started it)
        except EOFError:
            return
        answer: tuple[Any, Exception | None]
        try:
            answer = function(*arguments, **named), None
            # What only this process has loaded; what the other one has, it checks itself.
            require_own_code()
        except Exception as error:  # noqa: BLE001 (raised where it was called from)
            answer = None, error
        try:
            pickle.dump(answer, results, pickle.HIGHEST_PROTOCOL)
            results.flush()
        except BrokenPipeError:
            # The process that asked has ended meanwhile.
            return


if __name__ == "__main__":
    # An interrupt is for the process that waits for this one, and kills it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    pipe = os.fdopen(os.dup(1), "wb")
    # Whatever prints, prints to where people read.
    os.dup2(2, 1)
    # The first call finds it imported.
    importlib.import_module("ratings.tables.every_board")
    serve(sys.stdin.buffer, pipe)
