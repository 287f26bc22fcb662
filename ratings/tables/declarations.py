"""The rating tables: declared here, where they are born, for dbt, the documentation and the step.

Tables are made with floating-point columns and rounded to integers last: `skill` becomes
`skill_micro`, millionths.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from ratings.rounding import MICRO_SUFFIX, rounded
from ratings.tables.beyond_battles import BEYOND_BATTLES
from ratings.tables.columns import (
    AXIS,
    BOARD,
    COUNTRY,
    DESIGN_EFFECT,
    DIMENSION,
    DRAW_MARGIN,
    MODEL,
    MODEL_BATTLES,
    PRIOR_SD,
    RANKS,
    SHIFT_ENDS,
    SKILL,
    SKILL_SD,
    STRATUM,
    TIE_SHARE,
    count,
    flag,
    micro,
    table,
    text,
    typed,
)
from ratings.tables.experience_tables import EXPERIENCE_TABLES
from ratings.tables.integrity_tables import INTEGRITY_TABLES

_TABLES = (
    table(
        "rating",
        "One row per weighting, stratum, dimension, estimator and model.",
        *BOARD,
        MODEL,
        SKILL,
        SKILL_SD,
        micro("skill_lo", "Lower end of the 95% interval, micro-units."),
        micro("skill_hi", "Upper end of the 95% interval, micro-units."),
        *RANKS,
        micro("p_best", "Probability of being the best, millionths."),
        count(
            "tier",
            "1 is best: all models above are surely better than those in it, all pairs together in"
            " at least 95% of boards; null where provisional.",
        ),
        count(
            "better_than_count",
            "Models that it is surely better than, all pairs together as in `tier`; null where"
            " provisional.",
        ),
        micro("p_next", "Corrected p-value of the difference to the next model, millionths."),
        count(
            "next_battles_needed",
            "Battles of the board still needed to tell it from the next; null: no number is.",
        ),
        micro("win_share", "Expected share of a round robin, win 1, tie 1/2, millionths."),
        micro("win_share_lo", "Lower end of its 95% interval."),
        micro("win_share_hi", "Upper end of its 95% interval."),
        micro("mu", "Posterior mean before centring, micro-units."),
        MODEL_BATTLES,
        flag("is_provisional", "Too few battles, or too wide an interval."),
        count("component", "Which group of models ever compared it is in."),
        count("component_count", "How many such groups there are."),
        count("model_count", "Models in the tournament."),
        TIE_SHARE,
        DRAW_MARGIN,
        PRIOR_SD,
        flag("is_converged", "Whether the estimate reached its tolerance."),
        text("interval_basis", "Which verdicts the intervals take to be alike."),
        micro("model_sd", "The model's own sd: all verdicts taken as independent."),
        count("participant_count", "Known participants who judged, of a flat board."),
        micro(
            "effective_participant_count",
            "Participants that count for as much if all weigh the same (Kish), millionths.",
        ),
        count("unattributed_count", "Verdicts whose judge is unknown, each taken as independent."),
        count("item_count", "Different items (prompts); null where no two people judged one."),
        DESIGN_EFFECT,
        micro(
            "merged_sd_ratio",
            "Sd of merged groups over a typical group's, millionths, where groups are merged.",
        ),
    ),
    table(
        "provisional",
        "One row per weighting, stratum, dimension, estimator and provisional model: why it is.",
        *BOARD,
        MODEL,
        text("provisional_reason", "Which half of the rule, or both."),
    ),
    table(
        "online_history",
        "One row per stratum, dimension, battle number and model: trueskill_online as it went.",
        text("stratum_id", "Who judged: all, or a country."),
        DIMENSION,
        count("battle_number", "Battles of the tournament rated by then."),
        MODEL,
        micro("mu", "Mean, not centred, micro-units."),
        micro("sigma", "Its sd, micro-units."),
    ),
    table(
        "pairwise",
        "One row per weighting, stratum, dimension, estimator and ordered pair of models.",
        *BOARD,
        text("model_a", "The model asked about."),
        text("model_b", "The model it is compared with."),
        micro("skill_difference", "Skill of a less that of b."),
        micro("skill_difference_sd", "Its sd, micro-units."),
        micro("p_better", "P(skill of a above skill of b), millionths."),
        micro("p_win", "P(a wins the next battle), millionths."),
        micro("p_tie", "P(the next battle is a tie), millionths."),
        micro("win_share", "Share of battles a is expected to win, a tie half, millionths."),
        micro("win_share_lo", "Lower end of its 95% interval, millionths."),
        micro("win_share_hi", "Upper end, millionths."),
        count("battle_count", "Battles between the two."),
    ),
    table(
        "fragility",
        "One row per weighting, stratum and dimension of everybody's board: what must go before"
        " another model leads.",
        *BOARD,
        text("leader_model_id", "The model of rank 1, of those that are not provisional."),
        text("second_model_id", "The next of them."),
        micro("lead", "Skill of the first less that of the second, micro-units."),
        flag("is_tie", "Whether the first is ahead by rounding alone."),
        micro(
            "largest_influence",
            "How far a single participant moves that lead, micro-units, to first order.",
        ),
        micro(
            "largest_item_influence",
            "How far a single item moves that lead, micro-units, to first order; null: not known.",
        ),
        count("item_count", "Of so many; null where none is shared."),
        count("participants_removed", "Fewest participants found to be enough; null: none were."),
        count("participant_count", "Of so many."),
        text("leader_without_participants", "The model that leads without them."),
        count("votes_removed", "Fewest votes found to be enough; null: none, or weighted."),
        count("vote_count", "Of so many; null on a weighted board."),
        text("leader_without_votes", "The model that leads without them."),
    ),
    table(
        "skill_covariance",
        "One row per weighting, stratum, dimension, estimator and two models, model_a first by name"
        " or the same: of boards of up to 300 models.",
        *BOARD,
        text("model_a", "The one."),
        text("model_b", "The other."),
        micro("covariance", "Of their centred skills, as the board shows them, millionths."),
    ),
    table(
        "replicate_weight",
        "One row per participant whom the default scheme weights within bounds.",
        typed(
            "participant_number",
            "Number of the participant, as in the weighted counts.",
            pa.int32(),
        ),
        typed(
            "replicate_weight_micro",
            "Weight in each of 200 bootstrap replicates, millionths.",
            pa.list_(pa.int64()),
        ),
    ),
    table(
        "tournament",
        "One row per stratum and dimension: battles, ties, and how decided its board is.",
        STRATUM,
        DIMENSION,
        count("battle_count", "Battles."),
        TIE_SHARE,
        micro("decisiveness", "Share that is no tie, millionths."),
        micro(
            "separation",
            "Mean over pairs of |2 P(a better than b) - 1|, millionths: 0 unknown, 1 certain.",
        ),
    ),
    table(
        "model_fit",
        "One row per stratum, dimension and check of the unweighted trueskill_ep board's model.",
        STRATUM,
        DIMENSION,
        text("check_name", "What is checked: pairs, triads, drift or sides."),
        micro("statistic", "What was seen, millionths."),
        micro("expected", "What the model expects of these people, millionths."),
        micro("statistic_lo", "Lower end of the 95% interval of sides."),
        micro("statistic_hi", "Upper end of it."),
        micro("p_value", "Clustered p, millionths; null with fewer than ten people."),
        count("battle_count", "Battles known one by one."),
        count("participant_count", "People who judged them; one for each battle of nobody known."),
        micro("both_ways_share", "Of sides: share of battles of pairs shown both ways round."),
        flag("is_misfit", "Whether the board does not fit, or its sides can't be told from skill."),
    ),
    table(
        "left_out",
        "One row per stratum, dimension and thing that is left out, as models are very many.",
        text("what", "What: pairs, queue, forecast, fit, hierarchy or benchmarks."),
        STRATUM,
        DIMENSION,
        count("model_count", "Models that it would be of."),
        count("kept_model_count", "Models that it is of."),
    ),
    table(
        "policy_rank",
        "One row per version of a quality policy, dimension and model: everybody's board under it.",
        text("policy", "The quality policy."),
        text("policy_version", "Version of the policy."),
        DIMENSION,
        MODEL,
        SKILL,
        SKILL_SD,
        *RANKS,
        MODEL_BATTLES,
    ),
    table(
        "agreement",
        "One row per board but the canonical one: how far it agrees with that on the order.",
        *BOARD,
        micro(
            "kendall_tau",
            "Kendall's tau with trueskill_ep unweighted, millionths; null without an order.",
        ),
    ),
    table(
        "merger",
        "One row per country, axis and dimension: what merging the groups of the axis has bought.",
        COUNTRY,
        text("axis", "The axis whose groups were merged by census share."),
        DIMENSION,
        micro("sd_ratio", "Merged sd over a group's, millionths."),
    ),
    table(
        "model_rank_shift",
        "One row per country, dimension, axis and model: how far its rank moves between groups.",
        COUNTRY,
        DIMENSION,
        AXIS,
        MODEL,
        micro("rank_shift", "Mean rank difference, millionths."),
        *SHIFT_ENDS,
    ),
    table(
        "axis_rank_shift",
        "One row per country, dimension and axis: how far ranks move between its groups.",
        COUNTRY,
        DIMENSION,
        AXIS,
        micro("rank_shift", "Mean over models, millionths of a rank."),
        *SHIFT_ENDS,
        micro("p_largest", "P(the axis exceeds chance by most), millionths."),
    ),
    table(
        "axis_effect",
        "One row per country, dimension and axis: the spread of its groups' effects (tau).",
        text("country", "The country; all for the countries' own spread."),
        DIMENSION,
        text("axis", "The axis; country where countries are the groups."),
        micro("tau", "Sd of the groups' effects, micro-units."),
        micro("tau_lo", "Lower end of its 95% interval."),
        micro("tau_hi", "Upper end; null where nothing bounds it."),
        micro(
            "p_permutation",
            "P(groups as far apart) when raters change groups; null: judges are unknown.",
        ),
        micro("p_adjusted", "The same, by Holm over the axes of all countries."),
        flag("groups_differ", "Whether p_adjusted is at most 0.05."),
    ),
    table(
        "group_shrinkage",
        "One row per country, dimension, axis and group: how far its effects are drawn to none.",
        COUNTRY,
        DIMENSION,
        AXIS,
        text("group_name", "The group."),
        count("battle_count", "Battles judged by the group."),
        micro("shrinkage", "1 where it adds nothing, millionths."),
    ),
    table(
        "candidate",
        "One row per stratum, dimension and model that can be asked about: where pairing starts.",
        text("stratum_id", "Who would judge."),
        text("dimension", "What would be judged."),
        MODEL,
        flag("is_rated", "Whether it has a battle there."),
        DRAW_MARGIN,
        PRIOR_SD,
        micro("beta", "Performance sd of a model, micro-units."),
    ),
    table(
        "population_part",
        "One row per pool, axis and stratum: its share of the population merged by the axis.",
        text("pool", "How countries are put together."),
        text("axis", "The axis whose groups are merged."),
        text("stratum_id", "The group."),
        micro("share", "Its share of the population, millionths."),
    ),
    table(
        "next_battle",
        "One row per board, dimension and place in its queue of next battles.",
        text("board", "What gains: population, or a stratum's own board."),
        text("dimension", "What is to be judged."),
        count("place", "Place in the queue, from 1."),
        text("proposal_id", "The proposal; a vote names it as conversation."),
        text("stratum_id", "Who is to judge."),
        text("model_a", "The model to show first."),
        text("model_b", "The model to show second."),
        micro("expected_gain", "Expected gain, millionths of a nat."),
        text("policy", "The pairing policy that proposed it."),
        text("policy_version", "Its version."),
        micro("propensity", "Its probability there, millionths."),
        flag("is_random", "Whether chance chose it, not the rule."),
    ),
    table(
        "stopping",
        "One row per stopping target, board and pairing policy: whether the study may stop.",
        text("target", "The target."),
        text("stratum_id", "Whose board."),
        DIMENSION,
        text("weighting", "How people are weighted on the board."),
        text("estimator", "How its skills were estimated."),
        text("policy", "The pairing policy that further battles would follow."),
        text("policy_version", "Its version."),
        text("measure", "What is measured."),
        micro("threshold", "How much is asked for, millionths."),
        micro("value", "How much there is, millionths."),
        flag("is_reached", "Whether it is enough."),
        count("battle_count", "Battles so far."),
        micro(
            "design_effect",
            "Battles that count for one of an unweighted sample, millionths; null: none holds.",
        ),
        count("battles_needed", "Battles still needed; null: no number is, or it is left out."),
        count("battles_needed_lo", "Lower end of its 95% interval."),
        count("battles_needed_hi", "Upper end; null where nothing bounds it."),
    ),
    *EXPERIENCE_TABLES,
    *BEYOND_BATTLES,
    *INTEGRITY_TABLES,
)
RATING_TABLES = {table.name: table for table in _TABLES}


def before_rounding(name: str) -> pa.Schema:
    """A rating table's schema while its skills, probabilities and shares are floats."""
    return pa.schema(
        [
            (column.name.removesuffix(MICRO_SUFFIX), pa.float64())
            if column.name.endswith(MICRO_SUFFIX)
            else (column.name, column.type)
            for column in RATING_TABLES[name].columns
        ]
    )


def as_table(name: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows as a table before rounding; NaN is null."""
    columns = []
    schema = before_rounding(name)
    for field in schema:
        values = [row[field.name] for row in rows]
        if pa.types.is_float64(field.type):
            numbers = np.array(values, dtype=np.float64)
            columns.append(pa.array(numbers, mask=np.isnan(numbers)))
        else:
            columns.append(pa.array(values, field.type))
    return pa.table(columns, schema=schema)


def conform(name: str, table: pa.Table) -> pa.Table:
    """A rating table in integers, with the declared columns in their order.

    Raises:
        KeyError: a declared column is missing.
    """
    return rounded(table).select(RATING_TABLES[name].schema.names)
