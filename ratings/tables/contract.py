"""The contracts of the rating tables: declared here, where they are born, for dbt and the docs.

What stays out: how a rating is computed (ratings) and rounded (boards/rounding.py).
"""

from __future__ import annotations

from ratings.tables.contract_ahead import AHEAD_TABLES
from ratings.tables.contract_form import RatingColumn, RatingTable

_BOARD = (
    RatingColumn("weighting", "varchar", "How people are weighted; none for whoever turned up."),
    RatingColumn("stratum_id", "varchar", "Who judged: all, a country, or a group of a country."),
    RatingColumn("dimension", "varchar", "What was judged."),
    RatingColumn("estimator", "varchar", "How the skill was estimated."),
)

RATING_TABLES = {
    "rating": RatingTable(
        "One row per weighting, stratum, dimension, estimator and model.",
        (
            *_BOARD,
            RatingColumn("model_id", "varchar", "The model."),
            RatingColumn("skill_micro", "bigint", "Skill less the mean over models, micro-units."),
            RatingColumn("skill_sd_micro", "bigint", "Its sd, micro-units."),
            RatingColumn("skill_lo_micro", "bigint", "Lower end of the 95% interval, micro-units."),
            RatingColumn("skill_hi_micro", "bigint", "Upper end of the 95% interval, micro-units."),
            RatingColumn("rank", "bigint", "1 is best; equal skills are ordered by model id."),
            RatingColumn("rank_lo", "bigint", "Best rank in the 95% rank range."),
            RatingColumn("rank_hi", "bigint", "Worst rank in the 95% rank range."),
            RatingColumn("p_best_micro", "bigint", "Probability of being the best, millionths."),
            RatingColumn(
                "winshare_micro", "bigint", "Expected share of a round robin, millionths."
            ),
            RatingColumn("mu_micro", "bigint", "Posterior mean before centring, micro-units."),
            RatingColumn("battle_count", "bigint", "Battles the model took part in."),
            RatingColumn("is_provisional", "boolean", "Too few battles, or too wide an interval."),
            RatingColumn("component", "bigint", "Which group of models ever compared it is in."),
            RatingColumn("component_count", "bigint", "How many such groups there are."),
            RatingColumn("model_count", "bigint", "Models in the tournament."),
            RatingColumn("tie_share_micro", "bigint", "Share of ties, millionths."),
            RatingColumn("draw_margin_micro", "bigint", "Draw margin, micro-units."),
            RatingColumn("prior_sd_micro", "bigint", "Prior sd of a skill, micro-units."),
            RatingColumn("is_converged", "boolean", "Whether the estimate reached its tolerance."),
            RatingColumn(
                "model_sd_micro",
                "bigint",
                "The model's own sd, where skill_sd is the participant-clustered sandwich's.",
            ),
            RatingColumn("participant_count", "bigint", "Participants heard, where weighted."),
            RatingColumn(
                "effective_participant_count_micro",
                "bigint",
                "Participants that count for as much unweighted (Kish), millionths.",
            ),
            RatingColumn(
                "design_effect_micro",
                "bigint",
                "Variance of the sandwich over the model's, millionths.",
            ),
            RatingColumn(
                "merged_sd_ratio_micro",
                "bigint",
                "Sd of merged groups over a typical group's, millionths, where groups are merged.",
            ),
        ),
    ),
    "provisional": RatingTable(
        "One row per weighting, stratum, dimension, estimator and provisional model: why it is.",
        (
            *_BOARD,
            RatingColumn("model_id", "varchar", "The model."),
            RatingColumn("provisional_reason", "varchar", "Which half of the rule, or both."),
        ),
    ),
    "online_history": RatingTable(
        "One row per stratum, dimension, battle number and model: trueskill_online as it went.",
        (
            RatingColumn("stratum_id", "varchar", "Who judged: all, or a country."),
            RatingColumn("dimension", "varchar", "What was judged."),
            RatingColumn("battle_number", "bigint", "Battles of the tournament rated by then."),
            RatingColumn("model_id", "varchar", "The model."),
            RatingColumn("mu_micro", "bigint", "Mean, not centred, micro-units."),
            RatingColumn("sigma_micro", "bigint", "Its sd, micro-units."),
        ),
    ),
    "pairwise": RatingTable(
        "One row per weighting, stratum, dimension, estimator and ordered pair of models.",
        (
            *_BOARD,
            RatingColumn("model_a", "varchar", "The model asked about."),
            RatingColumn("model_b", "varchar", "The model it is compared with."),
            RatingColumn("skill_difference_micro", "bigint", "Skill of a less that of b."),
            RatingColumn("skill_difference_sd_micro", "bigint", "Its sd, micro-units."),
            RatingColumn("p_better_micro", "bigint", "P(skill of a above skill of b), millionths."),
            RatingColumn("p_win_micro", "bigint", "P(a wins the next battle), millionths."),
            RatingColumn("p_tie_micro", "bigint", "P(the next battle is a tie), millionths."),
            RatingColumn("battle_count", "bigint", "Battles between the two."),
        ),
    ),
    "tournament": RatingTable(
        "One row per stratum and dimension: battles, ties, and how decided its board is.",
        (
            RatingColumn("stratum_id", "varchar", "Who judged."),
            RatingColumn("dimension", "varchar", "What was judged."),
            RatingColumn("battle_count", "bigint", "Battles."),
            RatingColumn("tie_share_micro", "bigint", "Share of ties, millionths."),
            RatingColumn("decisiveness_micro", "bigint", "Share that is no tie, millionths."),
            RatingColumn(
                "separation_micro",
                "bigint",
                "Mean over pairs of |2 P(a better than b) - 1|, millionths: 0 unknown, 1 certain.",
            ),
        ),
    ),
    "clustered_sd": RatingTable(
        "One row per stratum, dimension and model of an unweighted board with all judges known.",
        (
            RatingColumn("stratum_id", "varchar", "Who judged."),
            RatingColumn("dimension", "varchar", "What was judged."),
            RatingColumn("model_id", "varchar", "The model."),
            RatingColumn(
                "clustered_sd_micro",
                "bigint",
                "Participant-clustered sd of trueskill_ep's skill beside the model's, micro-units.",
            ),
            RatingColumn(
                "design_effect_micro",
                "bigint",
                "Variance of the sandwich over the model's, millionths.",
            ),
        ),
    ),
    "policy_rank": RatingTable(
        "One row per version of a quality policy, dimension and model: everybody's board under it.",
        (
            RatingColumn("policy", "varchar", "The quality policy."),
            RatingColumn("policy_version", "varchar", "Version of the policy."),
            RatingColumn("dimension", "varchar", "What was judged."),
            RatingColumn("model_id", "varchar", "The model."),
            RatingColumn("skill_micro", "bigint", "Skill less the mean over models, micro-units."),
            RatingColumn("skill_sd_micro", "bigint", "Its sd, micro-units."),
            RatingColumn("rank", "bigint", "1 is best; equal skills are ordered by model id."),
            RatingColumn("rank_lo", "bigint", "Best rank in the 95% rank range."),
            RatingColumn("rank_hi", "bigint", "Worst rank in the 95% rank range."),
            RatingColumn("battle_count", "bigint", "Battles the model took part in."),
        ),
    ),
    "agreement": RatingTable(
        "One row per board but the canonical one: how far it agrees with that on the order.",
        (
            *_BOARD,
            RatingColumn(
                "kendall_tau_micro",
                "bigint",
                "Kendall's tau with trueskill_ep unweighted, millionths; null without an order.",
            ),
        ),
    ),
    "merger": RatingTable(
        "One row per country, axis and dimension: what merging the groups of the axis has bought.",
        (
            RatingColumn("country", "varchar", "The country."),
            RatingColumn("axis", "varchar", "The axis whose groups were merged by census share."),
            RatingColumn("dimension", "varchar", "What was judged."),
            RatingColumn("sd_ratio_micro", "bigint", "Merged sd over a group's, millionths."),
        ),
    ),
    "model_rank_shift": RatingTable(
        "One row per country, dimension, axis and model: how far its rank moves between groups.",
        (
            RatingColumn("country", "varchar", "The country."),
            RatingColumn("dimension", "varchar", "What was judged."),
            RatingColumn("axis", "varchar", "The axis."),
            RatingColumn("model_id", "varchar", "The model."),
            RatingColumn("rank_shift_micro", "bigint", "Mean rank difference, millionths."),
            RatingColumn("rank_shift_lo_micro", "bigint", "Lower end of its 95% interval."),
            RatingColumn("rank_shift_hi_micro", "bigint", "Upper end of its 95% interval."),
            RatingColumn(
                "rank_shift_if_agreed_micro", "bigint", "Expected if the groups agreed, millionths."
            ),
        ),
    ),
    "axis_rank_shift": RatingTable(
        "One row per country, dimension and axis: how far ranks move between its groups.",
        (
            RatingColumn("country", "varchar", "The country."),
            RatingColumn("dimension", "varchar", "What was judged."),
            RatingColumn("axis", "varchar", "The axis."),
            RatingColumn("rank_shift_micro", "bigint", "Mean over models, millionths of a rank."),
            RatingColumn("rank_shift_lo_micro", "bigint", "Lower end of its 95% interval."),
            RatingColumn("rank_shift_hi_micro", "bigint", "Upper end of its 95% interval."),
            RatingColumn(
                "rank_shift_if_agreed_micro", "bigint", "Expected if the groups agreed, millionths."
            ),
            RatingColumn("p_largest_micro", "bigint", "P(the axis moves ranks most), millionths."),
        ),
    ),
    "axis_effect": RatingTable(
        "One row per country, dimension and axis: the spread of its groups' effects (tau).",
        (
            RatingColumn("country", "varchar", "The country; all for the countries' own spread."),
            RatingColumn("dimension", "varchar", "What was judged."),
            RatingColumn("axis", "varchar", "The axis; country where countries are the groups."),
            RatingColumn("tau_micro", "bigint", "Sd of the groups' effects, micro-units."),
            RatingColumn("tau_lo_micro", "bigint", "Lower end of its 95% interval."),
            RatingColumn("tau_hi_micro", "bigint", "Upper end; null where nothing bounds it."),
        ),
    ),
    "group_shrinkage": RatingTable(
        "One row per country, dimension, axis and group: how far its effects are drawn to none.",
        (
            RatingColumn("country", "varchar", "The country."),
            RatingColumn("dimension", "varchar", "What was judged."),
            RatingColumn("axis", "varchar", "The axis."),
            RatingColumn("group_name", "varchar", "The group."),
            RatingColumn("battle_count", "bigint", "Battles judged by the group."),
            RatingColumn("shrinkage_micro", "bigint", "1 where it adds nothing, millionths."),
        ),
    ),
} | AHEAD_TABLES
