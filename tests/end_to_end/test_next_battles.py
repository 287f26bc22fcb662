"""From a queue to scheduled battles to votes that are known to be theirs, by the command line."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ingestion.log import EventLog
from ingestion.log.reader import read
from ingestion.paths import Home
from ingestion.simulation.battles import Vote
from ingestion.vocabulary import EventType, Outcome
from orchestration.adaptive_study import board_of
from orchestration.database import open_database
from orchestration.queueing import key_of, schedule
from ratings.stopping import Measure, value_of
from tests.end_to_end.command import demoscope, document

ROW = {"stratum", "model_a", "model_b", "expected_gain", "policy", "propensity", "proposal_id"}
PAIR = {"dimension": "overall", "model_a": "aurora", "model_b": "dune"}
FLAGS = """
select is_scheduled, propensity is not null as is_weighted, count(*) as votes
from fct_battle group by all order by all
"""
VOTES = "select participant_key, model_a, model_b, outcome from fct_battle order by position"


def votes(rows: list[dict[str, Any]], path: Path, *, source: str = "panel") -> Path:
    """One vote per proposal, by its proposal id."""
    events = [
        {
            "event_type": "battle_judged",
            "source": source,
            "native_id": row["proposal_id"],
            "participant_id": "p1",
            "dimension": row["dimension"],
            "model_a": row["model_b"],
            "model_b": row["model_a"],
            "outcome": "a",
            "conversation_id": row["proposal_id"],
        }
        for row in rows
    ]
    path.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    return path


def test_a_queue_is_scheduled_once_and_never_repeats_for_a_participant(
    copy: Path, tmp_path: Path
) -> None:
    asked = ("queue", "--stratum", "all", "--batch", "2", "--format", "json")
    source = ("--source", "panel", "--schedule")
    rows = document(copy, *asked, *source)["rows"]
    assert len(rows) == 2
    assert set(rows[0]) >= ROW
    proposals = [{**row, "stratum_id": row["stratum"]} for row in rows]
    again = schedule(Home(copy), proposals, "panel", None)
    assert (again.accepted_count, again.duplicate_count) == (0, 2)
    # Whoever asks anew is told of what others were asked, and gets other proposals.
    anew = demoscope(copy, *asked)
    assert "2 scheduled battles are awaited" in anew.stderr
    ids = {row["proposal_id"] for row in json.loads(anew.stdout)["rows"]}
    assert not ids & {row["proposal_id"] for row in rows}
    log = EventLog.open(Home(copy).log)
    scheduled = read(log, EventType.BATTLE_SCHEDULED).to_pylist()
    assert [
        (event["model_a"], event["policy"], event["policy_version"], event["propensity"])
        for event in scheduled
    ] == [(row["model_a"], row["policy"], row["policy_version"], row["propensity"]) for row in rows]
    first = votes(rows, tmp_path / "votes.jsonl")
    assert document(copy, "ingest", first, "--json")["loads"][0]["accepted_count"] == 2
    # The ratings don't know the votes yet.
    assert "2 scheduled battles are awaited" in demoscope(copy, *asked).stderr
    repeated = document(copy, "ingest", first, "--json")["loads"][0]
    assert (repeated["accepted_count"], repeated["duplicate_count"]) == (0, 2)
    personal = demoscope(copy, *asked, "--participant", "p1", "--source", "panel")
    if personal.returncode == 0:
        met = {frozenset((row["model_a"], row["model_b"])) for row in rows}
        for row in json.loads(personal.stdout)["rows"]:
            assert frozenset((row["model_a"], row["model_b"])) not in met
    else:
        assert personal.returncode == 3
        assert "Every pair of the 4 models has been asked for" in personal.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--stratum", "Mars"), 3, "no stratum 'Mars'"),
        (("--policy", "information_gain@9"), 3, "no pairing policy 'information_gain@9'"),
        (("--schedule",), 2, "Add --source NAME"),
        (("--participant", "p1"), 2, "Add --source NAME"),
    ],
)
def test_what_cannot_be_asked_ends_with_a_sentence(
    built: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    done = demoscope(built, "queue", *arguments)
    assert done.returncode == code
    assert message in done.stderr
    assert not done.stdout


@pytest.mark.slow
def test_recruitment_says_whose_answers_are_unknown(copy: Path) -> None:
    """Somebody's politics are in no group: they are in no share of the sample."""
    people = [
        {"event_type": "participant_enrolled", "source": "panel", "native_id": f"e{n}"}
        | {"participant_id": f"p{n}", "country": "US", "age": "40", "ethnicity": "White"}
        | ({"politics": "Democrat"} if n else {})
        for n in range(3)
    ]
    judged = [
        {"event_type": "battle_judged", "source": "panel", "native_id": f"v{n}"}
        | {"participant_id": f"p{n}", **PAIR, "outcome": "a"}
        for n in range(3)
    ]
    for name, events in (("people", people), ("votes", judged)):
        path = copy.parent / f"{name}.jsonl"
        path.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
        assert document(copy, "ingest", path, "--json")["loads"][0]["accepted_count"] == 3
    document(copy, "build", "--json")
    found = document(copy, "recruit", "--country", "US", "--json")["rows"]
    of_politics = [row for row in found if "/politics/" in row["stratum_id"]]
    assert sum(row["sample_share"] for row in of_politics) == pytest.approx(1)
    [unknown] = {row["unknown_count"] for row in of_politics}
    assert unknown >= 1
    assert f"politics of {unknown}" in demoscope(copy, "recruit", "--country", "US").stderr


STRAY: list[dict[str, Any]] = [
    {"event_type": "battle_scheduled", "native_id": "s1", "stratum_id": "US", **PAIR,
     "policy": "nobody_knows", "policy_version": "1", "propensity": 0.5, "conversation_id": "s1"},
    {"event_type": "battle_judged", "native_id": "v1", "participant_id": "p1", **PAIR,
     "outcome": "a", "conversation_id": "never-scheduled"},
    {"event_type": "strike_issued", "native_id": "k1", "participant_id": "stranger",
     "rule": "speeding", "rule_version": "99", "evidence": "none"},
]  # fmt: skip


def test_what_the_study_does_not_know_is_kept_and_warned_of(copy: Path, tmp_path: Path) -> None:
    asked = ("queue", "--batch", "2", "--format", "json")
    rows = document(copy, *asked, "--source", "panel", "--schedule")["rows"]
    stray = tmp_path / "stray.jsonl"
    lines = [json.dumps({"source": "panel", **event}) + "\n" for event in STRAY]
    stray.write_text("".join(lines), encoding="utf-8")
    for path in (votes(rows[:1], tmp_path / "votes.jsonl"), stray):
        assert document(copy, "ingest", path, "--json")["loads"][0]["quarantined_count"] == 0
    said = demoscope(copy, "build").stderr
    unknown = "warning: scheduled_by_known_policies, 1 row: battles were scheduled by a policy"
    assert unknown in said
    assert "seed_pairing_policies" in said
    # One for the stranger, one for the version of the rule.
    assert "warning: quality_events_unmatched, 2 rows: strikes and exclusions" in said
    assert f"lies under {copy / 'dbt' / 'target' / 'compiled'}" in said
    with open_database(Home(copy).database) as connection:
        flags = connection.sql(
            "select battles.is_scheduled, battles.is_counted from fct_battle as battles"
            " inner join raw.battle_judged as judged using (event_id)"
            " where judged.conversation_id is not null order by battles.is_scheduled"
        ).fetchall()
    assert flags == [(False, True), (True, True)]
    # The ratings know the vote of the first; the second, and the stray one, are still to come.
    who = ("--participant", "p1", "--source", "panel")
    personal = demoscope(copy, *asked, *who)
    assert "2 scheduled battles are awaited" in personal.stderr
    mine = json.loads(personal.stdout)
    assert mine["board"] == "population"
    # They said 25, and were corrected to be 70.
    assert {row["stratum"] for row in mine["rows"]} == {"US/age/55+"}
    met = {frozenset(PAIR.values()) - {"overall"}}
    assert not met & {frozenset((row["model_a"], row["model_b"])) for row in mine["rows"]}
    key = key_of(Home(copy), "panel", "p1")
    assert key is not None
    by_key = document(copy, *asked, "--participant", key)
    assert {row["stratum"] for row in by_key["rows"]} == {"US/age/55+"}
    unheard = demoscope(copy, *asked, "--participant", "stranger", "--source", "panel")
    assert "Their age is not known" in unheard.stderr
    assert {row["stratum"] for row in json.loads(unheard.stdout)["rows"]} == {"all"}


@pytest.mark.slow
def test_a_study_runs_until_it_may_stop(tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = document(
        out, "simulate", "--adaptive", "--out", out, "--participants", "4000", "--batch", "250",
        "--rounds", "6", "--effects", "0", "--json",
    )  # fmt: skip
    chosen, at_random = done["chosen"], done["at_random"]
    assert not chosen[0]["is_reached"]
    assert chosen[-1]["is_reached"]
    assert chosen[-1]["value"] <= done["threshold"] < chosen[-2]["value"]
    assert chosen[0]["value"] == pytest.approx(at_random[0]["value"], abs=1e-5)
    assert at_random[-1]["is_reached"]
    assert len(ET.parse(done["plot"]).findall(".//{*}polyline")) == 2  # noqa: S314 (our own)
    home = Home(out / "warehouse")
    with open_database(home.database) as connection:
        counted = connection.sql(FLAGS).fetchall()
        votes = connection.sql(VOTES).fetchall()
        models = connection.sql("select model_id from dim_model where not is_retired").fetchall()
    last = chosen[-1]["battle_count"]
    assert counted == [(False, False, 4000), (True, True, last - 4000)]
    # In memory, the chosen course's own votes have the very interval that the build found.
    board = board_of([Vote(person, a, b, Outcome(said)) for person, a, b, said in votes])
    value = value_of(Measure.INTERVAL_WIDTH, board.over([model for (model,) in models])[0])
    assert value == pytest.approx(chosen[-1]["value"], abs=1e-5)


@pytest.mark.slow
def test_two_may_ingest_while_one_builds(copy: Path, tmp_path: Path) -> None:
    rows = [
        {
            "proposal_id": f"{who}-{n}",
            "dimension": "overall",
            "model_a": "aurora",
            "model_b": "dune",
        }
        for who in ("x", "y")
        for n in range(40)
    ]
    files = [
        votes([row], tmp_path / f"{row['proposal_id']}.jsonl", source=row["proposal_id"][0])
        for row in rows
    ]
    log = EventLog.open(Home(copy).log)
    before = read(log, EventType.BATTLE_JUDGED).num_rows
    asked = [["build"], *(["ingest", *map(str, files[k::2])] for k in range(2))]
    command = [sys.executable, "-m", "orchestration.cli"]
    environment = os.environ | {"DEMOSCOPE_HOME": str(copy)}
    with ExitStack() as stack:
        running = [
            stack.enter_context(
                subprocess.Popen(
                    [*command, *arguments], env=environment, text=True, stderr=subprocess.PIPE
                )
            )
            for arguments in asked
        ]
        said = [process.communicate()[1] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], said
    # A log that is open stays as it was opened.
    log = EventLog.open(Home(copy).log)
    assert read(log, EventType.BATTLE_JUDGED).num_rows == before + 80
    document(copy, "log", "verify", "--json")
    # What came in meanwhile is in the next build.
    document(copy, "build", "--json")
    with open_database(Home(copy).database) as connection:
        [(count,)] = connection.sql(
            "select count(*) from fct_battle where source in ('x', 'y') and not is_scheduled"
        ).fetchall()
    assert count == 80
