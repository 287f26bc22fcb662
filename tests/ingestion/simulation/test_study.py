"""What is written: complete, valid under the contracts, the same bytes for the same seed."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.contracts import CONTRACTS
from ingestion.simulation.parameters import Parameters
from ingestion.simulation.population import Country, Margin, Population
from ingestion.simulation.study import EVENT_FILES, simulate
from ingestion.vocabulary import EventType
from tests.ingestion.simulation.populations import POPULATION
from tests.ingestion.simulation.studies import study

ANY_PARAMETERS = st.fixed_dictionaries(
    {
        "participants": st.integers(1, 40),
        "seed": st.integers(0, 2**63 - 1),
        "battles_per_participant": st.floats(0.0, 4.0),
        "judging_share": st.floats(0.01, 1.0),
        "activity_shape": st.floats(0.01, 10.0),
        "model_count": st.integers(2, 28),
        "effects": st.floats(0.0, 3.0),
        "sampling_skew": st.floats(0.0, 3.0),
        "low_effort_share": st.floats(0.0, 1.0),
        "left_bias": st.floats(-5.0, 5.0),
    }
)


def objections(row: dict[str, Any]) -> list[str]:
    """What the row's contract has against it, worked out value by value."""
    contract = CONTRACTS[EventType(row["event_type"])]
    names = list(contract.native_columns)
    found = [f"unknown {name}" for name in row if name not in names]
    if [name for name in names if name in row] != list(row):
        found.append("order")
    for column in contract.log_columns:
        value = row.get(column.source_name)
        is_given_later = column.name == "schema_version"
        if value is None:
            if column.source_name in row or (column.is_required and not is_given_later):
                found.append(f"missing {column.name}")
            continue
        if column.vocabulary and value not in column.vocabulary:
            found.append(f"unknown value of {column.name}")
        if isinstance(value, str) and not 0 < len(value) <= column.max_length:
            found.append(f"length of {column.name}")
        if column.pattern and not re.fullmatch(column.pattern, value):
            found.append(f"pattern of {column.name}")
        if column.minimum is not None and float(value) < column.minimum:
            found.append(f"range of {column.name}")
    found += [f"{a} = {b}" for a, b in contract.differing if row[a] == row[b]]
    return found


@given(asked=ANY_PARAMETERS)
@settings(max_examples=25)
def test_every_row_is_valid_under_its_contract(asked: dict[str, Any]) -> None:
    with TemporaryDirectory() as directory:
        made = study(Path(directory), **asked)
        rows = [row for name in EVENT_FILES for row in made.rows(name.removesuffix(".jsonl"))]
        assert [(row, found) for row in rows if (found := objections(row))] == []
        identities = Counter(
            (row["event_type"], row["native_id"], row.get("dimension"), row.get("criterion"))
            for row in rows
        )
        assert max(identities.values()) == 1
        counts = made.summary.counts
        assert counts["battle_count"] == round(
            asked["participants"] * asked["battles_per_participant"]
        )
        kinds = Counter(row["event_type"] for row in rows)
        assert kinds["participant_enrolled"] == counts["participant_count"] == asked["participants"]
        assert kinds["battle_judged"] == counts["judgment_count"] == 5 * counts["battle_count"]
        assert kinds["conversation_recorded"] == counts["battle_count"]
        assert kinds["model_registered"] == counts["model_count"] == asked["model_count"]


def test_a_line_has_the_contracts_keys_in_its_order_without_blanks(tmp_path: Path) -> None:
    study(tmp_path, participants=50)
    line = (tmp_path / "battles.jsonl").read_text("utf-8").splitlines()[0]
    assert re.fullmatch(
        r'\{"native_id":"b0000000000","event_type":"battle_judged","source":"simulated-humaine",'
        r'"occurred_at":"2025-06-\d\dT\d\d:\d\d:\d\d\.\d{6}Z","participant_id":"p\d{9}",'
        r'"dimension":"overall","model_a":"[^"]+","model_b":"[^"]+","outcome":"(a|b|tie)",'
        r'"conversation_id":"c0000000000","language":"en","topic":"[^"]+"\}',
        line,
    )


def test_texts_are_json_whatever_they_hold(tmp_path: Path) -> None:
    name = 'The "Côte" \\ party,'
    party = Margin("politics", (name,), (1.0,))
    made = study(tmp_path, Population((Country("FR", 1.0, (party,)),)), undisclosed_shares={})
    assert {row["politics"] for row in made.rows("participants")} == {name}


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others(tmp_path: Path) -> None:
    first, second, other = (
        study(tmp_path / name, seed=seed).bytes() for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert first == second
    assert all(first[name] != other[name] for name in first if name != "models.jsonl")


def test_another_process_gives_the_same_bytes(tmp_path: Path, repository: Path) -> None:
    here = study(tmp_path / "here", participants=40).bytes()
    code = (
        "import sys, pathlib; from tests.ingestion.simulation.studies import study; "
        "study(pathlib.Path(sys.argv[1]), participants=40)"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "there")],
        check=True,
        cwd=repository,
        env={**os.environ, "PYTHONHASHSEED": "12345", "PYTHONPATH": str(repository)},
    )
    there = {path.name: path.read_bytes() for path in sorted((tmp_path / "there").iterdir())}
    assert there == here


def test_a_study_of_many_chunks_is_numbered_through(tmp_path: Path) -> None:
    made = study(tmp_path, participants=4, battles_per_participant=9000.0, judging_share=1.0)
    ids = made.columns("select distinct native_id from battles order by native_id")["native_id"]
    assert list(ids) == [f"b{number:010d}" for number in range(36_000)]
    assert [row["native_id"] for row in made.rows("participants")] == [
        f"p{number:09d}" for number in range(4)
    ]


def test_everything_happens_in_order(tmp_path: Path) -> None:
    made = study(tmp_path, participants=3000)
    wrong = made.columns(
        "select count(*) as n from battles join participants p using (participant_id)"
        " join conversations c using (conversation_id)"
        " where not (p.occurred_at < c.occurred_at and c.occurred_at < battles.occurred_at)"
    )
    assert wrong["n"][0] == 0
    arrivals = [row["occurred_at"] for row in made.rows("participants")]
    assert arrivals == sorted(arrivals)
    assert arrivals[0][:10] == "2025-06-02"
    assert arrivals[-1][:10] == "2025-08-31"


def test_two_models_retire_late_and_are_not_met_afterwards(tmp_path: Path) -> None:
    made = study(tmp_path, participants=3000)
    retired = {
        row["model_id"]: row["occurred_at"]
        for row in made.rows("models")
        if row["event_type"] == "model_retired"
    }
    assert retired == {
        model["model_id"]: model["retired_at"]
        for model in made.truth["models"]
        if model["retired_at"]
    }
    assert len(retired) == 2
    assert min(map(datetime.fromisoformat, retired.values())).month == 8
    battles = made.rows("battles")
    for model, at in retired.items():
        met = [b["occurred_at"] for b in battles if model in {b["model_a"], b["model_b"]}]
        assert met
        assert max(met) < at


def test_judgments_at_humaines_size(tmp_path: Path) -> None:
    counts = study(tmp_path, participants=24_000).summary.counts
    assert counts["judgment_count"] == 120_000
    assert counts["judging_participant_count"] == pytest.approx(0.4 * 24_000, abs=2)


def test_those_who_judge_judge_several_and_unevenly(tmp_path: Path) -> None:
    made = study(tmp_path, participants=10_000)
    each = made.columns(
        "select count(distinct native_id) as n from battles group by participant_id"
    )["n"]
    assert each.min() == 1
    assert each.mean() == pytest.approx(2.5, abs=0.01)
    assert each.max() > 8
    assert each.std() > 1.5


def test_progress_is_told_and_ends_at_the_total(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    parameters = Parameters(participants=20_000)
    simulate(
        parameters,
        tmp_path,
        population=POPULATION,
        progress=lambda done, total: told.append((done, total)),
    )
    assert len(told) > 1
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (100_000, 100_000)


def test_an_interrupted_study_leaves_no_half_files(tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(Parameters(participants=50), tmp_path, population=POPULATION, progress=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_truth_counts_what_was_written(tmp_path: Path) -> None:
    made = study(tmp_path)
    assert made.truth["counts"]["judgment_count"] == made.summary.counts["judgment_count"]
    assert made.truth["parameters"]["seed"] == 1
    assert json.loads(json.dumps(made.truth)) == made.truth


def test_the_allocation_to_countries_is_a_parameter(tmp_path: Path) -> None:
    made = study(tmp_path, country_shares={"UK": 1.0})
    assert {row["country"] for row in made.rows("participants")} == {"UK"}
