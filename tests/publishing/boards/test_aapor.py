"""The eleven items: a study that says all, one that leaves something out, one that says nothing."""

from typing import Any

import pytest

from publishing.boards import aapor

REQUIRED = {
    2: ("conducted by", "sponsored by", "funded by"),
    3: ("questions",),
    4: ("population",),
    5: ("recruitment",),
    6: ("mode",),
    7: ("people took part",),
    9: ("weighting",),
    10: ("checks",),
    11: ("limits",),
}
SUBJECT = {
    "log_position": 3, "log_head_hash": "a" * 64, "valid_until": None, "design_hash": "d" * 64,
    "is_simulated": False,
}  # fmt: skip
BY_DESIGN = {"people took part", "weighting", "checks"}
Rows = list[dict[str, Any]]


def statements(*unsaid: str) -> Rows:
    rows = [
        {"item": item, "part": part, "statement": None if part in unsaid else f"{part}!"}
        for item, parts in REQUIRED.items()
        for part in parts
    ]
    rows.append({"item": 1, "part": "battles", "statement": "People compared."})
    rows = [row | {"subject": "", "sort_order": 1, "country": None} for row in reversed(rows)]
    return rows + [
        {"item": 9, "part": "target", "statement": "Of a census.", "subject": f"{country}, age3",
         "sort_order": 2, "country": country}
        for country in ("US", "UK")
    ]  # fmt: skip


def coverage(heard: int = 12_345, uk: int = 9) -> Rows:
    return [
        {"stratum_id": stratum, "axis": axis, "heard_count": count, "verdict_count": 5 * count}
        for stratum, axis, count in (
            ("all", None, heard), ("UK", None, uk), ("US", None, heard - uk),
            ("US/age/18-34", "age", 77),
        )
    ]  # fmt: skip


def costs(**changed: Any) -> Rows:
    worth = {"effective_participant_count": 6_543.2, "design_effect": 1.887}
    return [{"country": "US", "participant_count": 12_336, **worth, **changed}]


def collection(**changed: Any) -> Rows:
    months = {"first_month": "2025-06", "last_month": "2025-08"}
    return [{"stratum_id": "all", **months, "not_weighted_reason": None, **changed}]


def made(
    said: Rows,
    covered: Rows | None = None,
    cost: Rows | None = None,
    collected: Rows | None = None,
    **subject: Any,
) -> dict[str, Any]:
    items = aapor.about(
        said,
        coverage() if covered is None else covered,
        collection() if collected is None else collected,
        costs() if cost is None else cost,
        step=10,
    )
    return aapor.document(items, {**SUBJECT, **subject})


def test_a_study_that_says_all_is_complete() -> None:
    document = made(statements())
    assert document["is_complete"]
    assert document["missing"] == []
    assert [item["number"] for item in document["items"]] == list(range(1, 12))
    assert [item["name"] for item in document["items"]] == list(aapor.ITEMS)
    printed = aapor.markdown(document)
    assert "Complete: none of the eleven items is missing." in printed
    assert "SIMULATED" not in printed
    assert printed.count("\n## ") == 11


NEEDED = [part for parts in REQUIRED.values() for part in parts if part != "people took part"]


@pytest.mark.parametrize("part", NEEDED)
def test_each_thing_that_is_missing_is_named_and_the_study_is_not_complete(part: str) -> None:
    document = made(statements(part))
    [item] = [item for item, parts in REQUIRED.items() if part in parts]
    assert not document["is_complete"]
    assert document["missing"] == [f"{item}. {aapor.ITEMS[item - 1]}: {part}"]
    assert [one["number"] for one in document["items"] if not one["is_complete"]] == [item]
    printed = aapor.markdown(document)
    assert "**Incomplete.** Missing:" in printed
    assert f"- **Missing: {part}**" in printed
    assert "Complete: none" not in printed


def test_of_a_study_that_was_never_described_all_that_people_must_say_is_missing() -> None:
    unsaid = [part for parts in REQUIRED.values() for part in parts if part not in BY_DESIGN]
    document = made(statements(*unsaid))
    assert len(document["missing"]) == len(unsaid)
    complete = {one["number"] for one in document["items"] if one["is_complete"]}
    assert complete == {1, 7, 8, 9, 10}


def test_an_item_without_any_row_is_missing() -> None:
    said = [row for row in statements() if row["item"] not in {1, 9}]
    assert made(said)["missing"] == [
        "1. Data collection strategy: everything",
        "9. How the data were weighted: everything",
    ]


def test_a_simulated_study_says_so_first() -> None:
    lines = aapor.markdown(made(statements(), is_simulated=True)).splitlines()
    assert lines[2].startswith("**SIMULATED: nobody was asked.")


def test_people_are_counted_in_whole_steps_and_too_few_are_not_told() -> None:
    sample = {
        (one["part"], one["subject"]): one["statement"]
        for one in made(statements())["items"][7]["statements"]
    }
    assert sample["participants", ""] == "at least 12,340"
    assert sample["verdicts", ""] == "at least 61,720"
    assert sample["participants", "US"] == "at least 12,330"
    assert ("participants", "UK") not in sample
    assert sample["weighted participants", "US"] == (
        "worth at least 6,540 who weigh alike (design effect 1.887)"
    )
    few = made(statements(), coverage(heard=7, uk=0), [])["items"][7]["statements"]
    assert {one["statement"] for one in few} >= {"fewer than 10", "at least 30"}


def test_a_sample_of_unknown_judges_is_missing() -> None:
    unknown = [
        {"stratum_id": "all", "axis": None, "heard_count": 0, "verdict_count": 400}
    ]  # votes known only as counts
    document = made(statements(), unknown, [])
    assert document["missing"] == ["8. Sample sizes and precision: participants"]
    assert "verdicts: at least 400" in aapor.markdown(document)


def test_where_nobody_is_weighted_it_is_said() -> None:
    document = made(statements(), cost=costs(effective_participant_count=None))
    said = [one["statement"] for one in document["items"][8]["statements"]]
    assert "Nobody there has a weight." in said


def items_of(document: dict[str, Any], number: int) -> dict[tuple[str, str], str]:
    said = document["items"][number - 1]["statements"]
    return {(one["part"], one["subject"]): one["statement"] for one in said}


def test_a_study_of_nobody_enrolled_was_not_weighted() -> None:
    collected = collection(not_weighted_reason="nobody_enrolled")
    document = made(statements(), cost=[], collected=collected)
    assert items_of(document, 9) == {
        (
            "weighting",
            "",
        ): "Not weighted: nobody is enrolled (or fewer than 10 of those who judged)."
    }
    collected = collection(not_weighted_reason="nobody_has_a_weight")
    assert (
        "nobody has a weight"
        in items_of(made(statements(), collected=collected), 9)["weighting", ""]
    )


def test_of_a_country_that_the_scheme_stopped_no_worth_is_told() -> None:
    stopped = costs(design_effect=None)
    document = made(statements(), cost=stopped)
    said = [items_of(document, number) for number in range(1, 12)]
    assert not any("weighted participants" in part for one in said for part, _ in one)


def test_what_the_design_says_of_a_country_is_said_where_people_of_it_are_shown() -> None:
    assert ("target", "US, age3") in items_of(made(statements()), 9)
    assert ("target", "UK, age3") not in items_of(made(statements()), 9)
    assert ("target", "UK, age3") in items_of(made(statements(), coverage(uk=20)), 9)


def test_months_stand_where_the_study_does_not_say_its_days() -> None:
    months = "2025-06 to 2025-08"
    unsaid = made(statements("people took part"))
    assert items_of(unsaid, 7) == {("people took part", ""): months, ("battles", ""): months}
    assert unsaid["is_complete"]
    assert items_of(made(statements()), 7)["people took part", ""] == "people took part!"
    never = collection(first_month=None, last_month=None)
    assert made(statements("people took part"), collected=never)["missing"] == [
        "7. Dates of data collection: people took part"
    ]


def test_what_stays_behind_is_not_shown_and_nothing_else_is_said_of_it() -> None:
    hidden = "Not shown: fewer than 10 people are behind it, or behind what changed since an"
    hidden += " earlier publication."
    document = made(statements("people took part"), [], [], [])
    assert document["is_complete"]
    assert items_of(document, 7)["people took part", ""] == hidden
    sample = items_of(document, 8)
    assert sample.pop(("precision", ""))
    assert sample == {("participants", ""): hidden}
    assert items_of(document, 9) == {("weighting", ""): hidden}
    only_dates = made(statements(), collected=[])
    assert ("weighted participants", "US") in items_of(only_dates, 8)
    assert items_of(only_dates, 9)["weighting", ""] == "weighting!"


def test_what_people_say_is_text_in_markdown() -> None:
    said = statements()
    for row in said:
        if row["part"] == "limits":
            row["statement"] = "None.\n## 12. All\x1b is [well](http://x) <b>here</b>"
    printed = aapor.markdown(made(said))
    assert r"limits: None. / ## 12. All\\x1b is \[well\](http://x) \<b\>here\</b\>" in printed
    assert "\n## 12" not in printed


def test_the_digest_is_of_all_that_it_says() -> None:
    digests = {
        aapor.digest(made(statements())),
        aapor.digest(made(statements("limits"))),
        aapor.digest(made(statements(), coverage(heard=12_355))),
        aapor.digest(made(statements(), log_position=4)),
        aapor.digest(made(statements(), is_simulated=True)),
    }
    assert len(digests) == 5
    assert aapor.digest(made(statements())) == aapor.digest(made(statements()[::-1]))
