"""The contracts of what a study does next: queues of battles, and whether it may stop.

What stays out: the contracts of boards (contract.py).
"""

from __future__ import annotations

from ratings.tables.contract_form import RatingColumn, RatingTable

AHEAD_TABLES = {
    "candidate": RatingTable(
        "One row per stratum, dimension and model that can be asked about: where pairing starts.",
        (
            RatingColumn("stratum_id", "varchar", "Who would judge."),
            RatingColumn("dimension", "varchar", "What would be judged."),
            RatingColumn("model_id", "varchar", "The model."),
            RatingColumn("is_rated", "boolean", "Whether it has a battle there."),
            RatingColumn("draw_margin_micro", "bigint", "Draw margin, micro-units."),
            RatingColumn("prior_sd_micro", "bigint", "Prior sd of a skill, micro-units."),
            RatingColumn("beta_micro", "bigint", "Performance sd of a model, micro-units."),
        ),
    ),
    "population_part": RatingTable(
        "One row per pool, axis and stratum: its share of the population merged by the axis.",
        (
            RatingColumn("pool", "varchar", "How countries are put together."),
            RatingColumn("axis", "varchar", "The axis whose groups are merged."),
            RatingColumn("stratum_id", "varchar", "The group."),
            RatingColumn("share_micro", "bigint", "Its share of the population, millionths."),
        ),
    ),
    "next_battle": RatingTable(
        "One row per board, dimension and place in its queue of next battles.",
        (
            RatingColumn("board", "varchar", "What gains: population, or a stratum's own board."),
            RatingColumn("dimension", "varchar", "What is to be judged."),
            RatingColumn("place", "bigint", "Place in the queue, from 1."),
            RatingColumn(
                "proposal_id", "varchar", "The proposal; a vote names it as conversation."
            ),
            RatingColumn("stratum_id", "varchar", "Who is to judge."),
            RatingColumn("model_a", "varchar", "The model to show first."),
            RatingColumn("model_b", "varchar", "The model to show second."),
            RatingColumn("expected_gain_micro", "bigint", "Expected gain, millionths of a nat."),
            RatingColumn("policy", "varchar", "The policy that proposed it."),
            RatingColumn("policy_version", "varchar", "Its version."),
            RatingColumn("propensity_micro", "bigint", "Its probability there, millionths."),
            RatingColumn("is_random", "boolean", "Whether chance chose it, not the rule."),
        ),
    ),
    "stopping": RatingTable(
        "One row per stopping target, board and policy: whether the study may stop.",
        (
            RatingColumn("target", "varchar", "The target."),
            RatingColumn("stratum_id", "varchar", "Whose board."),
            RatingColumn("dimension", "varchar", "What was judged."),
            RatingColumn("weighting", "varchar", "How people are weighted on the board."),
            RatingColumn("estimator", "varchar", "How its skills were estimated."),
            RatingColumn("policy", "varchar", "The policy that further battles would follow."),
            RatingColumn("policy_version", "varchar", "Its version."),
            RatingColumn("measure", "varchar", "What is measured."),
            RatingColumn("threshold_micro", "bigint", "How much is asked for, millionths."),
            RatingColumn("value_micro", "bigint", "How much there is, millionths."),
            RatingColumn("is_reached", "boolean", "Whether it is enough."),
            RatingColumn("battle_count", "bigint", "Battles so far."),
            RatingColumn(
                "design_effect_micro",
                "bigint",
                "Battles that count for one of an unweighted sample, millionths; null: none holds.",
            ),
            RatingColumn("battles_needed", "bigint", "Battles still needed; null: no number is."),
            RatingColumn("battles_needed_lo", "bigint", "Lower end of its 95% interval."),
            RatingColumn("battles_needed_hi", "bigint", "Upper end; null where nothing bounds it."),
        ),
    ),
}
