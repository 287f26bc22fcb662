"""Choices of a command: what can be chosen, and what somebody meant who mistyped it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingestion.errors import NotFoundError, UsageError
from ingestion.paths import Home
from publishing.meant import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from publishing.boards.labels import Labels

SHOWN = 40


def require_known(what: str, asked: str | None, known: Iterable[str]) -> None:
    """Refuse a choice that is none of those there are; None chooses nothing.

    Raises:
        UsageError: names the choices, and the one that was probably meant.
    """
    names = sorted(set(known))
    if asked is None or asked in names:
        return
    message = f"There is no {what} {asked!r} here."
    raise UsageError(message, remedy=f"{did_you_mean(asked, names)}There are: {listed(names)}")


def chosen_weighting(asked: str | None, known: Iterable[str]) -> str:
    """The weighting that was asked for, else the census where people are weighted, else none.

    Raises:
        UsageError: names the weightings there are.
    """
    from publishing.boards.view import default_weighting  # imports Arrow

    names = sorted(set(known))
    require_known("weighting", asked, names)
    return asked or default_weighting(names)


def shown_labels() -> Labels:
    """What the release that people see calls its questions, weightings and estimators."""
    from publishing.boards import labels, store  # import Arrow

    try:
        return labels.labels_of(store.current(Home.from_environment().boards))
    except NotFoundError:
        return labels.NO_LABELS


def listed(names: Iterable[str]) -> str:
    """Names with commas between them; of very many the first."""
    every = list(names)
    more = f", and {len(every) - SHOWN:,} more" if len(every) > SHOWN else ""
    return ", ".join(every[:SHOWN]) + more + "."
