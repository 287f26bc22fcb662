"""The hierarchical model's boards cover the truth where people judge many times."""

import numpy as np
import pyarrow as pa
import pytest

from ratings.hierarchical import HierarchicalPosterior, fit_hierarchical
from ratings.hierarchical_sandwich import CellPeople, HierarchicalSandwich
from ratings.sandwich import Sandwich
from ratings.skewness import corrected_hierarchy
from tests.ratings.raters import Raters, simulate_raters


def clustered(world: Raters) -> tuple[HierarchicalPosterior, HierarchicalSandwich]:
    counts = world.counts
    fitted = fit_hierarchical(counts)
    shown = corrected_hierarchy(fitted, counts)
    return shown, HierarchicalSandwich(fitted, shown, world.people(counts))


def test_it_is_what_leaving_everybody_out_in_turn_does() -> None:
    world = simulate_raters(4, raters=40, verdicts=8, size=5)
    counts = world.counts
    fitted = fit_hierarchical(counts)
    people = world.people(counts)
    found = HierarchicalSandwich(fitted, fitted, people).board(world.shares)
    # Every site as a row of one big design.
    size, rows = len(counts.model_ids), counts.differences
    design = np.zeros((counts.cell.size, fitted.mean.size))
    for row in range(counts.cell.size):
        for block in rows.blocks[counts.cell[row]]:
            design[row, block * size + counts.first[row]] += 1.0
            design[row, block * size + counts.second[row]] -= 1.0
    precision = np.linalg.inv(fitted.covariance)
    precisions, shifts = fitted.sites
    take = np.kron([1.0, *(world.shares[effect] for effect in counts.effects)], np.eye(size))
    moves = []
    for begin, end in zip(people.starts[:-1], people.starts[1:], strict=True):
        own, said = design[people.row[begin:end]], people.outcomes[begin:end]
        pi = (said * precisions[people.row[begin:end]]).sum(axis=1)
        nu = (said * shifts[people.row[begin:end]]).sum(axis=1)
        without = precision - (own.T * pi) @ own
        mean = np.linalg.solve(without, precision @ fitted.mean.ravel() - own.T @ nu)
        moves.append(take @ (fitted.mean.ravel() - mean))
    count = len(moves)
    wanted = (count - 1) / count * np.array(moves).T @ np.array(moves)
    np.testing.assert_allclose(found.sampling, wanted, rtol=1e-6, atol=1e-9)
    # The priors' part: covariance = S I S + S P S, and P is the priors' precision.
    scale = np.repeat([fitted.prior.sd, *fitted.tau[counts.axis_of_effect]], size)
    prior = take @ fitted.covariance @ np.diag(scale**-2) @ fitted.covariance @ take.T
    np.testing.assert_allclose(found.prior, prior, rtol=1e-6, atol=1e-9)
    centred = np.array(moves) - np.array(moves).mean(axis=1, keepdims=True)
    squares, fourths = (centred**2).sum(axis=0), (centred**4).sum(axis=0)
    wanted_freedom = size / (fourths / (3 * squares**2)).sum()
    assert found.degrees_of_freedom == pytest.approx(wanted_freedom, rel=1e-6)


def coverage(studies: int, **world: float) -> dict[str, float]:
    """Share of true skills inside the model's own intervals, and inside the clustered ones."""
    inside: dict[str, list[float]] = {"own": [], "population": [], "groups": []}
    for seed in range(studies):
        society = simulate_raters(seed, **world)  # type: ignore[arg-type]
        shown, sandwich = clustered(society)
        boards = [("population", society.shares, society.population)]
        for (axis, group), skill in society.groups.items():
            others = {known: share for known, share in society.shares.items() if known[0] != axis}
            boards.append(("groups", others | {(axis, group): 1.0}, skill))
        for name, weights, skill in boards:
            truth, board = skill - skill.mean(), shown.board(weights)
            wide = board.with_covariance(sandwich.board(weights).interval_covariance)
            missed = np.abs(board.skill - truth)
            inside[name].append(float((missed < 1.96 * wide.skill_sd).mean()))
            if name == "population":
                inside["own"].append(float((missed < 1.96 * board.skill_sd).mean()))
    return {name: float(np.mean(found)) for name, found in inside.items()}


def test_heavy_raters_are_covered_where_the_model_alone_is_too_sure() -> None:
    found = coverage(25, raters=300, verdicts=20, tail=1.0)
    assert found["own"] < 0.87
    assert 0.925 <= found["population"] <= 0.98
    assert 0.925 <= found["groups"] <= 0.98


@pytest.mark.slow
@pytest.mark.parametrize(
    ("raters", "verdicts", "tail"), [(1500, 1, 0.0), (300, 20, 0.0), (300, 20, 1.0), (100, 60, 1.0)]
)
def test_every_kind_of_rater_is_covered(raters: int, verdicts: float, tail: float) -> None:
    found = coverage(100, raters=raters, verdicts=verdicts, tail=tail)
    assert 0.92 <= found["population"] <= 0.98
    assert 0.92 <= found["groups"] <= 0.98


def test_a_model_that_never_won_keeps_the_width_that_its_skewness_asks_for() -> None:
    world = simulate_raters(2, raters=60, verdicts=4, tail=0.0, size=6, sd=8.0)
    table = world.table
    lost = np.array(["model-000"] * table.num_rows) == table.column("model_b").to_numpy()
    frame = table.to_pandas()
    frame.loc[lost, ["win_a_count", "win_b_count", "tie_count"]] = (1.0, 0.0, 0.0)
    other = frame.model_a == "model-000"
    frame.loc[other, ["win_a_count", "win_b_count", "tie_count"]] = (0.0, 1.0, 0.0)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    changed = Raters(table, world.axes, world.population, world.groups, world.shares)
    shown, sandwich = clustered(changed)
    assert shown is not sandwich.fitted
    found: Sandwich = sandwich.board(world.shares)
    without = HierarchicalSandwich(sandwich.fitted, sandwich.fitted, sandwich.people)
    plain = without.board(world.shares)
    np.testing.assert_array_equal(found.sampling, plain.sampling)
    assert found.prior[0, 0] > plain.prior[0, 0]
    assert np.linalg.eigvalsh(found.covariance).min() > 0.0


def test_verdicts_without_a_judge_leave_no_sandwich() -> None:
    world = simulate_raters(3, raters=20, verdicts=5, size=4)
    counts = world.counts
    people = world.people(counts)
    assert people.participant_count == 20
    np.testing.assert_array_equal(np.bincount(people.row, people.outcomes[:, 2]),
                                  counts.outcomes[:, 2])  # fmt: skip
    cell = np.zeros(world.table.num_rows, dtype=np.int64)
    assert CellPeople.from_arrow(counts, world.table, cell) is None
    short = world.table.slice(1)
    fewer = Raters(short, world.axes, world.population, world.groups, world.shares)
    with pytest.raises(AssertionError):
        fewer.people(counts)


def test_the_order_of_rows_does_not_matter() -> None:
    world = simulate_raters(5, raters=30, verdicts=6, size=5)
    order = np.random.default_rng(1).permutation(world.table.num_rows)
    again = Raters(
        world.table.take(order), world.axes, world.population, world.groups, world.shares
    )
    one, other = (clustered(each)[1].board(world.shares) for each in (world, again))
    np.testing.assert_array_equal(one.covariance, other.covariance)
    assert one.degrees_of_freedom == other.degrees_of_freedom


def test_a_single_rater_is_no_sample() -> None:
    world = simulate_raters(6, raters=1, verdicts=12, tail=0.0, size=4)
    shown, sandwich = clustered(world)
    weights = dict.fromkeys(world.counts.effects, 1.0)
    found = shown.board(weights).with_covariance(sandwich.board(weights).interval_covariance)
    assert (found.skill_sd >= shown.board(weights).skill_sd).all()
