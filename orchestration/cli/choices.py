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
    """Refuse a name that the data don't have; None names nothing.

    Raises:
        NotFoundError: has the names there are, and the one that was probably meant.
    """
    if (found := _unknown(what, asked, known)) is not None:
        raise NotFoundError(found[0], remedy=found[1])


def require_choice(what: str, asked: str | None, choices: Iterable[str]) -> None:
    """Refuse what is none of a closed list; None chooses nothing.

    Raises:
        UsageError: has the choices, and the one that was probably meant.
    """
    if (found := _unknown(what, asked, choices)) is not None:
        raise UsageError(found[0], remedy=found[1])


def _unknown(what: str, asked: str | None, known: Iterable[str]) -> tuple[str, str] | None:
    """What to say of a name that is not known, and the remedy."""
    names = sorted({str(one) for one in known})
    if asked is None or asked in names:
        return None
    meant = did_you_mean(asked, names)
    return f"There is no {what} {asked!r} here.", f"{meant}There are: {listed(names)}"


def chosen_weighting(asked: str | None, known: Iterable[str]) -> str:
    """The weighting that was asked for, else the census where people are weighted, else none.

    Raises:
        NotFoundError: names the weightings there are.
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
