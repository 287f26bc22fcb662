"""What `demoscope boards audit` says of a board."""

from typing import Any

from orchestration.cli.audit import _lines

ROW: dict[str, Any] = {
    "leader_model_id": "ant",
    "second_model_id": "bee",
    "lead": 0.25,
    "is_tie": False,
    "largest_influence": 0.0312,
    "largest_item_influence": 0.1,
    "item_count": 13,
    "participants_removed": 2,
    "participant_count": 80,
    "leader_without_participants": "bee",
    "votes_removed": None,
    "vote_count": 1200,
    "leader_without_votes": None,
    "tier_count": 1,
    "neighbour_count": 58,
    "neighbours_apart": 0,
}


def test_what_must_go_and_what_one_of_each_moves() -> None:
    assert _lines(ROW) == [
        "ant leads bee by 0.25 in skill",
        "without 2 participants of 80 (2.50%), bee leads",
        "no number of votes that was tried makes another model lead, of 1,200",
        "one participant moves this lead by at most 0.031",
        "one prompt of 13 moves it by at most 0.100",
        "1 tier; of 58 pairs of neighbours in rank 0 can be told apart",
    ]


def test_a_shared_first_place_needs_nobody_to_go() -> None:
    tie = ROW | {"is_tie": True, "participants_removed": None, "lead": 0.0}
    assert _lines(tie)[0] == "ant and bee share the first place: nobody has to go to change it"
    assert not any("leads" in line or "tried" in line for line in _lines(tie))


def test_prompts_are_not_spoken_of_where_none_is_known() -> None:
    unknown = ROW | {"largest_item_influence": None, "item_count": None}
    assert not any("prompt" in line for line in _lines(unknown))
