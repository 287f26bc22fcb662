"""What a load warns of: voters without enrolment, and names that look alike; else nothing."""

import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.paths import Home
from orchestration.load_report import LoadReport
from orchestration.loading import load_file


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def load(home: Home, events: Sequence[dict[str, str]], name: str) -> LoadReport:
    path = home.root.parent / name
    path.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    return load_file(home, str(path))


def people(home: Home, ids: Sequence[str], source: str = "panel") -> LoadReport:
    rows = [
        {
            "event_type": "participant_enrolled",
            "source": source,
            "native_id": one,
            "participant_id": one,
            "country": "US",
        }
        for one in ids
    ]
    return load(home, rows, f"people-{source}.jsonl")


def votes(
    home: Home, ids: Sequence[str | None], models: tuple[str, str] = ("alpha", "beta")
) -> LoadReport:
    rows = [
        {
            "event_type": "battle_judged",
            "source": "panel",
            "native_id": f"{number}-{models[0]}",
            "dimension": "overall",
            "model_a": models[0],
            "model_b": models[1],
            "outcome": "a",
        }
        | ({} if one is None else {"participant_id": one})
        for number, one in enumerate(ids)
    ]
    return load(home, rows, f"votes-{models[0].strip()}.jsonl")


def test_where_everybody_is_enrolled_nothing_is_said(home: Home) -> None:
    assert people(home, ["ann", "bob"]).warnings == []
    assert votes(home, ["ann", "bob", None]).warnings == []


def test_where_nobody_is_enrolled_nothing_is_said(home: Home) -> None:
    assert votes(home, ["ann", "bob"]).warnings == []


def test_voters_without_enrolment_are_told_whatever_came_first(home: Home, tmp_path: Path) -> None:
    people(home, ["ann"])
    [first] = votes(home, ["ann", "bob", "bob"]).warnings
    assert first.startswith("1 of 2 voters have no enrolment, so 2 of 3 votes count")
    other = Home(tmp_path / "other")
    assert votes(other, ["ann", "bob", "bob"]).warnings == []
    [second] = people(other, ["ann"]).warnings
    assert second.startswith(
        "1 of 2 voters of the log have no enrolment yet, so 2 of 3 votes count"
    )
    # People of another study are none of theirs.
    assert people(other, ["cat"], "elsewhere").warnings == []


def test_real_votes_in_a_simulated_home_are_told(home: Home) -> None:
    def battle(source: str, number: int) -> list[dict[str, str]]:
        return [
            {
                "event_type": "battle_judged",
                "source": source,
                "native_id": str(number),
                "dimension": "overall",
                "model_a": "alpha",
                "model_b": "beta",
                "outcome": "a",
            }
        ]

    assert load(home, battle("simulated-humaine", 1), "one.jsonl").warnings == []
    assert load(home, battle("simulated-more", 2), "two.jsonl").warnings == []
    [said] = load(home, battle("panel", 3), "three.jsonl").warnings
    assert said.startswith("These verdicts (panel) are real, and this home holds others")
    assert (
        "(simulated-humaine, simulated-more): boards count both, and are marked SIMULATED" in said
    )
    [said] = load(home, battle("simulated-humaine", 4), "four.jsonl").warnings
    assert said.startswith("These verdicts (simulated-humaine) are simulated")


@pytest.mark.parametrize("written", ["ANN", " Ann", "a nn"])
def test_an_id_in_another_spelling_is_told_by_its_row(home: Home, written: str) -> None:
    people(home, ["ann", "bob"])
    [said] = votes(home, [written, written, "bob"]).warnings
    assert said.startswith("1 of 2 voters have no enrolment, so 2 of 3 votes")
    assert "1 of them would be enrolled" in said
    assert "row 1." in said
    assert written.strip() not in said


def test_blanks_around_an_id_are_no_part_of_it(home: Home) -> None:
    people(home, ["ann", "bob"])
    assert votes(home, ["ann ", "\tann", "bob"]).warnings == []


def test_leading_zeros_may_be_lost(home: Home) -> None:
    people(home, ["7", "8"])
    [zeros, said] = votes(home, ["007", "8"]).warnings
    assert "a spreadsheet may have taken leading zeros off" in zeros
    assert "1 of them would be enrolled" in said


def test_people_under_another_source_are_told_with_the_remedy(home: Home) -> None:
    people(home, ["ann", "bob"], source="panel-people")
    [said] = votes(home, ["ann", "bob"]).warnings
    assert "2 of 2 voters have no enrolment" in said
    assert "participants_of: panel-people" in said


def test_a_stranger_is_counted_without_a_cause(home: Home) -> None:
    people(home, ["ann"])
    [said] = votes(home, ["ann", "zoe"]).warnings
    assert said.endswith("on unweighted boards only.")


def test_names_that_look_alike_are_listed_also_against_the_log(home: Home) -> None:
    assert votes(home, ["ann"]).warnings == []
    [said] = votes(home, ["ann"], models=("Alpha", "gamma")).warnings
    assert "'Alpha' = 'alpha'" in said
    assert votes(home, ["ann"], models=("delta", "gamma")).warnings == []


def test_people_who_come_after_their_votes_are_told_of_them(home: Home) -> None:
    votes(home, ["ANN", "bob", "7"])
    [said] = people(home, ["ann", "bob", "007", "zoe"]).warnings
    assert said.startswith("2 voters of the log have no enrolment, and of 3 people")
    assert "2 would have voted if case, blanks or leading zeros" in said
    assert "rows 1, 3." in said


def test_people_under_another_source_than_their_votes_are_told_of_them(home: Home) -> None:
    votes(home, ["ann", "bob"])
    [said] = people(home, ["ann", "bob", "zoe"], source="panel-people").warnings
    assert "2 voted under panel: one `source:`?" in said
    assert "participants_of: panel-people" in said


def test_people_who_did_not_vote_are_nothing_strange(home: Home) -> None:
    votes(home, ["ann", None])
    assert people(home, ["ann", "zoe"]).warnings == []


_ID = st.sampled_from(["ann", "Ann", "ann ", "7", "007", "bob", "zoe"])


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(enrolled=st.sets(_ID, min_size=1), voters=st.lists(_ID, min_size=1, max_size=12))
def test_voters_without_an_enrolment_are_counted(enrolled: set[str], voters: list[str]) -> None:
    """Against a count by hand: ids are one person's where they are alike without outer blanks."""
    with TemporaryDirectory() as directory:
        home = Home(Path(directory) / "home")
        people(home, sorted({one.strip() for one in enrolled}))
        warnings = votes(home, voters).warnings
    known, names = {one.strip() for one in enrolled}, [one.strip() for one in voters]
    lost = [one for one in names if one not in known]
    said = [one for one in warnings if "voters have no enrolment" in one]
    if not lost:
        assert said == []
        return
    count = f"{len(set(lost))} of {len(set(names))} voters have no enrolment, so {len(lost)} of"
    assert said[0].startswith(f"{count} {len(names)} votes count on unweighted boards only.")
    alike = {one.lower().lstrip("0") for one in known}
    spelled = {one for one in lost if one.lower().lstrip("0") in alike}
    assert (f" {len(spelled)} of them would be enrolled" in said[0]) == bool(spelled)


def test_a_large_share_of_the_votes_is_said_without_the_name(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestration.loading.PIECE_ROWS", 50)
    ids = [f"p{row}" if row % 4 else "somebody" for row in range(200)]
    (message,) = votes(home, ids).warnings
    assert message.startswith("One participant (row 1) has 50 of 200 votes (25.0%)")
    assert "somebody" not in message


@pytest.mark.parametrize("ids", [[None] * 100, ["p"] * 19, [f"p{row % 10}" for row in range(100)]])
def test_no_share_is_large(home: Home, ids: Sequence[str | None]) -> None:
    assert not votes(home, ids).warnings
