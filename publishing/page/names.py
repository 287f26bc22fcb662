"""What the page calls estimators and weightings, and which boards of a publication it shows.

What stays out: how anything is estimated (docs/method.md).
"""

from __future__ import annotations

from publishing.boards.view import SECONDARY_PREFIX, SECONDARY_SUFFIX, UNWEIGHTED

EXACT = "trueskill_ep"
# In the order in which they are offered; others follow under their own names.
ESTIMATORS = {
    EXACT: (
        "TrueSkill, exact",
        "The figure to quote: depends on no order, knows ties, keeps the full covariance.",
    ),
    "trueskill_hierarchical": (
        "TrueSkill, pooled",
        "One model over all groups: a small group borrows from what all say.",
    ),
    "bradley_terry": (
        "Bradley-Terry",
        "For comparison with other arenas: a tie is half a win, nothing more.",
    ),
    "trueskill_online": (
        "TrueSkill, one by one",
        "For comparison: battle by battle, so order counts. Equals the trueskill package to 1e-9.",
    ),
}


def is_shown(weighting: str) -> bool:
    """Whether the page shows boards of a weighting; the others are in the files to download."""
    return not weighting.endswith(SECONDARY_SUFFIX) and not weighting.startswith(SECONDARY_PREFIX)


def is_weighted(weighting: str) -> bool:
    """Whether people count by more than having turned up."""
    return weighting != UNWEIGHTED


def estimator_order(estimator: str) -> tuple[int, str]:
    """Sorts estimators."""
    known = list(ESTIMATORS)
    return (known.index(estimator) if estimator in known else len(known), estimator)
