"""The contract of the ratings table: declared here, where it is born, for dbt and for the docs.

What stays out: how a rating is computed (ratings/) and rounded (boards/rounding.py).
"""

from __future__ import annotations

from typing import NamedTuple


class RatingColumn(NamedTuple):
    """One column of `ratings.rating`: name, SQL type, meaning."""

    name: str
    type: str
    description: str


RATING_GRAIN = "One row per weighting, stratum, dimension, estimator and model."

RATING_COLUMNS = (
    RatingColumn("weighting", "varchar", "Weighting scheme of the counts; none for unweighted."),
    RatingColumn("stratum_id", "varchar", "Who judged: all, a country, or a group of a country."),
    RatingColumn("dimension", "varchar", "What was judged."),
    RatingColumn("estimator", "varchar", "How the skill was estimated."),
    RatingColumn("model_id", "varchar", "The model."),
    RatingColumn("skill_micro", "bigint", "Skill less the mean over models, micro-units."),
    RatingColumn("skill_sd_micro", "bigint", "Posterior sd of skill, micro-units."),
    RatingColumn("skill_lo_micro", "bigint", "Lower end of the 95% interval, micro-units."),
    RatingColumn("skill_hi_micro", "bigint", "Upper end of the 95% interval, micro-units."),
    RatingColumn("rank", "bigint", "1 is best; equal skills are ordered by model id."),
    RatingColumn("rank_lo", "bigint", "Best rank in the 95% rank range."),
    RatingColumn("rank_hi", "bigint", "Worst rank in the 95% rank range."),
    RatingColumn("p_best_micro", "bigint", "Probability of being the best, millionths."),
    RatingColumn("winshare_micro", "bigint", "Expected share of a round robin, millionths."),
    RatingColumn("mu_micro", "bigint", "Posterior mean before centring, micro-units."),
    RatingColumn("battle_count", "bigint", "Battles the model took part in."),
    RatingColumn("is_provisional", "boolean", "Too few battles, or too wide an interval."),
    RatingColumn("component", "bigint", "Which group of models ever compared it belongs to."),
    RatingColumn("component_count", "bigint", "How many such groups there are."),
    RatingColumn("model_count", "bigint", "Models in the tournament."),
    RatingColumn("tie_share_micro", "bigint", "Share of ties in the tournament, millionths."),
    RatingColumn("draw_margin_micro", "bigint", "Draw margin of the dimension, micro-units."),
    RatingColumn("prior_sd_micro", "bigint", "Prior sd of a skill, micro-units."),
    RatingColumn("is_converged", "boolean", "Whether the estimate reached its tolerance."),
)
