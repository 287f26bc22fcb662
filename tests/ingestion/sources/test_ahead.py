"""One item is made while the one before it is worked on; nothing else changes."""

from collections.abc import Generator
from threading import Event

import pytest

from ingestion.sources.ahead import one_ahead


def test_the_items_come_in_their_order() -> None:
    assert list(one_ahead(str(number) for number in range(100))) == list(map(str, range(100)))
    assert list(one_ahead(text for text in "")) == []


def test_the_next_one_is_made_meanwhile() -> None:
    made = [Event(), Event()]

    def items() -> Generator[int, None, None]:
        for number, event in enumerate(made):
            event.set()
            yield number

    seen = one_ahead(items())
    assert next(seen) == 0
    assert made[1].wait(60)
    seen.close()


def test_an_error_comes_after_the_items_before_it() -> None:
    def items() -> Generator[int, None, None]:
        yield 1
        raise ValueError("no more")

    seen = one_ahead(items())
    assert next(seen) == 1
    with pytest.raises(ValueError, match="no more"):
        next(seen)


def test_who_stops_early_closes_what_is_read() -> None:
    closed = Event()

    def items() -> Generator[int, None, None]:
        try:
            yield from range(10)
        finally:
            closed.set()

    seen = one_ahead(items())
    assert next(seen) == 0
    seen.close()
    assert closed.is_set()
