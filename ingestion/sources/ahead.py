"""Work on one item while the next is made in a second thread."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TypeVar

Item = TypeVar("Item")


def one_ahead(items: Generator[Item, None, None]) -> Generator[Item, None, None]:
    """The same items in the same order, each made while the one before it is worked on.

    What the items are made from must not be touched meanwhile. An error comes out where its item
    would have.
    """
    with closing(items), ThreadPoolExecutor(1) as beside:
        coming = beside.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = beside.submit(next, items, None)
            yield item
