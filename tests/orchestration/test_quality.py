"""Strikes through the real gate and log: who doesn't try is found, nobody else; appeals lift it."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from ingestion.errors import NotFoundError, UsageError
from ingestion.log import EventLog
from ingestion.log.erasure import erase, find_subject
from ingestion.paths import Home
from ingestion.simulation.parameters import Parameters
from ingestion.simulation.study import Summary, simulate
from ingestion.sources.generated_events import GeneratedEvents
from ingestion.subjects.links import Identities
from ingestion.vocabulary import EventType
from orchestration.building import Workspace, open_sources
from orchestration.database import mart_rows
from orchestration.dbt_runs import run_dbt
from orchestration.loading import load_file, load_generated
from orchestration.quality import SOURCE, appeal, find_strikes, issue
from tests.end_to_end.command import demoscope, document

MODELS = ("fct_quality_hit", "rpt_participant_quality", "int_policies__applied")
UNMATCHED = "quality_events_unmatched"
FILES = ("conversations.jsonl", "labels.jsonl", "battles.jsonl")
STATES = "select * from rpt_participant_quality order by participant_key"
HITS = "select * from fct_quality_hit order by all"


def built(home: Home, *, is_first: bool = False) -> list[str]:
    """Build what quality needs of the warehouse; status and count of strikes that do nothing."""
    workspace = Workspace(home.root)
    log = EventLog.open(home.log)
    open_sources(workspace, log, log.resolve(None), loads=home.loads)
    names = [*(f"+{name}" for name in (*MODELS, "int_participants__current")), UNMATCHED]
    kept = [] if is_first else ["--exclude-resource-type", "seed"]
    command = ["build", "--indirect-selection", "empty", "--select", *names, *kept]
    results = run_dbt(command, root=home.root)
    [result] = [result for result in results if result.node.name == UNMATCHED]
    return [str(result.status), str(result.failures)]


def states(home: Home) -> dict[str, dict[str, Any]]:
    return {row["participant_key"]: row for row in mart_rows(home, STATES)}


def write(path: Path, rows: Iterable[dict[str, Any]]) -> str:
    text = "\n".join(json.dumps({"source": "simulated-humaine", **row}) for row in rows)
    path.write_text(text + "\n", encoding="utf-8")
    return str(path)


class Study:
    """A simulated study in which one judge in five does not try, and everybody judges enough."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root / "home")
        asked = Parameters(
            participants=300,
            seed=5,
            judging_share=1.0,
            battles_per_participant=5.0,
            activity_shape=50.0,
            low_effort_share=0.2,
        )
        self.summary: Summary = simulate(asked, root / "study")
        for path in self.summary.files:
            if path.name in FILES:
                load_file(self.home, str(path))
        assert built(self.home, is_first=True) == ["pass", "0"]
        truth = json.loads(self.summary.truth.read_text("utf-8"))
        identities = Identities.open(self.home.vault)
        self.careless = {
            identities.subject_id(asked.source, row["participant_id"])
            for row in truth["low_effort"]
        }


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return Study(tmp_path_factory.mktemp("quality"))


def test_strikes_find_who_does_not_try_and_appeals_lift_them(study: Study, tmp_path: Path) -> None:
    home = study.home
    head = EventLog.open(home.log).resolve(None)
    found = find_strikes(home, None, None)
    named = {row["participant_id"] for row in found.exclusions}
    assert len(named & study.careless) >= 0.95 * len(study.careless)
    assert len(named - study.careless) <= 0.02 * (300 - len(study.careless))

    # One commit; said again, before and after a build, nothing is.
    report = issue(home, found)
    assert report is not None
    assert report.accepted_by_event_type == {
        "participant_excluded": len(found.exclusions),
        "strike_issued": len(found.strikes),
    }
    assert report.position == head + 1
    again = issue(home, find_strikes(home, None, None))
    assert again is not None
    assert (again.status, again.accepted_count) == ("nothing_new", 0)
    assert EventLog.open(home.log).resolve(None) == head + 1
    assert built(home) == ["pass", "0"]
    assert issue(home, find_strikes(home, None, None)) is None
    struck = states(home)
    assert {key for key, row in struck.items() if row["state"] == "excluded"} == named
    assert all(struck[key]["strike_count"] >= 3 for key in named)
    counted = "select distinct participant_key from int_battles__current where not is_counted"
    assert {row["participant_key"] for row in mart_rows(home, counted)} == named

    # A strike too few, and who was excluded counts again; an exclusion retracted stays retracted.
    [three, *_] = sorted(key for key in named if struck[key]["strike_count"] == 3)
    other = max(named, key=lambda key: int(struck[key]["strike_count"]))
    hits = mart_rows(home, HITS)
    strike = next(hit["strike_event_id"] for hit in hits if hit["participant_key"] == three)
    excluded = f"select event_id from raw.participant_excluded where subject_id = '{other}'"
    [exclusion] = mart_rows(home, excluded)
    appeal(home, strike, "The microphone was broken.")
    retracted, _ = appeal(home, exclusion["event_id"], "Known to the study office.")
    assert retracted["event_type"] == "participant_excluded"
    position = EventLog.open(home.log).resolve(None)
    _, repeated = appeal(home, strike, "The microphone was broken.")
    assert repeated.status == "nothing_new"
    assert EventLog.open(home.log).resolve(None) == position

    # Strikes that do nothing are said so, and do nothing.
    person = {"event_type": "strike_issued", "evidence": "Seen.", "rule_version": "1"}
    load_file(
        home,
        write(
            tmp_path / "strange.jsonl",
            [
                {**person, "native_id": "s1", "participant_id": "nobody", "rule": "speeding"},
                {
                    **person,
                    "native_id": "s2",
                    "participant_id": "p000000001",
                    "rule": "speeding",
                    "rule_version": "99",
                },
                {
                    "native_id": "x1",
                    "event_type": "participant_excluded",
                    "participant_id": "p000000002",
                    "reason": "Three strikes.",
                    "policy": "three_strikes",
                    "policy_version": "99",
                },
                {
                    "native_id": "r1",
                    "event_type": "event_retracted",
                    "target_event_id": "0" * 32,
                    "reason": "Of an event that is not there.",
                },
            ],
        ),
    )
    assert built(home) == ["warn", "3"]
    after = states(home)
    assert {key for key, row in after.items() if row["state"] == "excluded"} == named - {
        three,
        other,
    }
    assert (after[three]["strike_count"], after[three]["appealed_hit_count"]) == (2, 1)
    assert issue(home, find_strikes(home, None, None)) is None


def test_bad_requests_name_what_there_is(study: Study) -> None:
    home = study.home
    listed = re.escape("none@1, three_strikes@1, two_strikes@1")
    for policy in ("nosuch", "three_strikes@99", "@1"):
        with pytest.raises(NotFoundError, match=listed):
            find_strikes(home, policy, None)
    with pytest.raises(NotFoundError, match="no participant 'nobody'"):
        find_strikes(home, None, "nobody")
    assert find_strikes(home, "none", None).strikes == []
    with pytest.raises(NotFoundError, match="No event 'f00f00"):
        appeal(home, "f00" * 11, "Why not.")
    battle = mart_rows(home, "select min(event_id) as event_id from raw.battle_judged")[0]
    with pytest.raises(UsageError, match="no strike and no exclusion"):
        appeal(home, battle["event_id"], "Why not.")
    with pytest.raises(UsageError, match="needs a reason"):
        appeal(home, battle["event_id"], " ")
    with pytest.raises(NotFoundError, match="demoscope build"):
        find_strikes(Home(home.root / "elsewhere"), None, None)


def test_of_who_was_erased_nothing_is_said_any_more(study: Study) -> None:
    home = study.home
    log = EventLog.open(home.log)
    native = "p000000003"
    subject = find_subject(log, home.vault, native, "simulated-humaine")
    erase(log, home.vault, subject, is_retracted=False)
    head = log.resolve(None)
    strike = {
        "native_id": "late",
        "participant_id": subject.subject_id,
        "rule": "speeding",
        "rule_version": "1",
        "evidence": "Seen before the erasure.",
    }
    report = load_generated(
        home, GeneratedEvents("late", SOURCE, {EventType.STRIKE_ISSUED: [strike]})
    )
    assert (report.accepted_count, report.quarantined_by_reason) == (0, {"erased_participant": 1})
    assert EventLog.open(home.log).resolve(None) <= head + 1
    counts = "select count(*) as n from read_parquet('{}')"
    [refused] = sorted(home.quarantine.glob(f"{report.load_id}*.parquet"))
    assert mart_rows(home, counts.format(refused)) == [{"n": 1}]


def test_the_command_says_what_there_is_and_how_it_ended(study: Study) -> None:
    root = study.home.root
    printed = document(root, "quality", "strike", "--dry-run", "--json")
    assert (printed["policy"], printed["is_dry_run"], printed["log_position"]) == (
        "three_strikes",
        True,
        None,
    )
    listed = document(root, "quality", "participants", "--limit", "2", "--format", "json")
    assert [row["state"] != "clean" for row in listed["rows"]] == [True, True]
    table = demoscope(root, "quality", "participants", "--limit", "2", "--format", "csv")
    assert table.stdout.startswith("participant_key,state,strike_count,")
    for arguments, code in (
        (("strike", "--policy", "three_strikes@99"), 3),
        (("appeal", "f0" * 16, "--reason", "Why not."), 3),
        (("participants", "--state", "angry"), 2),
        (("sensitivity",), 3),
    ):
        done = demoscope(root, "quality", *arguments)
        assert (done.returncode, done.stdout) == (code, ""), done.stderr
