"""Definitions of a home of its own, and files to load into it."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from ingestion.paths import Home
from orchestration.assets.common import HomeResource
from orchestration.assets.dbt_manifest import current_manifest, target_directory
from orchestration.dbt_runs import PROJECT_DIRECTORY
from orchestration.definitions import build_definitions

MODELS = ("aurora", "basalt", "cobalt")


@pytest.fixture
def paths(home: Path) -> Home:
    """The home's directories, `landing/` made."""
    paths = Home(home)
    paths.landing.mkdir(parents=True)
    return paths


@pytest.fixture(scope="session")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What dbt's parser made of the project, once for all tests of a process."""
    parsed = Home(tmp_path_factory.mktemp("parsed"))
    current_manifest(parsed, PROJECT_DIRECTORY)
    return target_directory(parsed)


@pytest.fixture
def definitions(paths: Home, parsed: Path) -> dg.Definitions:
    """Everything, on that home."""
    shutil.copytree(parsed, target_directory(paths))
    return build_definitions(home=HomeResource(root=str(paths.root)))


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """An instance that leaves nothing behind."""
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture
def write_battles(paths: Home) -> Callable[..., Path]:
    """Writes battles as native events; the first `bad` of them name no known outcome."""

    def write(name: str = "battles.jsonl", *, rows: int = 12, bad: int = 0) -> Path:
        path = paths.landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(_battle(name, n, is_bad=n < bad) for n in range(rows)))
        return path

    return write


def _battle(name: str, number: int, *, is_bad: bool) -> str:
    event = {
        "event_type": "battle_judged",
        "source": "tests",
        "native_id": f"{name}-{number}",
        "participant_id": f"p{number % 4}",
        "dimension": "overall",
        "model_a": MODELS[number % 3],
        "model_b": MODELS[(number + 1) % 3],
        "outcome": "perhaps" if is_bad else ("a", "b", "tie")[number % 3],
    }
    return json.dumps(event) + "\n"
