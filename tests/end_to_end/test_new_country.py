"""A country, an axis and a group are added by seed rows alone, and have boards.

Germany comes with two axes and a coding of its own, the US get gender as an axis, and the UK's axis
of votes gets a sixth group.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion.log import EventLog
from ingestion.paths import Home
from orchestration.building import Workspace, rate, report, transform
from orchestration.dbt_runs import PROJECT_DIRECTORY
from orchestration.loading import load_file
from orchestration.log_verification import verify
from publishing.boards.inputs import resolve
from ratings.tournaments import RatingParameters
from tests.dbt.weighting.seeds import Seeds

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
ADULTS = {"US": 267_181_678, "UK": 53_112_860.29, "DE": 70_000_000}
VOTES = "vote5_ge2024_five_parties"
# Too many of the young: per country the answers on politics, each given by young, middle and old.
POLITICS = {
    "DE": ("Ampel", "CDU"),
    "US": ("Democrat", "Republican", "Independent"),
    "UK": ("Labour", "Conservative", "Reform UK", "Liberal Democrat", "Green", "Other party"),
}
AGES = {"25": 12, "45": 11, "70": 10}
MODELS = ("aurora", "basalt", "cobalt")


def add_stratum(seeds: Seeds, country: str, axis: str, group: str, place: int) -> None:
    named = {"stratum_id": f"{country}/{axis}/{group}", "country": country, "axis": axis}
    seeds.add("seed_strata", named | {"group_name": group, "sort_order": place})


def add_country(seeds: Seeds) -> None:
    germany = {"country": "DE", "label": "Germany", "adult_population": ADULTS["DE"]}
    seeds.add("seed_countries", germany | CITED | {"sort_order": 3})
    for number, (axis, variable) in enumerate((("age", "age3"), ("politics", "party2_de")), 1):
        of_variable = {"country": "DE", "variable": variable}
        named = {"axis": axis, "label": axis.title(), "is_stratum": "true", "sort_order": number}
        seeds.add("seed_axes", of_variable | named)
        coded = {"question": axis, "coding": variable, "covers": "adults"}
        seeds.add("seed_variables", of_variable | coded | {"description": "Of the test."})
        for scheme in ("age_sex_ethnicity", "plus_politics"):
            seeds.add("seed_weighting_margins", of_variable | {"scheme": scheme, "margin": number})
        for place, (level, share) in enumerate(TARGETS[variable].items(), 100 * number):
            target = {"level": level, "share": share, "sort_order": place}
            seeds.add("seed_targets", of_variable | CITED | target)
            add_stratum(seeds, "DE", axis, level, place)
    seeds.add(
        "seed_crosswalk",
        {"coding": "party2_de", "source_value": "Ampel", "level": "Regierung"},
        {"coding": "party2_de", "source_value": "CDU", "level": "Opposition"},
    )
    everybody = sum(ADULTS.values())
    shares = {
        "population_proportional": {name: count / everybody for name, count in ADULTS.items()},
        "half_half": dict.fromkeys(ADULTS, 1 / 3),
    }
    seeds.write(
        "seed_pools",
        [
            {"pool": pool, "country": country, "share": share, "description": "Of the test."}
            for pool, of_countries in shares.items()
            for country, share in of_countries.items()
        ],
    )


def add_axis(seeds: Seeds) -> None:
    axes = seeds.rows("seed_axes")
    for row in axes:
        if (row["country"], row["axis"]) == ("US", "gender"):
            row["is_stratum"] = "true"
    seeds.write("seed_axes", axes)
    for place, group in enumerate(("Female", "Male"), 300):
        add_stratum(seeds, "US", "gender", group, place)


def add_group(seeds: Seeds) -> None:
    targets = seeds.rows("seed_targets")
    votes = [row for row in targets if row["variable"] == VOTES]
    others = 2_690_445
    targets.append(votes[0] | {"level": "Other party", "population": str(others)})
    votes = [row for row in targets if row["variable"] == VOTES]
    total = sum(float(row["population"]) for row in votes)
    for row in votes:
        row["share"] = repr(float(row["population"]) / total)
    seeds.write("seed_targets", targets)
    known = seeds.rows("seed_untargeted_levels")
    seeds.write("seed_untargeted_levels", [row for row in known if row["level"] != "Other party"])
    add_stratum(seeds, "UK", "politics", "Other party", 400)


def events() -> list[dict[str, Any]]:
    """Everybody enrols and judges four times; the last of Germany enrols twice, as another."""
    written: list[dict[str, Any]] = []
    people = [
        (country, age, party, number)
        for country, parties in POLITICS.items()
        for age, count in AGES.items()
        for party in parties
        for number in range(count)
    ]
    for place, (country, age, party, number) in enumerate(people):
        person = {"source": "panel", "participant_id": f"{country}-{age}-{party}-{number}"}
        answers = {"country": country, "age": age, "politics": party}
        answers["gender"] = ("Female", "Male")[place % 2]
        answers["ethnicity"] = ("White", "White", "Black", "Asian", "Other")[place % 5]
        enrolled = {"event_type": "participant_enrolled", "native_id": f"e{place}"}
        written.append(person | answers | enrolled)
        for battle in range(4):
            won = "a" if (place + battle) % 3 else ("tie", "both_bad", "b")[place % 3]
            pair = {"model_a": MODELS[battle % 3], "model_b": MODELS[(battle + 1) % 3]}
            judged = {"event_type": "battle_judged", "native_id": f"b{place}-{battle}"}
            written.append(person | judged | pair | {"dimension": "overall", "outcome": won})
    again = {"event_type": "participant_enrolled", "native_id": "again", "source": "panel"}
    told = {"participant_id": "DE-70-CDU-0", "country": "DE", "age": "30", "politics": "CDU"}
    return [*written, again | told]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """The whole pipeline by a study design with the new rows."""
    root = tmp_path_factory.mktemp("germany")
    project = Path(shutil.copytree(PROJECT_DIRECTORY, root / "project"))
    for add in (add_country, add_axis, add_group):
        add(Seeds(project / "seeds"))
    home = Home(root / "home")
    battles = root / "events.jsonl"
    battles.write_text("".join(json.dumps(event) + "\n" for event in events()), encoding="utf-8")
    assert load_file(home, str(battles)).quarantined_count == 0
    log, workspace = EventLog.open(home.log), Workspace(home.root, project)
    transform(workspace, log, resolve(home.boards, log, None, None), loads=home.loads)
    rate(workspace, log, RatingParameters(draws=64, estimators=("trueskill_ep",)))
    verify(workspace.database, log, 1, home.log_public_key)
    report(workspace)
    return duckdb.connect(workspace.database)


def rows(built: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return list(built.sql(query).fetchall())


@pytest.mark.parametrize(
    "stratum",
    ["DE", "DE/age/55+", "DE/politics/Regierung", "US/gender/Female", "UK/politics/Other party"],
)
def test_what_seed_rows_add_has_boards(built: duckdb.DuckDBPyConnection, stratum: str) -> None:
    boards = rows(
        built,
        f"""select distinct weighting from rpt_leaderboard
        where stratum_id = '{stratum}' and estimator = 'trueskill_ep'""",
    )
    assert {weighting for (weighting,) in boards} >= {"none", "plus_politics"}


def test_everybody_is_pooled_in_both_ways_beside_the_unweighted(
    built: duckdb.DuckDBPyConnection,
) -> None:
    boards = rows(
        built,
        """select distinct weighting from rpt_leaderboard
        where stratum_id = 'all' and estimator = 'trueskill_ep'""",
    )
    pooled = {"plus_politics_population_proportional", "plus_politics_half_half"}
    assert {weighting for (weighting,) in boards} == pooled | {"none"}


def test_its_people_have_weights_that_meet_its_targets(built: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        built,
        """select variable, level, after_share, asmd_before from rpt_weighting_margin
        where country = 'DE' and scheme = 'plus_politics' and is_raked""",
    )
    targets = {(variable, level) for variable, of in TARGETS.items() for level in of}
    assert {(variable, level) for variable, level, _, _ in found} == targets
    for variable, level, after, _ in found:
        assert after == pytest.approx(TARGETS[variable][level], abs=1e-6)
    assert max(before for _, _, _, before in found) > 0.05


def test_weighted_counts_are_sums_over_cells(built: duckdb.DuckDBPyConnection) -> None:
    cells = """
        select stratum_id, dimension, model_a, model_b,
            sum(win_a_weight_micro), sum(win_b_weight_micro),
            sum(tie_weight_micro + both_bad_weight_micro)
        from fct_cell_count join int_cells__assigned_to_strata using (cell_id)
        where stratum_id <> 'all' group by 1, 2, 3, 4 order by 1, 2, 3, 4
    """
    people = """
        select stratum_id, dimension, model_a, model_b,
            sum(win_a_weight_micro), sum(win_b_weight_micro), sum(tie_weight_micro)
        from fct_weighted_judgment
        where weighting = 'plus_politics' group by 1, 2, 3, 4 order by 1, 2, 3, 4
    """
    found = rows(built, cells)
    assert found == rows(built, people)
    assert len({row[0] for row in found}) == len(rows(built, "from dim_stratum")) - 1


def test_two_enrolments_that_differ_are_in_the_diagnostics(
    built: duckdb.DuckDBPyConnection,
) -> None:
    counted = rows(
        built,
        """select country, contradicted_count from rpt_weighting_diagnostics
        where is_default order by country""",
    )
    assert counted == [("DE", 1), ("UK", 0), ("US", 0)]
    # The answer recorded last holds: one more of the young.
    young = "select heard_count from fct_stratum_coverage where stratum_id = 'DE/age/18-34'"
    assert rows(built, young) == [(25,)]


def test_every_scheme_is_set_beside_the_default(built: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        built,
        """select country, scheme, count(*), max(abs(default_score_difference))
        from rpt_weighting_sensitivity group by all""",
    )
    moved = {(country, scheme): difference for country, scheme, _, difference in found}
    assert {count for _, _, count, _ in found} == {len(MODELS)}
    assert moved["US", "plus_politics"] == 0
    assert moved["US", "none"] > 0
    assert ("DE", "plus_education") not in moved
