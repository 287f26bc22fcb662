"""Weights agree with R `survey` to 1e-9 relative, whatever the method."""

import pytest

from tests.dbt.weighting.oracle import JOINT, MARGINS, MARGINS_WITH_MISSING, Oracle
from tests.dbt.weighting.rendering import render

AGREEMENT = 1e-9
KNOWN = "synthetic_margins"
WITH_MISSING = "synthetic_margins_missing_as_level"
CELLS = "synthetic_poststrat_cells"


@pytest.mark.parametrize(
    ("method", "variables", "margins"),
    [
        ("rake", MARGINS, KNOWN),
        ("calibrate_raking", MARGINS, KNOWN),
        ("rake_missing_as_level", MARGINS_WITH_MISSING, WITH_MISSING),
        ("poststratify", JOINT, CELLS),
    ],
)
def test_raking_and_poststratification(
    oracle: Oracle, method: str, variables: tuple[str, ...], margins: str
) -> None:
    oracle.make_cells(variables, margins)
    oracle.weigh(len(variables))
    assert oracle.worst(method) < AGREEMENT
    assert oracle.one("select count(*) from raked where not is_converged") == 0


def test_margins_are_met(oracle: Oracle) -> None:
    oracle.make_cells(MARGINS, KNOWN)
    oracle.weigh(len(MARGINS))
    for place in range(1, len(MARGINS) + 1):
        error = oracle.one(f"""
            select max(abs(share - target)) from (
                select sum(raked.weight_share) as share, any_value(target_{place}) as target
                from raked join cells using (cell_number) group by margin_{place}
            )
        """)
        assert error < AGREEMENT


def test_weights_within_bounds(oracle: Oracle) -> None:
    """R's `calibrate(calfun = "logit", bounds = c(0.4, 3))`."""
    oracle.make_cells(MARGINS, KNOWN)
    oracle.weigh(len(MARGINS))
    assert oracle.worst("calibrate_logit_bounds_0.4_3.0") > 0.1
    oracle.bound(0.4, 3.0)
    assert oracle.worst("calibrate_logit_bounds_0.4_3.0") < AGREEMENT


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_weights_are_the_same_bits_with_any_number_of_threads(oracle: Oracle, threads: int) -> None:
    # The order of rows changes with the threads; sums over integers do not.
    oracle.make_cells(MARGINS, KNOWN)
    oracle.weigh(len(MARGINS))
    oracle.connection.execute(f"set threads = {threads}; set preserve_insertion_order = false")
    oracle.keep("cells", f"from cells order by hash(cell_number + {threads})")
    oracle.keep("again", render(f"rake('cells', {len(MARGINS)})"))
    differing = """
        select count(*) from again join raked using (cell_number)
        where again.weight_share <> raked.weight_share
    """
    assert oracle.one(differing) == 0
