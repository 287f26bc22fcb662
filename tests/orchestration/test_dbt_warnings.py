"""A test that warns says what is amiss and what to do, and a build passes it on."""

from types import SimpleNamespace
from typing import Any

import pytest

from orchestration.dbt_runs import PROJECT_DIRECTORY, SAYS, warnings_in

WARN = "severity='warn'"
PATHS = [path for path in (PROJECT_DIRECTORY / "tests").rglob("*.sql") if WARN in path.read_text()]


def result(name: str, status: str, failures: int, code: str) -> Any:
    node = SimpleNamespace(name=name, raw_code=code)
    return SimpleNamespace(node=node, status=status, failures=failures, message="Got 3 results")


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_test_that_warns_says_what_to_do(path: Any) -> None:
    said = SAYS.search(path.read_text())
    assert said is not None
    words = " ".join(said.group(1).split())
    # What is amiss; then what to do.
    assert words.endswith(".")
    assert words.count(". ") >= 1


def test_warnings_are_sentences_and_nothing_else_is_one() -> None:
    code = "{{ config(severity='warn') }}\n{#- Warns: too few\npeople. Ask more. -#}\nselect 1"
    found = warnings_in(
        [
            result("b", "warn", 1, code),
            result("passed", "pass", 0, code),
            result("a", "warn", 1200, "select 1"),
        ]
    )
    assert found == [
        "a, 1,200 rows: Got 3 results",
        "b, 1 row: too few people. Ask more.",
    ]
