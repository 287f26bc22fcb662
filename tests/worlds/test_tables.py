"""A world's tables hold each verdict once, as dbt's do, and their boards are those of the world."""

import numpy as np
import pyarrow.compute as pc
import pytest

from orchestration.rating_queries import QUERIES
from tests.worlds import shown
from tests.worlds.declarations import AGES
from tests.worlds.scores import study_of
from tests.worlds.tables import COUNTS, EVERYBODY, MICRO, UNKNOWN, reader, stratum_of
from tests.worlds.verdicts import Verdicts


@pytest.fixture(scope="module")
def verdicts() -> Verdicts:
    return study_of("missing", 0)[1]


def total(verdicts: Verdicts, name: str, stratum: str | None = None) -> int:
    rows = reader(verdicts, shown.LEADER)(name).to_pylist()
    chosen = [row for row in rows if stratum in {None, row.get("stratum_id")}]
    return sum(row[count] for row in chosen for count in COUNTS)


def test_every_table_of_the_rating_step_is_there(verdicts: Verdicts) -> None:
    read = reader(verdicts, shown.LEADER)
    for name in QUERIES:
        assert read(name) is not None


def test_each_table_holds_each_verdict_once(verdicts: Verdicts) -> None:
    count = verdicts.outcome.size
    assert total(verdicts, "tournament_counts", EVERYBODY) == count
    assert total(verdicts, "cell_counts") == total(verdicts, "participant_counts") == count
    told = verdicts.raters.told[verdicts.rater]
    for code, age in enumerate(AGES):
        here = (told & (verdicts.raters.age[verdicts.rater] == code)).sum()
        assert total(verdicts, "tournament_counts", stratum_of(age)) == here
    # Weights are of raters: they add up to how many there are.
    weights = reader(verdicts, shown.LEADER)("stratum_weights").column("weight_micro").to_numpy()
    assert weights.sum() / MICRO == pytest.approx(300, abs=0.01)
    cells = reader(verdicts, shown.LEADER)("cell_counts").filter(pc.field("cell_id") == UNKNOWN)
    assert sum(sum(cells.column(name).to_pylist()) for name in COUNTS) == (~told).sum()


def test_items_are_named_where_there_are_prompts(verdicts: Verdicts) -> None:
    assert total(verdicts, "item_counts") == 0
    prompts = study_of("prompts", 0)[1]
    assert total(prompts, "item_counts") == prompts.outcome.size


def test_a_table_names_who_won(verdicts: Verdicts) -> None:
    rows = reader(verdicts, shown.LEADER)("tournament_counts").to_pylist()
    asked = {"stratum_id": EVERYBODY, "model_a": "model-01", "model_b": "model-02"}
    [row] = [row for row in rows if all(row[name] == value for name, value in asked.items())]
    left, right, outcome = verdicts.left, verdicts.right, verdicts.outcome
    there, back = (left == 1) & (right == 2), (left == 2) & (right == 1)
    assert row["win_a_count"] == (there & (outcome == 0)).sum() + (back & (outcome == 1)).sum()
    assert row["tie_count"] == ((there | back) & (outcome == 2)).sum()


def test_all_boards_are_shown(verdicts: Verdicts) -> None:
    boards, effects = shown.every_board(verdicts)
    found = [(one.estimator, one.weighting, one.subject) for one in boards]
    assert len(found) == len(set(found))
    everybody = {key[:2] for key in found if key[2] == EVERYBODY}
    assert everybody == {
        (shown.EP, "none"), (shown.EP, "default"), ("bradley_terry", "none"),
        (shown.HIERARCHICAL, "census"), (shown.ONLINE, "none"),
    }  # fmt: skip
    for age in AGES:
        assert {key[0] for key in found if key[2] == age} == {
            shown.EP, "bradley_terry", shown.HIERARCHICAL,
        }  # fmt: skip
    assert set(effects.column("axis").to_pylist()) == {"age", "region"}
    lead = shown.leading(verdicts)
    assert {one.weighting for one in lead} == {"none", "default"}
    assert all(one.is_stopped in {True, False} for one in lead)
    one = next(board for board in boards if board.estimator == shown.EP)
    widths = one.rows.column("skill_hi").to_numpy() - one.rows.column("skill_lo").to_numpy()
    assert np.all(widths > 0.0)
