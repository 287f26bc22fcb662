"""Choices that are mistyped, and choices that are right and have no rows."""

import json
from pathlib import Path

import duckdb
import pytest

from ingestion.errors import NotFoundError, UsageError
from orchestration.cli.choices import SHOWN, chosen_weighting, require_choice, require_known
from tests.end_to_end.command import demoscope, document

MARTS = """
create schema raw;
create view raw.made_in as select '{place}' as place;
create table rpt_sycophancy as
    select 'judge' as judge, '1' as judge_version, '1' as rubric_version, 'm' as model_id,
        'M' as display_name, 'sycophancy' as label, stratum_id, weighting,
        10 as answer_count, 5 as participant_count,
        0.1 as naive_share, 0.0 as naive_share_lo, 0.2 as naive_share_hi, 0.1 as corrected_share,
        0.0 as corrected_share_lo, 0.2 as corrected_share_hi
    from (values ('all', 'none'), ('all', 'census'), ('UK/age/18-34', 'none')) as t (
        stratum_id, weighting);
create table rpt_sycophancy_effect as
    select 'judge' as judge, '1' as judge_version, '1' as rubric_version, stratum_id, weighting,
        'overall_verdict' as outcome, 'within_models' as level, 0.1 as naive_effect,
        0.0 as naive_effect_lo, 0.2 as naive_effect_hi, 0.1 as effect, 0.0 as effect_lo,
        0.2 as effect_hi, 0.1 as people_effect, 0.0 as people_effect_lo,
        0.2 as people_effect_hi, 0.5 as p_adjusted, 1.0 as e_value, 10 as answer_count,
        5 as participant_count
    from (values ('all', 'none'), ('all', 'census'), ('UK', 'none')) as t (stratum_id, weighting);
create table dim_model as select 'm' as model_id, 'M' as display_name, true as has_battled;
create table dim_criterion as
    select 'wit' as criterion, 'Wit' as label, null as parent_criterion, 1 as sort_order;
create table rpt_experience as
    select 'wit' as criterion, 'm' as model_id, stratum_id, weighting, null as rank,
        null as rank_lo, null as rank_hi, false as is_provisional, 4.0 as rating, 3.0 as rating_lo,
        5.0 as rating_hi, null as probit_rating, 3 as rating_count, 3 as participant_count,
        3.0 as effective_participant_count, 0 as left_out_count
    from (values ('all', 'none'), ('all', 'census')) as t (stratum_id, weighting);
create table rpt_criterion_gap (criterion text, against_criterion text, model_id text,
    stratum_id text, weighting text);
create table rpt_model_profile as
    select 'wit' as criterion, 'm' as model_id, 'all' as stratum_id, 'none' as weighting,
        0.5 as difference, 0.01 as p_adjusted, 3 as participant_count, 'M is low.' as sentence;
create table rpt_benchmark_gap as
    select 'all' as stratum_id, 'overall' as dimension, 'none' as weighting, 'exam' as benchmark,
        'accuracy' as metric, 9 as model_count, 0 as unmatched_count, null as correlation,
        null as true_correlation, null as p_adjusted;
create table rpt_benchmark_residual (stratum_id text, dimension text, weighting text,
    benchmark text, metric text, residual double);
create table rpt_reporting_coverage as
    select 'exam' as benchmark, 'accuracy' as metric, 'm' as model_id, 'm' as reported_name,
        timestamptz '2025-01-01' as reported_at, '1' as report_id, 0.5 as score,
        'office' as reported_by, 'third_party' as relationship, '' as harness,
        '' as harness_version, 0.0 as score_spread, true as is_chosen, true as is_compared,
        false as is_far_apart;
"""


@pytest.fixture(name="marts")
def built(home: Path) -> Path:
    home.mkdir(parents=True, exist_ok=True)
    file = home / "demoscope.duckdb"
    with duckdb.connect(file) as connection:
        connection.execute(MARTS.format(place=file.resolve()))
    return home


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("sycophancy --stratum al", "all"),
        ("sycophancy rates --weighting cencus", "census"),
        ("experience --criterion wits", "wit"),
        ("experience profiles --stratum all. --weighting none", "all"),
        ("experience gaps --weighting censuss", "census"),
        ("benchmarks gap --dimension overal", "overall"),
        ("benchmarks gap --stratum alll", "all"),
        ("benchmarks gap --weighting nonee", "none"),
        ("benchmarks residuals exams", "exam"),
        ("benchmarks residuals exam --metric acuracy", "accuracy"),
        ("benchmarks residuals exam --dimension overal", "overall"),
        ("benchmarks reports --model M", "m"),
    ],
)
@pytest.mark.parametrize("form", [(), ("--format", "json")])
def test_a_mistyped_choice_is_refused_with_what_was_meant(
    marts: Path, asked: str, meant: str, form: tuple[str, ...]
) -> None:
    done = demoscope(marts, *asked.split(), *form)
    assert (done.returncode, done.stdout) == (3, "")
    assert f"Did you mean {meant!r}? There are: " in done.stderr


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("sycophancy --stratum UK/age/18-34", "There are those of: UK, all."),
        ("sycophancy --stratum UK --weighting census", "Weightings there are: none."),
        (
            "experience profiles",
            "There are profiles of all unweighted (--weighting none)",
        ),
        ("experience gaps", "There are no gaps of stratum all, weighting census."),
        ("benchmarks residuals exam", "Too few models of exam"),
        ("benchmarks reports --far-apart", "No score is reported far apart"),
        ("benchmarks unmatched", "Somebody compared every model with a score."),
    ],
)
def test_a_choice_without_rows_says_what_there_is(marts: Path, asked: str, said: str) -> None:
    assert said in demoscope(marts, *asked.split()).stderr
    assert document(marts, *asked.split(), "--format", "json")["rows"] == []
    header = demoscope(marts, *asked.split(), "--format", "csv").stdout
    assert header.count("\n") == 1
    assert "," in header


@pytest.mark.parametrize("asked", ["sycophancy", "sycophancy rates", "experience"])
def test_the_census_comes_before_the_unweighted_sample(marts: Path, asked: str) -> None:
    assert "weighted: census" in demoscope(marts, *asked.split()).stdout


def test_tables_have_words_and_units_for_headings(marts: Path) -> None:
    shown = demoscope(marts, "sycophancy").stdout
    assert "overall verdict (share won)" in shown
    assert "within models" in shown
    assert "rating, 1 to 7" in demoscope(marts, "experience").stdout


def test_without_labels_ratings_or_scores_it_says_how_to_come_by_them(marts: Path) -> None:
    with duckdb.connect(marts / "demoscope.duckdb") as connection:
        for table in ("sycophancy", "sycophancy_effect", "experience", "reporting_coverage"):
            connection.execute(f"delete from rpt_{table}")
        connection.execute("delete from rpt_benchmark_gap")
    for asked in ("sycophancy", "experience", "benchmarks gap", "benchmarks residuals exam"):
        done = demoscope(marts, *asked.split(), "--format", "json")
        assert done.returncode == 0
        assert json.loads(done.stdout)
        assert "then build." in done.stderr


def test_a_long_list_of_choices_says_how_many_more_there_are() -> None:
    with pytest.raises(NotFoundError) as refused:
        require_known("model", "x", [f"model-{number}" for number in range(SHOWN + 3)])
    assert str(refused.value).endswith(", and 3 more.")


def test_a_name_that_the_data_lack_is_not_there_and_a_choice_of_a_closed_list_not_understood() -> (
    None
):
    for require, kind in ((require_known, NotFoundError), (require_choice, UsageError)):
        require("engine", None, ["duckdb"])
        require("engine", "duckdb", ["duckdb"])
        with pytest.raises(kind, match="Did you mean 'duckdb'"):
            require("engine", "duckbd", ["duckdb"])


@pytest.mark.parametrize(
    ("known", "chosen"),
    [
        (["none"], "none"),
        ([], "none"),
        (["none", "census_half_half", "census"], "census"),
        (["census", "none", "bounded_census"], None),
    ],
)
def test_the_default_weighting_is_that_of_leaderboards(
    known: list[str], chosen: str | None
) -> None:
    from publishing.boards.view import default_weighting

    assert chosen_weighting(None, known) == (chosen or default_weighting(known))
