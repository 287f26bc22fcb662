"""The probes of a board's tables, each on rows in which something is wrong, and on rows without."""

from collections.abc import Sequence
from typing import Any

import pytest

from publishing.boards import everybodys, first_place, model_checks, separation
from publishing.boards.finding import Finding, dimension_of

Rows = Sequence[dict[str, Any]]
BOARD: dict[str, Any] = {
    "weighting": "none",
    "model_count": 28,
    "provisional_count": 0,
    "tier_count": 5,
    "apart_count": 223,
    "leader_count": 2,
    "component_count": 1,
    "interval_basis": "participants",
    "participant_count": 9600,
}
HARDLY_APART = {"tier_count": 1, "apart_count": 18}
NEIGHBOURS: dict[str, Any] = {
    "weighting": "none",
    "neighbour_count": 27,
    "neighbour_apart_count": 4,
    "battles_needed": 12000,
}
FRAGILE: dict[str, Any] = {
    "weighting": "none",
    "leader_model_id": "ant",
    "second_model_id": "bee",
    "lead": 0.25,
    "is_tie": False,
    "largest_influence": 0.03,
    "largest_item_influence": None,
    "item_count": None,
    "participants_removed": 74,
    "participant_count": 9600,
    "leader_without_participants": "bee",
    "votes_removed": None,
    "vote_count": 24000,
    "leader_without_votes": None,
    "lead_sd": 0.1,
}
CHECKS: dict[str, dict[str, Any]] = {
    name: {
        "check_name": name,
        "statistic": 0.01,
        "expected": 0.012,
        "p_value": 0.4,
        "is_misfit": False,
        "both_ways_share": 1.0 if name == "sides" else None,
    }
    for name in ("drift", "pairs", "sides", "triads")
}
BIAS = {"bias": 0.004, "bias_lo": -0.006, "bias_hi": 0.014}


def told(probe: Any, answers: dict[str, Rows]) -> Finding:
    """What a probe says of rows, by the query that asks for them."""
    overall = [{"dimension": "overall"}]
    known = {everybodys.DIMENSIONS: overall, model_checks.DIMENSIONS: overall}
    found: Finding = probe(lambda query, _: {**known, **answers}[query], None)
    return found


def separated(*boards: dict[str, Any]) -> Finding:
    neighbours = [NEIGHBOURS | {"weighting": board["weighting"]} for board in boards]
    rows = {everybodys.BOARDS: boards, separation.NEIGHBOURS: neighbours}
    return told(separation.separation, rows)


def first(probe: Any, *rows: dict[str, Any], boards: Rows = (BOARD,)) -> Finding:
    return told(probe, {everybodys.BOARDS: boards, first_place.FRAGILE: rows})


def checked(probe: Any, bias: dict[str, Any] = BIAS, **changes: dict[str, Any]) -> Finding:
    rows = [row | changes.get(name, {}) for name, row in CHECKS.items()]
    pair = {"one": "Ant", "other": "Bee", "battle_count": 40, "win_count": 10, "tie_count": 4}
    pair |= {"loss_count": 26, "wins": 20.2, "ties": 8.1, "losses": 11.7}
    worst: dict[str, Rows] = {
        model_checks.WORST_PAIR: [pair],
        model_checks.WORST_TRIAD: [{"one": "Ant", "other": "Bee", "third": "Cat"}],
    }
    return told(probe, {model_checks.CHECKS: rows, model_checks.BIAS: [bias], **worst})


def test_tiers_are_counted() -> None:
    finding = separated(BOARD)
    assert finding.status == "ok"
    assert finding.sentence == (
        "Unweighted: 28 models in 5 tiers; 223 of 378 pairs can be told apart, and 4 of 27 next"
        " to each other in rank; 2 models may be the best."
    )


def test_one_tier_is_no_fault_where_many_pairs_are_told_apart() -> None:
    finding = separated(BOARD | {"tier_count": 1})
    assert finding.status == "ok"
    assert "28 models in 1 tier; 223 of 378 pairs" in finding.sentence


def test_hardly_any_pair_apart_is_found_and_what_more_it_takes() -> None:
    finding = separated(BOARD | HARDLY_APART)
    assert finding.status == "found"
    assert "about 12,000 more battles" in finding.sentence


def test_the_board_that_is_shown_first_counts_and_sensitivities_do_not() -> None:
    alike = BOARD | HARDLY_APART
    assert separated(BOARD, alike | {"weighting": "census_half_half"}).status == "ok"
    finding = separated(BOARD, alike | {"weighting": "census"})
    assert finding.status == "found"
    assert "Weighted: 28 models; 18 of 378 pairs can be told apart" in finding.sentence


def test_models_that_were_never_compared_are_found() -> None:
    finding = separated(BOARD | {"component_count": 3})
    assert finding.status == "found"
    assert "3 groups that were never compared" in finding.sentence


def test_unknown_judges_are_said() -> None:
    finding = separated(BOARD | {"interval_basis": "independent"})
    assert finding.status == "ok"
    assert "Who judged isn't known" in finding.sentence


@pytest.mark.parametrize("boards", [(), (BOARD | {"provisional_count": 27, **HARDLY_APART},)])
def test_nothing_to_separate_cannot_be_told(boards: tuple[dict[str, Any], ...]) -> None:
    assert separated(*boards).status == "can't tell"


def test_many_must_go() -> None:
    finding = first(first_place.fragility, FRAGILE)
    assert finding.status == "ok"
    assert finding.sentence == (
        "Unweighted: ant leads bee by 0.25 in skill; without 74 people of 9,600 (0.8%), bee leads;"
        " no number of votes that was tried, of 24,000, makes another model lead."
    )


@pytest.mark.parametrize(
    ("removed", "people", "status"),
    [
        (9, 9600, "found"),
        (10, 100, "found"),
        (11, 9600, "ok"),
        (5, 40, "ok"),
        (100, 100_000, "found"),
        (101, 100_000, "ok"),
        (None, 9600, "ok"),
    ],
)
def test_a_handful_is_found(removed: int | None, people: int, status: str) -> None:
    row = FRAGILE | {"participants_removed": removed, "participant_count": people}
    assert first(first_place.fragility, row).status == status


def test_a_shared_first_place_is_found_and_needs_nobody_to_go() -> None:
    finding = first(first_place.fragility, FRAGILE | {"is_tie": True, "participants_removed": None})
    assert finding.status == "found"
    assert "nobody has to go" in finding.sentence
    assert "leads bee" not in finding.sentence


@pytest.mark.parametrize("probe", [first_place.fragility, first_place.influence])
def test_why_nobody_can_be_left_out(probe: Any) -> None:
    assert "nobody compared" in first(probe, boards=()).sentence
    assert "Who judged" in first(probe, boards=[BOARD | {"participant_count": 0}]).sentence
    assert "provisional" in first(probe, boards=[BOARD | {"provisional_count": 27}]).sentence
    assert "would cost too much" in first(probe).sentence
    assert first(probe).is_found is None


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "ok"),
        ({"largest_influence": 0.072}, "found"),
        ({"largest_influence": 0.07}, "ok"),
        ({"item_count": 40, "largest_item_influence": 0.09}, "found"),
        ({"largest_influence": 0.09, "participant_count": 19}, "can't tell"),
        ({"lead_sd": None}, "can't tell"),
    ],
)
def test_who_weighs_as_much_as_all_others_is_found(changes: dict[str, Any], status: str) -> None:
    assert first(first_place.influence, FRAGILE | changes).status == status


def test_few_prompts_are_no_finding() -> None:
    row = FRAGILE | {"item_count": 13, "largest_item_influence": 0.09}
    finding = first(first_place.influence, row)
    assert finding.status == "ok"
    assert "with fewer than 20 each weighs much" in finding.sentence


@pytest.mark.parametrize(
    ("bias", "p", "status"),
    [(0.004, 0.4, "ok"), (0.034, 0.028, "ok"), (0.015, 0.001, "ok"), (-0.08, 0.001, "found")],
)
def test_a_side_that_people_prefer_is_found(bias: float, p: float, status: str) -> None:
    said = {"bias": bias, "bias_lo": bias - 0.03, "bias_hi": bias + 0.03}
    finding = checked(model_checks.sides, said, sides={"p_value": p})
    assert finding.status == status
    assert ("right" if bias < 0 else "left") in finding.sentence


def test_sides_that_never_changed_are_found() -> None:
    one_sided = {"is_misfit": True, "both_ways_share": 0.02, "p_value": None}
    finding = checked(model_checks.sides, sides=one_sided)
    assert finding.status == "found"
    assert finding.sentence.startswith("2.0% of battles")


def test_few_people_tell_nothing_of_sides_and_circles() -> None:
    nothing = {"p_value": None}
    assert checked(model_checks.sides, sides=nothing).is_found is None
    few = dict.fromkeys(CHECKS, nothing)
    assert checked(model_checks.cycles, **few).is_found is None


def test_counts_tell_nothing_of_sides_and_circles() -> None:
    for probe in (model_checks.sides, model_checks.cycles):
        finding = told(probe, {model_checks.CHECKS: [], model_checks.BIAS: []})
        assert finding.is_found is None
        assert "only as counts" in finding.sentence


def test_verdicts_that_fit_are_left_in_peace() -> None:
    finding = checked(model_checks.cycles)
    assert finding.status == "ok"
    assert finding.sentence.startswith("1.0% of threes of models beat each other in a circle, 1.2%")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("triads", "The clearest circle: Ant beats Bee, that beats Cat, and that beats Ant."),
        (
            "pairs",
            "the first won 10 of 40 battles, tied 4 and lost 26, where the board expects 20, 8 and",
        ),
        ("drift", "later half"),
    ],
)
def test_a_misfit_is_found(name: str, words: str) -> None:
    finding = checked(model_checks.cycles, **{name: {"is_misfit": True, "p_value": 0.001}})
    assert finding.status == "found"
    assert words in finding.sentence


def test_the_dimension_that_is_looked_at() -> None:
    assert dimension_of(["overall", "trust"], None) == "overall"
    assert dimension_of(["trust", "adaptiveness"], None) == "adaptiveness"
    assert dimension_of(["overall"], "trust") == "trust"
    assert dimension_of([], None) == "overall"
