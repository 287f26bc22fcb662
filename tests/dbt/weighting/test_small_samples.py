"""Samples too small to weight by everything: no error, and it is said what was done."""

from __future__ import annotations

import pytest

from tests.dbt.weighting.people import draw_people
from tests.dbt.weighting.project import Build, Project

# What every build checks of columns is checked where there are many people (test_models.py).
BRIEFLY = ("--exclude", "test_type:generic")


@pytest.fixture(scope="module")
def empty(project: Project) -> Build:
    project.write_people([])
    return project.build(*BRIEFLY)


def test_nobody_at_all(empty: Build) -> None:
    assert empty.with_status("fail", "error", "skipped", "warn") == set(), empty.output


def test_a_dozen_people(empty: Build, project: Project) -> None:
    people = [person | {"country": "US"} for person in draw_people(12, seed=5)]
    project.write_people(people)
    build = project.build(*BRIEFLY, "--exclude-resource-type", "seed")
    assert build.with_status("fail", "error", "skipped") == set(), build.output
    assert build.with_status("warn") >= {"weighting_levels_missed", "weighting_margins_missed"}
    rows = project.query("""
        select is_converged, collapsed_levels from rpt_weighting_diagnostics
        where country = 'US' and scheme = 'plus_politics'
    """)
    assert rows[0][0]
    assert "age3: 55+ into 35-54" in rows[0][1]
    # Five complete answers contradict the margins: every woman among them is a Democrat.
    assert project.query("""
        select scheme from rpt_weighting_diagnostics where not is_converged
    """) == [("complete_answers",)]
