"""What stands beside a board's title about its intervals."""

from typing import Any

import pytest

from publishing.boards.dependence import SENTENCES, dependence_sentence, dependence_words
from ratings.interval_basis import BASES


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({}, ""),
        ({"interval_basis": None}, ""),
        ({"interval_basis": "participants", "unattributed_count": 0}, ""),
        ({"interval_basis": "independent"}, "verdicts taken as independent"),
        (
            {"interval_basis": "independent", "unattributed_count": 90, "item_count": 13},
            "verdicts taken as independent, for these 13 prompts",
        ),
        ({"interval_basis": "few_participants", "participant_count": 1}, "only 1 person judged"),
        ({"interval_basis": "few_participants", "participant_count": 8}, "only 8 people judged"),
        (
            {"interval_basis": "participants", "unattributed_count": 1234},
            "1,234 of 5,000 verdicts taken as independent",
        ),
        ({"interval_basis": "participants", "item_count": 1}, "for this prompt"),
        ({"interval_basis": "participants", "item_count": 1300}, "for these 1,300 prompts"),
        ({"interval_basis": "participants_and_items", "item_count": 9}, "for these 9 prompts"),
        ({"interval_basis": "participants_and_items", "item_count": 13}, ""),
    ],
)
def test_a_title_says_what_intervals_do_not_know(row: dict[str, Any], words: str) -> None:
    assert dependence_words(row, 5_000) == words


def test_every_basis_has_a_sentence() -> None:
    assert set(SENTENCES) == set(BASES)
    assert dependence_sentence({"interval_basis": "participants"}).startswith("Intervals say")
    assert dependence_sentence({}) == ""


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("items", [None, 1, 4, 10, 40])
def test_a_sentence_promises_no_other_prompts_where_the_title_names_these(
    basis: str, items: int | None
) -> None:
    row = {"interval_basis": basis, "item_count": items, "participant_count": 5}
    words, sentence = dependence_words(row, 100), dependence_sentence(row)
    assert not ("prompt" in words and "other prompts" in sentence)
    if basis.startswith("participants") and "prompt" in words:
        assert words in sentence
