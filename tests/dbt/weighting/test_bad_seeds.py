"""Seeds that contradict themselves stop the build; the test that stops it says why."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dbt.weighting.project import Build, Project

Edit = dict[str, Any]


def change(project: Project, seed: str, where: Edit, **values: Any) -> None:
    """Change one row of a seed."""
    rows = project.seed(seed)
    found = [row for row in rows if where.items() <= row.items()]
    assert len(found) == 1, (seed, where, len(found))
    found[0].update({name: str(value) for name, value in values.items()})
    project.seeds.write(seed, rows)


@pytest.fixture(scope="module")
def build(project: Project) -> Build:
    """One build over many mistakes, each in a place of its own."""
    us, uk = {"country": "US"}, {"country": "UK"}
    change(project, "seed_targets", {**us, "variable": "sex2", "level": "Male"}, share=0.5)
    # Tables that overlap, summed: 298 million adults of 261.
    overlapping = {**us, "variable": "race4_self_identified", "level": "White"}
    change(project, "seed_targets", overlapping, population=202_682_378)
    change(
        project,
        "seed_crosswalk",
        {"coding": "party3_us", "source_value": "GOP"},
        level="Rebublican",
    )
    project.seeds.add(
        "seed_crosswalk", {"coding": "sex2", "source_value": "Man ", "level": "Female"}
    )
    change(
        project,
        "seed_joint_targets",
        {**uk, "level_1": "55+", "level_2": "Male", "level_3": "White"},
        share=0.3,
    )
    change(project, "seed_collapse_rules", {"coding": "age3", "level": "55+"}, collapsed_into="55+")
    change(project, "seed_age_bands", {"coding": "age6", "level": "25-34"}, age_from=26)
    change(project, "seed_weighting_schemes", {"scheme": "none"}, is_default="true")
    change(project, "seed_strata", {"stratum_id": "UK/politics/Green"}, group_name="Greens")
    change(project, "seed_axes", {**uk, "axis": "education"}, variable="education9")
    project.seeds.add(
        "seed_variables",
        {**us, "variable": "age9", "question": "age", "coding": "age3", "covers": "adults"}
        | {"description": "Nobody has targets for it."},
    )
    change(project, "seed_weighting_margins", {"scheme": "joint", **us}, country="DE")
    change(
        project,
        "seed_targets",
        {**us, "variable": "age6", "level": "65+"},
        universe="",
        population=1,
    )
    project.write_people([])
    return project.build()


@pytest.mark.parametrize(
    "name",
    [
        "seed_shares_sum_to_one",
        "seed_shares_follow_populations",
        "seed_partitions_sum_to_adults",
        "seed_tables_agree_on_their_total",
        "seed_crosswalk_levels_exist",
        "seed_crosswalk_is_unambiguous",
        "seed_joint_margins_agree",
        "seed_collapse_rules_end",
        "seed_age_bands_cover_adults",
        "seed_schemes_are_sound",
        "seed_strata_have_targets",
        "seed_variables_are_declared",
        "seed_variables_have_targets",
        "unique_and_not_null_seed_targets",
        "relationships_seed_weighting_margins_country__country__ref_seed_countries_",
    ],
)
def test_a_mistake_is_found(build: Build, name: str) -> None:
    assert build.statuses[name] == "fail"


def test_nothing_is_weighted_by_bad_seeds(build: Build) -> None:
    assert build.statuses["fct_participant_weight"] == "skipped"
