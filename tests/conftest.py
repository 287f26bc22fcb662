"""What every test shares: where the shared data are, a home of its own, and no skipping in CI.

Fixtures for one room live in that room's folder. Tests are modules, not packages: no `__init__.py`
under tests/, or `tests/ingestion` would pass for `ingestion`; helpers are imported as `tests.<x>`.
"""

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parent.parent
IN_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}

# Tests report to nobody, however they are started.
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
for _name in [name for name in os.environ if name.startswith("OPENLINEAGE")]:
    del os.environ[_name]

# Tables are as wide as in a pipe, however wide the terminal is that runs the tests.
os.environ.pop("COLUMNS", None)

# No deadline: a busy machine is not a bug. In CI the same examples every time.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if IN_CI else "local")


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the tree."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data too large for the repository: DEMOSCOPE_SHARED_DATA, else ../shared/data.

    Where they are absent the test is skipped; in CI a skip is a failure.
    """
    default = REPOSITORY.parent / "shared" / "data"
    path = Path(os.environ.get("DEMOSCOPE_SHARED_DATA", default)).resolve()
    if not path.is_dir():
        pytest.skip(f"the shared data are not at {path} (set DEMOSCOPE_SHARED_DATA)")
    return path


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A DEMOSCOPE_HOME of the test's own, not yet made: no test touches a person's warehouse."""
    path = tmp_path / "home"
    monkeypatch.setenv("DEMOSCOPE_HOME", str(path))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.delenv("DEMOSCOPE_LOG", raising=False)
    return path


@pytest.fixture(scope="session", autouse=True)
def _seeds_are_tested_once() -> Iterator[None]:
    """dbt's tests that read seeds alone run in the first build of a design, not in every home.

    A warehouse remembers which of them passed; here each is new, and what they read is the same.
    """
    from orchestration import building, seed_tests
    from orchestration.dbt_runs import fingerprint

    known: dict[str, list[str]] = {}

    def passed_before(root: Path, project: Path) -> list[str]:
        return seed_tests.passed_before(root, project) or known.get(fingerprint(project), [])

    def keep_passed(root: Path, project: Path, results: list[Any]) -> None:
        seed_tests.keep_passed(root, project, results)
        known[fingerprint(project)] = seed_tests.passed_before(root, project)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building, "passed_before", passed_before)
        patch.setattr(building, "keep_passed", keep_passed)
        yield


def _fail_if_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"skipped, and in CI nothing may be: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped test has failed: what it needs must be there."""
    report = yield
    _fail_if_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a module skipped whole."""
    report = yield
    _fail_if_skipped(report)
    return report
