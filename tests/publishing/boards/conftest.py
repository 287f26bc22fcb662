"""A small release, made by hand, and a log of three commits."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ingestion.log import EventLog
from ingestion.paths import Home
from orchestration.loading import load_file
from publishing.boards import store
from publishing.boards.inputs import Cut, subject_of, wanted_subject
from publishing.boards.statement import Signer, provenance
from publishing.boards.store import Release
from ratings.tournaments import RatingParameters


@pytest.fixture
def paths(home: Path) -> Home:
    """The home's directories."""
    return Home(home)


@pytest.fixture(scope="session")
def three_commits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with three commits of one battle each."""
    directory = tmp_path_factory.mktemp("three")
    for number in range(1, 4):
        battle = {
            "event_type": "battle_judged",
            "source": "test",
            "native_id": str(number),
            "participant_id": "p",
            "dimension": "overall",
            "model_a": "x",
            "model_b": "y",
            "outcome": "a",
        }
        path = directory / f"{number}.jsonl"
        path.write_text(json.dumps(battle) + "\n")
        load_file(Home(directory / "home"), str(path))
    return directory / "home"


@pytest.fixture
def log(paths: Home, three_commits: Path) -> EventLog:
    """A log of three commits, the test's own."""
    shutil.copytree(three_commits, paths.root)
    return EventLog.open(paths.log)


@pytest.fixture
def rows() -> pa.Table:
    """Two models on one leaderboard."""
    return pa.table(
        {
            "weighting": ["none", "none"],
            "stratum_id": ["all", "all"],
            "dimension": ["overall", "overall"],
            "estimator": ["trueskill_ep", "trueskill_ep"],
            "model_id": ["y", "x"],
            "skill_micro": [-1_500_000, 1_500_000],
            "rank": [2, 1],
            "is_provisional": [True, True],
        }
    )


@pytest.fixture
def subject(log: EventLog) -> dict[str, Any]:
    """Of a release as of commit 2."""
    return subject_of(wanted_subject(log, Cut(2), "d" * 64, RatingParameters()), ["test"])


@pytest.fixture
def signer() -> Signer:
    """A key of the test's own."""
    return Signer(Ed25519PrivateKey.generate())


@pytest.fixture
def keep(
    paths: Home, log: EventLog, rows: pa.Table, subject: dict[str, Any]
) -> Callable[..., Release]:
    """Keeps the release; of another subject or other rows, or signed."""

    def keep(
        signer: Signer | None = None,
        rows: pa.Table = rows,
        warn: Callable[[str], None] = lambda _repaired: None,
        **changes: Any,
    ) -> Release:
        made = provenance(log, 2)
        return store.keep(paths.boards, {**subject, **changes}, rows, made, signer, warn)

    return keep
