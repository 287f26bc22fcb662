"""Whole numbers of the page's data as people read them; static/formats.js writes them alike.

What stays out: rounding (board_columns.py has done it).
"""

from __future__ import annotations

MINUS, EN_DASH = "\N{MINUS SIGN}", "\N{EN DASH}"


def signed(hundredths: int) -> str:
    """A skill, with its sign."""
    sign = MINUS if hundredths < 0 else "+"
    return f"{sign}{abs(hundredths) // 100}.{abs(hundredths) % 100:02d}"


def percent(whole: int) -> str:
    """A probability in percent; what rounds to never or always says so."""
    if whole <= 0:
        return "<1%"
    return ">99%" if whole >= 100 else f"{whole}%"  # noqa: PLR2004


def share(thousandths: int) -> str:
    """A share in percent with one decimal."""
    return f"{thousandths // 10}.{thousandths % 10}%"


def count(number: int) -> str:
    """A count with thousands apart."""
    return f"{number:,}"


def last_rank(first: int, last: int) -> str:
    """What follows the first of a range of ranks."""
    return "" if first == last else f"{EN_DASH}{last}"


def change(ranks_up: int | None) -> str:
    """How many ranks higher or lower."""
    if ranks_up is None:
        return ""
    if ranks_up == 0:
        return "="
    return f"{'▲' if ranks_up > 0 else '▼'} {abs(ranks_up)}"


def change_in_words(ranks_up: int | None) -> str:
    """The same for whoever listens."""
    if ranks_up is None:
        return "not on the other board"
    if ranks_up == 0:
        return "same rank"
    return f"{abs(ranks_up)} {'higher' if ranks_up > 0 else 'lower'}"


def provisional(*, has_few_battles: bool, has_wide_interval: bool) -> str:
    """Which half of the rule makes a model provisional; empty where neither does."""
    halves = ["few battles"] * has_few_battles + ["wide interval"] * has_wide_interval
    return f"provisional: {', '.join(halves)}" if halves else ""
