"""A country is added by seed rows alone: Germany, with two axes and a coding of its own."""

from __future__ import annotations

import numpy as np
import pytest

from tests.dbt.weighting.project import Build, Project

CITED = {
    "publisher": "Destatis",
    "table_id": "12411-0012",
    "reference_year": "2023",
    "licence": "Datenlizenz Deutschland 2.0",
    "universe": "adults 18+",
}
TARGETS = {
    "age3": {"18-34": 0.235, "35-54": 0.31, "55+": 0.455},
    "party2_de": {"Regierung": 0.4, "Opposition": 0.6},
}
# Whom the sample has too many and too few of.
SAMPLE = {("25", "Ampel"): 40, ("30", "opposition"): 25, ("50", "Regierung"): 30, ("70", "CDU"): 20}


def add_germany(project: Project) -> None:
    project.add_to_seed(
        "seed_countries",
        {"country": "DE", "label": "Germany", "adult_population": 70_000_000, **CITED}
        | {"sort_order": 3},
    )
    place = 100
    for number, (axis, variable) in enumerate((("age", "age3"), ("politics", "party2_de")), 1):
        project.add_to_seed(
            "seed_axes",
            {"country": "DE", "axis": axis, "variable": variable, "is_stratum": "true"}
            | {"label": axis.title(), "sort_order": number},
        )
        project.add_to_seed(
            "seed_variables",
            {"country": "DE", "variable": variable, "question": axis, "coding": variable}
            | {"covers": "adults", "description": "An axis of the test's."},
        )
        project.add_to_seed(
            "seed_weighting_margins",
            {"scheme": "plus_politics", "country": "DE", "margin": number, "variable": variable},
        )
        for level, share in TARGETS[variable].items():
            place += 1
            project.add_to_seed(
                "seed_targets",
                {"country": "DE", "variable": variable, "level": level, "share": share, **CITED}
                | {"sort_order": place},
            )
            project.add_to_seed(
                "seed_strata",
                {"stratum_id": f"DE/{axis}/{level}", "country": "DE", "axis": axis}
                | {"group_name": level, "sort_order": place},
            )
    project.add_to_seed(
        "seed_crosswalk",
        {"coding": "party2_de", "source_value": "Ampel", "level": "Regierung"},
        {"coding": "party2_de", "source_value": "CDU", "level": "Opposition"},
    )


@pytest.fixture(scope="module")
def build(project: Project) -> Build:
    add_germany(project)
    people = [
        {"country": "DE", "age": age, "politics": party, "participant_key": f"{age}-{party}-{n}"}
        for (age, party), count in SAMPLE.items()
        for n in range(count)
    ]
    project.write_people(people)
    return project.build()


def test_seeds_and_gates_pass(build: Build) -> None:
    assert build.with_status("fail", "error", "skipped", "warn") == set(), build.output


def test_its_people_have_weights_that_meet_its_targets(build: Build, project: Project) -> None:
    rows = project.query("""
        select variable, level, after_share, asmd_before from rpt_weighting_margin
        where country = 'DE' and scheme = 'plus_politics' and is_raked
    """)
    assert {(row[0], row[1]) for row in rows} == {
        (variable, level) for variable, shares in TARGETS.items() for level in shares
    }
    for variable, level, after, before in rows:
        assert after == pytest.approx(TARGETS[variable][level], abs=1e-6)
        assert before > 0.05
    weights = project.query(
        "select weight from fct_participant_weight where scheme = 'plus_politics'"
    )
    assert len(weights) == sum(SAMPLE.values())
    assert np.mean(weights) == pytest.approx(1.0, abs=1e-6)
