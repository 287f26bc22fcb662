"""R `survey`'s results, and a dbt project of the weighting alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dbt.weighting.oracle import Oracle, open_oracle
from tests.dbt.weighting.project import Project, make_project


@pytest.fixture
def oracle(repository: Path) -> Iterator[Oracle]:
    """The weighting reference, opened afresh."""
    opened = open_oracle(repository / "tests" / "data" / "weighting_reference")
    yield opened
    opened.connection.close()


@pytest.fixture(scope="session")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Seeds, weighting models and their tests, parsed once for all tests of a process."""
    return make_project(tmp_path_factory.mktemp("weighting"))


@pytest.fixture(scope="module")
def project(parsed: Project) -> Project:
    """The same with its own seeds, for participants of the test's own."""
    parsed.restore_seeds()
    return parsed
