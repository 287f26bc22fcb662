"""What a board's intervals rest on, in words: beside its title, and in a sentence below it.

Reads the columns of a row of `rating`, `rpt_leaderboard` or `rpt_board_summary`; a release from
before they were is silent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ratings.interval_basis import FEW, INDEPENDENT, PARTICIPANTS, PARTICIPANTS_AND_ITEMS

if TYPE_CHECKING:
    from collections.abc import Mapping

# Fewer prompts tell too little about how far prompts differ.
FEW_ITEMS = 10
SENTENCES = {
    INDEPENDENT: "Intervals take all verdicts as independent. Verdicts of one person are alike, and"
    " so are those on one prompt, so the intervals are narrower than what is known.",
    FEW: "So few people judged that nobody can tell how far people differ: intervals are the wider"
    " of those by person and those by verdict, and may still be too narrow.",
    PARTICIPANTS: "Intervals say how far the figures would move with other people like these.",
    PARTICIPANTS_AND_ITEMS: "Intervals say how far the figures would move with other people and"
    " other prompts like these.",
}

# Where the title says "for these N prompts", intervals promise nothing of others.
OTHER_PEOPLE = "Intervals say how far the figures would move with other people like these, for {}."


def dependence_words(row: Mapping[str, Any], verdict_count: int) -> str:
    """What stands beside a board's title; an empty text where nothing has to.

    Args:
        row: any of the board's rows.
        verdict_count: verdicts on the board.
    """
    basis, items = row.get("interval_basis"), row.get("item_count")
    unknown = row.get("unattributed_count") or 0
    words = []
    if basis == INDEPENDENT:
        words.append("verdicts taken as independent")
    elif basis == FEW:
        people = row["participant_count"]
        words.append("only 1 person judged" if people == 1 else f"only {people} people judged")
    if basis != INDEPENDENT and unknown:
        words.append(f"{unknown:,} of {verdict_count:,} verdicts taken as independent")
    if items is not None and (items < FEW_ITEMS or basis in {INDEPENDENT, PARTICIPANTS}):
        words.append("for this prompt" if items == 1 else f"for these {items:,} prompts")
    return ", ".join(words)


def dependence_sentence(row: Mapping[str, Any]) -> str:
    """What a board's intervals say, in a sentence; an empty text where nothing is known."""
    basis, items = row.get("interval_basis") or "", row.get("item_count")
    if items is None or basis not in {PARTICIPANTS, PARTICIPANTS_AND_ITEMS}:
        return SENTENCES.get(basis, "")
    if basis == PARTICIPANTS or items < FEW_ITEMS:
        return OTHER_PEOPLE.format("this prompt" if items == 1 else f"these {items:,} prompts")
    return SENTENCES[basis]
