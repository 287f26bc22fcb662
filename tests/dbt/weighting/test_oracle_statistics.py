"""Design effects, means, standard errors and ASMD agree with R `survey` to 1e-9."""

import pytest

from tests.dbt.weighting.oracle import (
    JOINT,
    MARGINS,
    MARGINS_WITH_MISSING,
    Oracle,
    numbers_of,
)
from tests.dbt.weighting.rendering import render

AGREEMENT = 1e-9
KNOWN = "synthetic_margins"
BOUNDED = ("calibrate_logit_bounds_0.4_3.0", MARGINS, KNOWN)
MISSING = ("rake_missing_as_level", MARGINS_WITH_MISSING, "synthetic_margins_missing_as_level")
POSTSTRATIFIED = ("poststratify", JOINT, "synthetic_poststrat_cells")
RAKED = ("rake", MARGINS, KNOWN)
KISH = render("kish_design_effect('weight')")
ASMD_BEFORE, ASMD_AFTER = render("asmd('before', 'target')"), render("asmd('after', 'target')")


def prepare(oracle: Oracle, method: str, variables: tuple[str, ...], margins: str) -> None:
    oracle.make_cells(variables, margins)
    oracle.weigh(len(variables))
    if method == BOUNDED[0]:
        oracle.bound(0.4, 3.0)


def mean_and_error(
    oracle: Oracle, value: str, variables: tuple[str, ...], calibrated: bool
) -> None:
    """`estimate`: the mean of a value and its error, weights that meet the margins.

    Args:
        calibrated: least squares with base weights, as R's `calibrate`; else as its `rake`.
    """
    mean = f"(select sum(weight * {value}) / sum(weight) from weighed)"
    deviation = f"({value} - {mean}) / (select sum(weight) from weighed)"
    oracle.keep(
        "deviations",
        f"""select pid as participant_key, {numbers_of(variables)}, {deviation} as value,
            {"base_weight" if calibrated else "1.0"} as sweep_weight,
            weight as score_weight
        from weighed""",
    )
    sweeps = 60 if calibrated else 10
    residuals = render(f"margin_residuals('deviations', {len(variables)}, {sweeps})")
    oracle.keep("residuals", residuals)
    oracle.keep(
        "scored",
        f"""select pid as participant_key, weight, {value} as value, residual, score_weight
        from weighed join residuals on pid = participant_key join deviations using (participant_key)
        """,
    )
    oracle.keep("estimate", render("weighted_mean('scored', 'score_weight * residual')"))


@pytest.mark.parametrize(
    ("method", "variables", "margins"),
    [RAKED, POSTSTRATIFIED, BOUNDED, MISSING],
)
def test_kish_design_effect(
    oracle: Oracle, method: str, variables: tuple[str, ...], margins: str
) -> None:
    prepare(oracle, method, variables, margins)
    design_effect = oracle.one(f"select {KISH} from weighed")
    expected = oracle.stat(method, "kish_deff", "weights")
    assert design_effect == pytest.approx(expected, rel=AGREEMENT)


@pytest.mark.parametrize("value", ["y_win", "rating"])
@pytest.mark.parametrize(
    ("method", "variables", "margins", "calibrated"),
    [
        (*RAKED, False),
        ("calibrate_raking", MARGINS, KNOWN, True),
        (*POSTSTRATIFIED, True),
        (*BOUNDED, True),
        (*MISSING, False),
    ],
)
def test_means_and_standard_errors(
    oracle: Oracle,
    method: str,
    variables: tuple[str, ...],
    margins: str,
    calibrated: bool,
    value: str,
) -> None:
    prepare(oracle, method, variables, margins)
    mean_and_error(oracle, value, variables, calibrated)
    mean = oracle.one("select weighted_mean from estimate")
    error = oracle.one("select standard_error from estimate")
    assert mean == pytest.approx(oracle.stat(method, "svymean", value), rel=AGREEMENT)
    assert error == pytest.approx(oracle.stat(method, "svymean", value, "se"), rel=AGREEMENT)


@pytest.mark.parametrize(
    ("method", "weight"),
    [("battles_w_i_per_battle", "weight"), ("battles_w_i_over_m_i", "weight / battle_count")],
)
def test_battles_are_clustered_by_participant(oracle: Oracle, method: str, weight: str) -> None:
    prepare(oracle, *RAKED)
    oracle.keep(
        "weighed_battles",
        f"""select pid as participant_key, {weight} as weight, y as value
        from (select *, count(*) over (partition by pid) as battle_count from battles)
        join weighed using (pid)""",
    )
    oracle.keep("estimate", render("weighted_mean('weighed_battles')"))
    mean = oracle.one("select weighted_mean from estimate")
    error = oracle.one("select standard_error from estimate")
    clustered = oracle.stat(method, "svymean_cluster_pid", "y", "se")
    ignoring = oracle.stat(method, "svymean_ignoring_cluster", "y", "se")
    assert mean == pytest.approx(oracle.stat(method, "svymean_cluster_pid", "y"), rel=AGREEMENT)
    assert error == pytest.approx(clustered, rel=AGREEMENT)
    assert error > ignoring
    design_effect = oracle.one(f"select {KISH} from weighed_battles")
    expected = oracle.stat(method, "kish_deff_battles", "y")
    assert design_effect == pytest.approx(expected, rel=AGREEMENT)


def test_standardised_differences_before_and_after(oracle: Oracle) -> None:
    prepare(oracle, *RAKED)
    for variable in MARGINS:
        oracle.keep(
            "balance",
            f"""select {variable} as level,
                sum(base_weight) / (select sum(base_weight) from weighed) as before,
                sum(weight) / (select sum(weight) from weighed) as after
            from weighed group by {variable}""",
        )
        worst = oracle.one(f"""
            select max(greatest(
                abs({ASMD_BEFORE} - cast(asmd_before as double)),
                abs({ASMD_AFTER} - cast(asmd_after as double))
            ))
            from (
                select balance.level, balance.before, balance.after, asmd_before, asmd_after,
                    cast(expected_asmd.target as double) as target
                from balance join expected_asmd
                    on expected_asmd.variable = '{variable}' and expected_asmd.level = balance.level
            )
        """)
        assert worst < AGREEMENT
