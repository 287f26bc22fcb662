"""A lab that hides its losers, by what it or the operator says later, and an honest one."""

import json
import random
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ingestion.paths import Home
from ingestion.vocabulary import EventType
from orchestration.building import build
from orchestration.database import mart_rows
from orchestration.event_search import Search, find_events
from orchestration.loading import load_file
from orchestration.undoing import find_undo, undo
from publishing.boards.finding import Finding
from publishing.boards.private_testing import private_testing

Event = dict[str, Any]
BASE = [f"m{number}" for number in range(6)]


class Study:
    """A warehouse into which a test loads what sources say."""

    def __init__(self, root: Path) -> None:
        self.home, self._root, self._rng, self._count = (
            Home(root / "home"),
            root,
            random.Random(3),
            0,
        )
        battles = [self.battle("base", *self._rng.sample(BASE, 2)) for _ in range(150)]
        self.load(
            [*(registered("base", name, "Base", is_private=False) for name in BASE), *battles]
        )

    def load(self, events: Sequence[Event]) -> int:
        """As one file; its position in the log."""
        self._count += 1
        file = self._root / f"{self._count}.jsonl"
        file.write_text("".join(f"{json.dumps(event)}\n" for event in events), "utf-8")
        report = load_file(self.home, str(file))
        assert report.quarantined_count == 0
        assert report.position is not None
        return report.position

    def battle(self, source: str, one: str, other: str) -> Event:
        self._count += 1
        return {
            "native_id": f"b{self._count}",
            "event_type": "battle_judged",
            "source": source,
            "occurred_at": "2025-06-02T00:00:00Z",
            "participant_id": f"p{self._rng.randrange(40)}",
            "dimension": "overall",
            "model_a": one,
            "model_b": other,
            "outcome": self._rng.choice("ab"),
        }

    def tests(self, lab: str, names: Sequence[str]) -> list[Event]:
        return [self.battle(lab, name, base) for name in names for base in [*BASE, *BASE]]

    def finding(self) -> Finding:
        build(self.home)
        rows = partial(mart_rows, self.home)
        return private_testing(lambda query, values: rows(query, values or None))


def registered(source: str, name: str, provider: str, *, is_private: bool = True) -> Event:
    return {
        "native_id": f"registered-{name}",
        "event_type": "model_registered",
        "source": source,
        "occurred_at": "2025-05-31T00:00:00Z",
        "model_id": name,
        "provider": provider,
        "family": f"family of {provider}",
        "is_private": str(is_private).lower(),
    }


def published(lab: str) -> Event:
    return {
        "native_id": f"published-{lab}",
        "event_type": "model_published",
        "source": lab,
        "occurred_at": "2025-07-01T00:00:00Z",
        "model_id": f"{lab}-1",
        "public_id": f"{lab}-public",
    }


def variants(lab: str) -> list[str]:
    return [f"{lab}-{number}" for number in (1, 2, 3)]


def own(lab: str) -> list[Event]:
    return [registered(lab, name, lab) for name in variants(lab)]


def released(study: Study, lab: str) -> list[Event]:
    return [published(lab), *study.tests(lab, [f"{lab}-public"])]


@pytest.mark.slow
def test_an_honest_lab_is_not_accused_whatever_a_rival_says_later(tmp_path: Path) -> None:
    study = Study(tmp_path)
    study.load([*own("lab"), *study.tests("lab", variants("lab")), *released(study, "lab")])
    # Of public models that people compared before, and of what a variant became.
    study.load([registered("rival", name, "Base") for name in BASE])
    study.load([published("lab") | {"source": "rival", "public_id": "m1"}])
    finding = study.finding()
    assert not finding.is_found, finding.sentence
    assert finding.figures["tested_count"] == 3
    assert "3 variants of lab were tested before lab-public was released" in finding.sentence


@pytest.mark.slow
def test_losers_stay_listed_whatever_is_said_of_them_later(tmp_path: Path) -> None:
    study = Study(tmp_path)
    # The operator undoes the registrations, and another source says that they are public.
    position = study.load(own("undone"))
    study.load(study.tests("undone", variants("undone")))
    undo(study.home, find_undo(study.home, str(position)), "A slip.")
    names = variants("undone")
    study.load([registered("sock", name, "undone", is_private=False) for name in names])
    # A sock puppet says so first.
    names = variants("puppet")
    study.load([registered("sock", name, "puppet", is_private=False) for name in names])
    study.load([*own("puppet"), *study.tests("puppet", names), *released(study, "puppet")])
    # The votes are moved to the public name.
    study.load([*own("joined"), *study.tests("joined", variants("joined"))])
    study.load(released(study, "joined"))
    moved = [
        {
            "native_id": f"moved-{event_id}",
            "event_type": "event_corrected",
            "source": "joined",
            "target_event_id": event_id,
            "reason": "A name.",
            "model_a": "joined-public",
        }
        for event_id in _battles_of(study, "joined-1")
    ]
    assert len(moved) == 12
    study.load(moved)
    finding = study.finding()
    assert finding.is_found
    assert finding.figures["registered_otherwise"] == {"public": 6}
    assert "Votes for joined-1 count for joined-public" in finding.sentence
    listed = mart_rows(study.home, "select * from rpt_tested_variant")
    assert {row["model_id"] for row in listed} == {
        name for lab in ("undone", "puppet", "joined") for name in variants(lab)
    }
    assert {row["recorded_count"] for row in listed} == {12}


def _battles_of(study: Study, name: str) -> list[str]:
    search = Search(event_type=EventType.BATTLE_JUDGED, models=[name])
    return [str(row["event_id"]) for row in find_events(study.home, search, limit=100)]
