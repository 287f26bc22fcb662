"""Worlds repeat and do what they declare; boards are scored as they should be."""

import numpy as np
import pyarrow as pa
import pytest

from tests.worlds import scores, shown
from tests.worlds.__main__ import run
from tests.worlds.declarations import CENSUS, WORLDS
from tests.worlds.page import with_block
from tests.worlds.population import Population
from tests.worlds.scores import is_tier_wrong, study_of, true_ranks
from tests.worlds.summaries import as_markdown, before_and_after, coverage_cell, figure
from tests.worlds.truth import truths_of
from tests.worlds.verdicts import Verdicts, judge
from tests.worlds.weights import raked


def test_a_replication_is_the_same_whatever_ran_before() -> None:
    records = list(run(["few", "missing"], 1, 60.0))
    again = list(scores.replicate("missing", 0))
    kinds = {"board", "axis"}
    assert again == [r for r in records if r["world"] == "missing" and r["kind"] in kinds]
    text = as_markdown(records, "make calibrate")
    assert text == as_markdown([*records], "make calibrate")
    assert "1 replications" in text
    assert "| `missing` | age |" in text


def test_other_seeds_are_other_studies() -> None:
    _, one = study_of("tastes", 0)
    _, again = study_of("tastes", 0)
    _, other = study_of("tastes", 5)
    _, twins = study_of("tastes", 0, "twins")
    assert np.array_equal(one.outcome, again.outcome)
    assert not np.array_equal(one.outcome[:500], other.outcome[:500])
    assert not np.array_equal(one.outcome[:500], twins.outcome[:500])


def test_worlds_do_what_they_declare() -> None:
    def of(name: str, size: int = 12) -> tuple[Population, Verdicts]:
        rng = np.random.default_rng(3)
        population = Population.draw(WORLDS[name], size, rng)
        return population, judge(population, rng)

    volumes = np.sort(of("heavy")[1].raters.verdicts)[::-1]
    assert volumes[: volumes.size // 10].sum() > 0.35 * volumes.sum()
    _, fixed = of("fixed_sides")
    assert (fixed.left < fixed.right).all()
    _, sides = of("sides")
    assert 0.4 < (sides.left < sides.right).mean() < 0.6
    wins = [(sides.outcome == k).mean() for k in (0, 1)]
    assert wins[0] > wins[1] + 0.1
    of_adaptive, adaptive = of("adaptive")
    points = of_adaptive.of_age(0).points.mean(axis=1)
    _, even = of("independent")
    apart = [np.abs(points[v.left] - points[v.right]).mean() for v in (adaptive, even)]
    assert apart[0] < 0.8 * apart[1]
    _, missing = of("missing")
    told = [missing.raters.told[missing.raters.age == age].mean() for age in range(3)]
    assert told[0] < told[2] < told[1]
    _, prompts = of("prompts")
    assert np.unique(prompts.prompt).size == 40
    assert (prompts.prompt >= 0).all()
    assert (even.prompt < 0).all()
    assert {WORLDS["independent"].models[k] for k in range(5)} == {3, 6, 12, 24, 60}


def test_raking_meets_the_census_and_leaves_the_silent_their_share() -> None:
    _, verdicts = study_of("missing", 0)
    raters = verdicts.raters
    weight = raked(raters, np.ones(raters.age.size))
    assert weight.mean() == pytest.approx(1.0)
    silent = (~raters.told).mean()
    assert weight[~raters.told].sum() / weight.sum() == pytest.approx(silent, abs=1e-6)
    for axis, answers in (("age", raters.age), ("region", raters.region)):
        for level, share in enumerate(CENSUS[axis]):
            here = weight[raters.told & (answers == level)].sum() / weight[raters.told].sum()
            assert here == pytest.approx(share, abs=1e-6)


def test_equal_skills_share_their_ranks_and_no_tier_may_part_them() -> None:
    skill = np.array([2.0, 2.0, 1.0, -1.0])
    first, last = true_ranks(skill)
    assert first.tolist() == [1, 1, 3, 4]
    assert last.tolist() == [2, 2, 3, 4]
    assert not is_tier_wrong(np.array([1.0, 1.0, 1.0, 2.0]), skill)
    assert is_tier_wrong(np.array([1.0, 2.0, 2.0, 2.0]), skill)
    assert is_tier_wrong(np.array([2.0, 2.0, 1.0, 2.0]), skill)


def test_columns_that_only_some_boards_have_are_judged_where_they_are() -> None:
    population, verdicts = study_of("independent", 0)
    truths = truths_of(population)
    plain, _ = shown.leading(verdicts)
    rows = plain.rows.drop_columns(["tier", "win_share_lo", "win_share_hi"])
    bare = scores.scored(shown.Shown("trueskill_ep", "none", "all", rows), truths)
    assert "tier_error" not in bare
    size = rows.num_rows
    columns = {"tier": [1] * size, "win_share_lo": [0.0] * size, "win_share_hi": [1.0] * size}
    for name, values in columns.items():
        rows = rows.append_column(name, pa.array(values))
    found = scores.scored(shown.Shown("trueskill_ep", "none", "all", rows), truths)
    assert found["tier_error"] is False
    assert found["win_share"] == 1.0


def test_figures_count_a_replication_once_and_mark_what_is_outside() -> None:
    records = [{"replication": k, "skill": v} for k in range(20) for v in (0.8, 1.0)]
    found = figure(records, "skill")
    assert found is not None
    assert found.mean == pytest.approx(0.9)
    assert found.count == 20
    # Twenty replications can't tell 0.90 from 0.93, a thousand can.
    assert coverage_cell(found) == "0.900 (0.000)"
    records += [{"replication": k, "skill": 0.9} for k in range(20, 1000)]
    assert coverage_cell(figure(records, "skill")) == "**0.900** (0.000)"
    once = figure([{"replication": 0, "skill": 0.5}], "skill")
    assert coverage_cell(once) == "0.500 (nan)"


def test_before_and_after_are_of_the_same_studies() -> None:
    labels = {"kind": "board", "world": "all", "board": "everybody"}
    labels |= {"estimator": "trueskill_ep", "weighting": "none"}
    before = [labels | {"replication": k, "skill": 0.5 if k else 1.0} for k in range(3)]
    after = [labels | {"replication": k, "skill": 0.75} for k in range(2)]
    assert "| `all` | 0.75 → 0.75 |" in before_and_after(before, after)


def test_the_page_keeps_the_rest_of_itself() -> None:
    page = with_block("# Calibration\n\nA table.\n", "one")
    assert page.startswith("# Calibration\n\nA table.\n\n<!-- worlds")
    again = with_block(page, "two")
    assert "one" not in again
    assert again.count("<!-- worlds") == 1
