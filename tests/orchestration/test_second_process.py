"""A second process gives what the same call gives here, and ends when it is told to."""

import os
import signal
from collections.abc import Iterator
from itertools import product

import pytest

from ingestion.errors import DemoscopeError, NotFoundError
from orchestration.rating_step import reading
from orchestration.second_process import SecondProcess
from ratings.tables.every_board import rate_all
from ratings.tournaments import RatingParameters
from tests.ratings.tables.study import Verdict, database


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[SecondProcess]:
    with SecondProcess() as process:
        yield process


def test_every_table_is_what_it_is_here(elsewhere: SecondProcess) -> None:
    words = {"a": "a", "b": "b", "t": "tie", "x": "both_bad"}
    verdicts = [
        Verdict(f"p{person}", "old" if person % 3 else "young", "d", *pair, words[said])
        for person, pair in product(range(13), (("alpha", "beta"), ("beta", "delta")))
        for said in "aabtxab"[person % 4 :]
    ]
    parameters = RatingParameters(draws=64)
    with database(verdicts) as connection:
        here = rate_all(reading(connection), parameters)
        there = rate_all(reading(connection), parameters, elsewhere=elsewhere)
    assert here["model_fit"].num_rows
    assert here.keys() == there.keys()
    assert all(table.equals(there[name]) for name, table in here.items())


def test_an_error_comes_back_whole(elsewhere: SecondProcess) -> None:
    with pytest.raises(NotFoundError) as raised:
        elsewhere.submit(fails).result()
    assert raised.value.remedy == "Do this."
    assert elsewhere.submit(abs, -1).result() == 1


def test_what_is_printed_there_is_no_answer(
    elsewhere: SecondProcess, capfd: pytest.CaptureFixture[str]
) -> None:
    assert elsewhere.submit(print, "aside", flush=True).result() is None
    assert elsewhere.submit(abs, -2).result() == 2
    assert not capfd.readouterr().out


def test_one_that_was_killed_is_said() -> None:
    with SecondProcess() as process:
        killed = process.submit(os.kill, process.pid, signal.SIGKILL)
        with pytest.raises(DemoscopeError, match="ended by itself"):
            killed.result()


def test_it_is_gone_though_it_was_at_work() -> None:
    with SecondProcess() as process:
        waiting = process.submit(signal.pause)
    with pytest.raises(DemoscopeError, match="ended by itself"):
        waiting.result()
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


def fails() -> None:
    raise NotFoundError("Not there.", remedy="Do this.")
