"""Tests that read seeds alone are run once per design: while it is the same, so is what they find.

Their names are kept in the warehouse, with the code of it beside (own_caches.py), for the very
files of the project that they passed on. Seeds themselves are loaded by every build.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import duckdb

from ingestion.log.durable import replace_text
from orchestration.dbt_runs import fingerprint
from orchestration.own_caches import is_own, vouch

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from dbt.artifacts.schemas.results import NodeResult

PASSED_FILE = "seed_tests_passed.json"


def passed_before(root: Path, project: Path) -> list[str]:
    """Names of the tests that need not be run in the warehouse `root`, as the project is now."""
    kept = _file(root)
    if not is_own(root, kept, _design(project)):
        return []
    names: list[str] = json.loads(kept.read_text("utf-8"))
    return names


def keep_passed(root: Path, project: Path, results: Iterable[NodeResult]) -> None:
    """Note which of a whole build's tests passed, and read seeds alone."""
    names = [
        result.node.name
        for result in results
        if str(result.node.resource_type) == "test"
        and str(result.status) == "pass"
        and all(name.startswith("seed.") for name in result.node.depends_on_nodes)
    ]
    replace_text(_file(root), json.dumps(sorted(names)))
    vouch(root, _file(root), _design(project))


def _file(root: Path) -> Path:
    return root / "dbt" / PASSED_FILE


def _design(project: Path) -> str:
    return f"duckdb {duckdb.__version__} {fingerprint(project)}"
