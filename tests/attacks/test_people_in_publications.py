"""Publications identify nobody: sums and differences of what is published, under attack."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publishing.boards import aapor
from publishing.publications.differences import Earlier
from publishing.publications.writing import write_files
from tests.attacks.differencing import Attack, Target, targets
from tests.attacks.small_studies import PEOPLE_MIN, PUBLIC, Person, Study, study, tables_of
from tests.publishing.publications.conftest import ABOUT

TRIED = 16
BOARD = ("weighting", "stratum_id", "dimension", "estimator")


def publish(verdicts: Study, directory: Path, *earlier: Earlier) -> Path:
    directory.mkdir()
    with tables_of(verdicts) as connection:
        write_files(connection, directory, PUBLIC, ABOUT, earlier)
    return directory


def publish_as_it_is(verdicts: Study, directory: Path) -> Path:
    """As if nothing decided: every row, and every figure as it is."""
    directory.mkdir()
    with tables_of(verdicts) as connection:
        whole = [replace(table, disclosed_by=None) for table in PUBLIC]
        write_files(connection, directory, whole, ABOUT)
    return directory


def rows_of(directory: Path, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(directory / f"{name}.parquet").to_pylist()
    return rows


def before(verdicts: Study, share: float) -> Study:
    """The study before the last of its verdicts."""
    return verdicts.first(max(1, int(len(verdicts.verdicts) * share)))


def in_two_months(verdicts: Study, share: float) -> Study:
    """The study, whose last verdicts are of another month."""
    return replace(verdicts, second_month=len(before(verdicts, share).verdicts))


def known_at(verdicts: Study, directory: Path) -> Earlier:
    return Earlier(directory, verdicts.verdicts[-1].position + 1, is_alike=True)


def models_of(verdicts: Study) -> list[str]:
    return sorted({model for one in verdicts.verdicts for model in one.pair})


def tried(studies: list[Study], seed: int) -> list[Target]:
    """Some of the sets an attacker may want: half of strata, half of crossed cells."""
    found = targets(studies, PEOPLE_MIN)
    random, some = np.random.default_rng(seed), []
    for is_of_stratum in (True, False):
        kind = [one for one in found if isinstance(one.stratum, str) == is_of_stratum]
        some += [kind[place] for place in random.permutation(len(kind))[: TRIED // 2]]
    return some


SMALL = st.tuples(st.integers(0, 2**16), st.integers(30, 300), st.integers(3, 5), st.integers(1, 6))
Shape = tuple[int, int, int, int]


def attacked(shape: Shape, share: float) -> None:
    """Publish before and after the last verdicts; no set of few people may be determined."""
    later = in_two_months(study(*shape), share)
    first = before(later, share)
    with TemporaryDirectory() as root:
        old = publish(first, Path(root) / "old")
        new = publish(later, Path(root) / "new", known_at(first, old))
        attack = Attack([old, new], models_of(later), PEOPLE_MIN)
        wanted = tried([first, later], shape[0])
        assert [one for one in wanted if attack.determines(one)] == []


@settings(max_examples=3)
@given(SMALL, st.floats(0.5, 0.99))
def test_no_count_of_few_people_is_determined(shape: Shape, share: float) -> None:
    attacked(shape, share)


@pytest.mark.slow
@settings(max_examples=60)
@given(SMALL, st.floats(0.5, 0.999))
def test_no_count_of_few_people_is_determined_in_many_studies(shape: Shape, share: float) -> None:
    attacked(shape, share)


def test_the_attack_finds_people_where_marts_are_published_as_they_are(tmp_path: Path) -> None:
    later = in_two_months(study(5, 60, 4, 2), 0.9)
    first = before(later, 0.9)
    found = [publish_as_it_is(one, tmp_path / str(n)) for n, one in enumerate((first, later))]
    attack = Attack(found, models_of(later), 1)
    determined = [one for one in tried([first, later], 1) if attack.determines(one)]
    assert len(determined) >= TRIED // 4
    assert any(one.edition == 1 for one in determined)


@pytest.fixture(scope="module")
def editions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Study, Path, Path]:
    """A study, what it becomes by a few people, and both published."""
    root = tmp_path_factory.mktemp("editions")
    later = study(11, 220, 6, 3)
    first = before(later, 0.95)
    old = publish(first, root / "old")
    return first, later, old, publish(later, root / "new", known_at(first, old))


def test_at_least_ten_people_are_behind_every_row(
    editions: tuple[Study, Study, Path, Path],
) -> None:
    for verdicts, directory in ((editions[0], editions[2]), (editions[1], editions[3])):
        people: dict[tuple[str, ...], set[object]] = {}
        for one in verdicts.verdicts:
            for stratum in one.person.strata:
                for which in ((), *((model,) for model in one.pair), one.pair):
                    people.setdefault((stratum, one.dimension, *which), set()).add(one.person)
        for name in ("rpt_leaderboard", "rpt_pairwise", "rpt_tie_rate", "rpt_board_summary"):
            rows = rows_of(directory, name)
            assert rows
            for row in rows:
                models = [row[key] for key in ("model_id", "model_a", "model_b") if key in row]
                for model in models:
                    assert len(people[row["stratum_id"], row["dimension"], model]) >= PEOPLE_MIN
                assert len(people[row["stratum_id"], row["dimension"]]) >= PEOPLE_MIN
                if len(models) == 2 and row["battle_count"] is not None:
                    pair = people[row["stratum_id"], row["dimension"], *sorted(models)]
                    assert len(pair) >= PEOPLE_MIN


def test_every_count_of_people_is_a_multiple_of_ten(
    editions: tuple[Study, Study, Path, Path],
) -> None:
    for table in PUBLIC:
        for row in rows_of(editions[2], table.name):
            for name, value in row.items():
                is_of_people = table.metas[name].get("rests_on_people", True)
                if name.endswith("_count") and is_of_people and value is not None:
                    assert value % PEOPLE_MIN == 0, (table.name, name, value)


def test_what_differs_from_an_earlier_publication_differs_by_ten_people(
    editions: tuple[Study, Study, Path, Path],
) -> None:
    first, later, old, new = editions
    touched: Counter[tuple[str, str]] = Counter()
    for person, dimension in {
        (one.person, one.dimension) for one in later.verdicts[len(first.verdicts) :]
    }:
        touched.update((stratum, dimension) for stratum in person.strata)
    boards: list[dict[tuple[str, str], list[dict[str, Any]]]] = [{}, {}]
    for place, directory in enumerate((old, new)):
        for row in rows_of(directory, "rpt_leaderboard"):
            boards[place].setdefault((row["stratum_id"], row["dimension"]), []).append(row)
    both = boards[0].keys() & boards[1].keys()
    differing = {key for key in both if boards[0][key] != boards[1][key]}
    assert differing
    assert min(touched[key] for key in differing) >= PEOPLE_MIN
    assert {key for key, count in touched.items() if count < PEOPLE_MIN} & boards[0].keys()


def test_who_leaves_a_group_is_behind_its_difference(tmp_path: Path) -> None:
    """One person's answer is corrected while many others come: the group they left says nothing."""
    first = study(11, 220, 6, 3)
    old = publish(first, tmp_path / "old")
    start = first.verdicts[-1].position + 1
    mover = next(p for p in first.people if p.cell == ("UK", "55+", "left"))
    moved = replace(mover, age="18-34")
    kept = [replace(one, person=moved) if one.person == mover else one for one in first.verdicts]
    said = [one for one in first.verdicts if one.dimension == "overall"][:PEOPLE_MIN]
    new = [
        replace(one, person=Person(f"q{n}", "UK", "18-34", "left"), position=start + 1 + n)
        for n, one in enumerate(said)
    ]
    later = Study((*kept, *new), corrected={mover.key: start})
    directory = publish(later, tmp_path / "new", known_at(first, old))
    shown: list[dict[str, list[dict[str, Any]]]] = [{}, {}]
    for place, published in enumerate((old, directory)):
        for row in rows_of(published, "rpt_leaderboard"):
            if row["dimension"] == "overall":
                shown[place].setdefault(row["stratum_id"], []).append(row)
    differing = {name for name in shown[1] if shown[0].get(name) != shown[1][name]}
    assert {"UK", "UK/politics/left"} <= differing
    assert not [name for name in differing if name.startswith("UK/age")]


def test_months_that_few_people_changed_stay_behind(tmp_path: Path) -> None:
    first = replace(study(11, 220, 6, 3), second_month=100)
    old = publish(first, tmp_path / "old")
    start = first.verdicts[-1].position + 1
    said = [one for one in first.verdicts if one.dimension == "overall"]
    for count, is_shown in ((PEOPLE_MIN - 1, False), (PEOPLE_MIN, True)):
        new = [
            replace(one, person=Person(f"q{n % count}", "US", None, None), position=start + n)
            for n, one in enumerate(said[:60])
        ]
        later = Study((*first.verdicts, *new), second_month=100)
        directory = publish(later, tmp_path / str(count), known_at(first, old))
        rows = [row["dimension"] for row in rows_of(directory, "rpt_votes_by_month")]
        assert ("overall" in rows) == is_shown
        assert "trust" in rows


def test_months_stay_behind_where_one_person_came_to_the_last(tmp_path: Path) -> None:
    """Many people are behind the difference of all, one behind what came to the last month."""
    first = study(11, 220, 6, 3)
    start = first.verdicts[-1].position + 1
    said = [one for one in first.verdicts if one.dimension == "overall"][:40]
    last = start + len(said) - 1
    first = replace(first, second_month=last)
    old = publish(first, tmp_path / "old")
    new = [
        replace(one, person=Person(f"q{n}", "US", None, None), position=start + n)
        for n, one in enumerate(said)
    ]
    later = Study((*first.verdicts, *new), second_month=last)
    directory = publish(later, tmp_path / "new", known_at(first, old))
    shown = [row for row in rows_of(directory, "rpt_votes_by_month") if row["dimension"] != "trust"]
    assert not {row["model_id"] for row in shown}.intersection(new[-1].pair)
    assert {row["month"] for row in shown} == {"2025-01"}
    touched = Counter(model for one in new for model in one.pair)
    before_them = rows_of(old, "rpt_votes_by_month")
    for row in shown:
        assert row in before_them or touched[row["model_id"]] >= PEOPLE_MIN


NEWCOMERS = [
    Person("p999", "UK", "55+", "left"),
    Person("p999", "UK", "18-34", "right"),
    Person("p999", "US", "35-54", None),
]


def test_what_stays_behind_does_not_say_who_came(tmp_path: Path) -> None:
    """Of a newcomer whom somebody knows, the rows that are missing would be each answer."""
    first = study(11, 220, 6, 3)
    old = publish(first, tmp_path / "old")
    said = [one for one in first.verdicts[:30] if one.dimension == "overall"]
    missing = []
    for number, person in enumerate(NEWCOMERS):
        start = first.verdicts[-1].position + 1
        new = [
            replace(one, person=person, outcome="a", position=start + place)
            for place, one in enumerate(said)
        ]
        later = Study((*first.verdicts, *new))
        directory = publish(later, tmp_path / str(number), known_at(first, old))
        shown = {table.name: rows_of(directory, table.name) for table in PUBLIC}
        missing.append(
            {
                (name, *(row.get(key) for key in ("stratum_id", "country", "dimension")))
                for name in shown
                for row in rows_of(old, name)
                if row not in shown[name]
            }
        )
    assert missing[0]
    assert missing[0] == missing[1] == missing[2]


def test_what_a_study_says_of_itself_does_not_tell_one_persons_vote(tmp_path: Path) -> None:
    """Neither when it was, by the last month, nor of which country, by the counts."""
    first = study(7, 200, 4, 3)
    one = first.verdicts[-1]
    later = Study((*first.verdicts, replace(one, position=one.position + 1)))
    old = publish(first, tmp_path / "old")
    new = publish(later, tmp_path / "new", known_at(first, old))
    before_and_after = []
    for directory in (old, new):
        coverage, collection = (
            rows_of(directory, name) for name in ("fct_stratum_coverage", "rpt_data_collection")
        )
        items = aapor.about([], coverage, collection, [], step=PEOPLE_MIN)
        before_and_after.append(
            {(row["part"], row["subject"]): row["statement"]
             for item in items for row in item["statements"]}
        )  # fmt: skip
    shown, anew = before_and_after
    assert shown["battles", ""].startswith("month 0 to month ")
    assert anew["battles", ""].startswith("Not shown: fewer than 10 people")
    assert one.person.country in {subject for _, subject in shown}
    for key in shown.keys() & anew.keys():
        if key[0] in {"participants", "verdicts"}:
            assert anew[key] == shown[key] or anew[key].startswith("Not shown")


def test_the_models_that_are_shown_make_a_board_of_their_own(tmp_path: Path) -> None:
    """A model that few judged is missed by no sum, no rank and no share of the others."""
    verdicts = study(3, 150, 4, 4)
    rare = verdicts.verdicts[0]
    newcomer = replace(rare, pair=("m0", "new"), position=len(verdicts.verdicts))
    directory = publish(Study((*verdicts.verdicts, newcomer)), tmp_path / "out")
    boards: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows_of(directory, "rpt_leaderboard"):
        boards.setdefault(tuple(row[key] for key in BOARD), []).append(row)
    partial = [board for key, board in boards.items() if key[1:3] == ("all", newcomer.dimension)]
    assert partial
    for board in partial:
        assert sorted(row["rank"] for row in board) == list(range(1, len(board) + 1))
        assert {row["model_id"] for row in board} == {"m0", "m1", "m2", "m3"}
        assert abs(sum(row["skill"] for row in board)) < 0.1 * len(board)
        assert sum(row["p_best"] for row in board) == pytest.approx(1, abs=0.05)
        assert max(row["rank_hi"] for row in board) <= len(board)
