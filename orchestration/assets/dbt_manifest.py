"""dbt's manifest, which must be there before Dagster can know which models there are.

It lies in `DEMOSCOPE_HOME/dbt/target` and is parsed (two seconds) when there is none, or when any
file of the dbt project or dbt itself is no longer what it was parsed from, or when something else
wrote it. Otherwise reading some
small files is all it costs. Parse it ahead, in an image for example, with

    python -m orchestration.assets.dbt_manifest

`DbtProject.prepare_if_dev` is not used: it parses at every start, and only under `dagster dev`.
"""

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ingestion.paths import Home
from orchestration import dbt_runs
from orchestration.own_caches import is_own, vouch


def target_directory(home: Home) -> Path:
    """Where dbt writes what it makes; the same for `demoscope build`."""
    return home.root / "dbt" / "target"


def current_manifest(home: Home, project: Path) -> Path:
    """The manifest of the project as it is now, parsed if need be.

    Raises:
        TransformationFailedError: dbt cannot parse the project.
    """
    target = target_directory(home)
    manifest = target / "manifest.json"
    with _alone(target):
        now = dbt_runs.fingerprint(project)
        if not is_own(home.root, manifest, now):
            dbt_runs.run_dbt(["parse"], root=home.root, project=project)
            vouch(home.root, manifest, now)
    return manifest


def read_manifest(manifest: Path) -> dict[str, Any]:
    """The manifest, each test in it attached to a model.

    dbt attaches a test in SQL of its own to none, and dagster-dbt makes no check of such a test if
    it reads several models. It is attached to the one that is built last: the one with the most
    ancestors.
    """
    parsed: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))
    for node in parsed["nodes"].values():
        parents = node.get("depends_on", {}).get("nodes", [])
        if node["resource_type"] == "test" and not node.get("attached_node") and parents:
            node["attached_node"] = max(
                sorted(parents), key=lambda parent: len(ancestors(parsed, parent))
            )
    return parsed


def ancestors(parsed: Mapping[str, Any], name: str) -> set[str]:
    """Everything a model is made of, by dbt's unique ids."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = set(parsed["parent_map"].get(waiting.pop(), [])) - found
        found |= new
        waiting.extend(new)
    return found


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """One parse at a time: Dagster's processes start together."""
    target.mkdir(parents=True, exist_ok=True)
    with (target / ".manifest.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    current_manifest(Home.from_environment(), dbt_runs.PROJECT_DIRECTORY)
