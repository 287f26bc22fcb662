"""Which cells of the map of groups are said to differ: seldom by chance, and the true ones."""

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import false_discovery_control, norm

from tests.dbt.models import render_model

GROUPS, MODELS = 22, 28


def compared(deviation: np.ndarray, sd: float, seed: int, shift: float = 0.0) -> np.ndarray:
    """is_different, q_value, z of each group (G, M): everybody's skills plus ``deviation``."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(0.0, 2.0, MODELS)
    everybody = theta + rng.normal(0.0, 0.1, MODELS)
    boards = [("all", everybody, 0.1)]
    boards += [
        (f"US/age/{g:02d}", theta + shift + own + rng.normal(0.0, sd, MODELS), sd)
        for g, own in enumerate(deviation)
    ]
    rows = [
        {
            "board_id": stratum, "is_default": True, "is_weighted": False,
            "display_name": None, "provider": None,
            "weighting": "none", "stratum_id": stratum, "dimension": "overall", "estimator": "e",
            "model_id": f"m{k:02d}", "rank": 1, "rank_lo": 1, "rank_hi": 2,
            "skill": float(skills[k]), "skill_sd": sd,
        }
        for stratum, skills, sd in boards
        for k in range(MODELS)
    ]  # fmt: skip
    with duckdb.connect() as connection:
        connection.register("rpt_leaderboard", pa.Table.from_pylist(rows))
        found = connection.sql(
            f"select is_different, q_value from ({render_model('rpt_rank_comparison')})"
            " where stratum_id <> 'all' order by stratum_id, model_id"
        ).fetchall()
    z = np.array([skills - everybody for _, skills, _ in boards[1:]])
    z -= z.mean(axis=1, keepdims=True)
    z /= np.hypot(sd, 0.1)
    return np.column_stack([np.array(found, dtype=float), z.ravel()])


def test_without_a_difference_a_map_has_hardly_ever_a_bold_cell() -> None:
    nothing = np.zeros((GROUPS, MODELS))
    studies = [compared(nothing, 0.5, seed)[:, 0].any() for seed in range(100)]
    assert np.mean(studies) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 100)


def test_differences_are_found_and_few_of_the_found_are_chance() -> None:
    deviation = np.zeros((GROUPS, MODELS))
    deviation[:4] = np.random.default_rng(1).normal(0.0, 2.5, (4, MODELS))
    found = np.mean(
        [compared(deviation, 0.5, s)[:, 0].reshape(deviation.shape) for s in range(20)], 0
    )
    true = np.abs(deviation) > 2.0
    assert found[true].mean() > 0.8
    assert found[4:].sum() / found.sum() < 0.05


@pytest.mark.parametrize("shift", [0.0, 3.0])
def test_the_q_value_is_benjamini_and_hochbergs_and_a_shift_of_all_models_is_none(
    shift: float,
) -> None:
    deviation = np.random.default_rng(2).normal(0.0, 1.0, (GROUPS, MODELS))
    _, q, z = compared(deviation, 0.5, 3, shift).T
    wanted = false_discovery_control(2.0 * norm.sf(np.abs(z)))
    np.testing.assert_allclose(q, wanted, atol=2e-4, rtol=1e-3)
