"""The rating tables: declared here, where they are born, for dbt, the documentation and the step.

Tables are made with floating-point columns and rounded to integers last: `skill` becomes
`skill_micro`, millionths.
"""

from __future__ import annotations

import pyarrow as pa

from ingestion.tables import Column, Table
from ratings.rounding import MICRO_SUFFIX, rounded
from ratings.tables.experience_tables import EXPERIENCE_TABLES
from ratings.tables.sycophancy_table import SYCOPHANCY_EFFECT


def _text(name: str, description: str) -> Column:
    return Column(name=name, description=description)


def _count(name: str, description: str) -> Column:
    return Column(name=name, description=description, type=pa.int64())


def _micro(name: str, description: str) -> Column:
    return _count(name + MICRO_SUFFIX, description)


def _flag(name: str, description: str) -> Column:
    return Column(name=name, description=description, type=pa.bool_())


def _table(name: str, grain: str, *columns: Column) -> Table:
    return Table(name=name, grain=grain, columns=columns)


def _interval(name: str, description: str) -> tuple[Column, ...]:
    return (
        _micro(name, f"{description}."),
        _micro(f"{name}_lo", "Lower end of its 95% interval."),
        _micro(f"{name}_hi", "Upper end of it."),
    )


_WEIGHTING = _text("weighting", "How people are weighted.")
_STRATUM = _text("stratum_id", "Who judged.")
_DIMENSION = _text("dimension", "What was judged.")
_MODEL = _text("model_id", "The model.")
_COUNTRY = _text("country", "The country.")
_AXIS = _text("axis", "The axis.")
_BOARD = (
    _text("weighting", "How people are weighted; none where all verdicts count alike."),
    _text("stratum_id", "Who judged: all, a country, or a group of a country."),
    _DIMENSION,
    _text("estimator", "How the skill was estimated."),
)
_SKILL = _micro("skill", "Skill less the mean over models, micro-units.")
_SKILL_SD = _micro("skill_sd", "Its sd, micro-units.")
_RANKS = (
    _count("rank", "1 is best; equal skills are ordered by model id."),
    _count("rank_lo", "Best rank in the 95% rank range."),
    _count("rank_hi", "Worst rank in the 95% rank range."),
)
_MODEL_BATTLES = _count("battle_count", "Battles the model took part in.")
_TIE_SHARE = _micro("tie_share", "Share of ties, millionths.")
_DRAW_MARGIN = _micro("draw_margin", "Draw margin, micro-units.")
_PRIOR_SD = _micro("prior_sd", "Prior sd of a skill, micro-units.")
_DESIGN_EFFECT = _micro("design_effect", "Variance of the sandwich over the model's, millionths.")
_SHIFT_ENDS = (
    _micro("rank_shift_lo", "Lower end of its 95% interval."),
    _micro("rank_shift_hi", "Upper end of its 95% interval."),
    _micro("rank_shift_if_agreed", "Expected if the groups agreed, millionths."),
)

_JUDGE = (
    _text("judge", "Who labelled; people where it is the people of the sample."),
    _text("judge_version", "Version of the judge."),
    _text("rubric", "The rubric; none where the label names none."),
    _text("rubric_version", "Its version."),
    _text("label", "What was labelled."),
)
_OF_MODEL = _text("model_id", "Whose answers; * for all together.")


def _share(name: str, description: str) -> tuple[Column, ...]:
    return (
        _micro(name, f"{description}, millionths."),
        _micro(f"{name}_lo", "Lower end of its 95% interval, millionths."),
        _micro(f"{name}_hi", "Upper end of its 95% interval, millionths."),
    )


_RATES = (
    _count("answer_count", "Answers, or conversations, that the judge labelled."),
    _count("finding_count", "Of these, those in which the judge finds it."),
    _count("participant_count", "People whose they are."),
    _micro("effective_count", "Independent answers that would be as informative, millionths."),
    *_share("naive_share", "Share in which the judge finds it"),
    *_share("corrected_share", "Share corrected by Rogan and Gladen; null: not estimable"),
    *_share("powered_share", "Prediction-powered share; null: not estimable"),
    _text("not_corrected_reason", "Why there is no corrected share."),
    _text("not_powered_reason", "Why there is no prediction-powered share."),
    _text("error_basis", "Whose human labels the correction rests on: own, or pooled."),
    _count("human_count", "Human labels that the correction rests on."),
)

_TABLES = (
    _table(
        "rating",
        "One row per weighting, stratum, dimension, estimator and model.",
        *_BOARD,
        _MODEL,
        _SKILL,
        _SKILL_SD,
        _micro("skill_lo", "Lower end of the 95% interval, micro-units."),
        _micro("skill_hi", "Upper end of the 95% interval, micro-units."),
        *_RANKS,
        _micro("p_best", "Probability of being the best, millionths."),
        _count(
            "tier",
            "1 is best: all models above are surely better than those in it, all pairs together in"
            " at least 95% of boards; null where provisional.",
        ),
        _micro("p_next", "Corrected p-value of the difference to the next model, millionths."),
        _count(
            "next_battles_needed",
            "Battles of the board still needed to tell it from the next; null: no number is.",
        ),
        _micro("winshare", "Expected share of a round robin, win 1, tie 1/2, millionths."),
        _micro("winshare_lo", "Lower end of its 95% interval."),
        _micro("winshare_hi", "Upper end of its 95% interval."),
        _micro("mu", "Posterior mean before centring, micro-units."),
        _MODEL_BATTLES,
        _flag("is_provisional", "Too few battles, or too wide an interval."),
        _count("component", "Which group of models ever compared it is in."),
        _count("component_count", "How many such groups there are."),
        _count("model_count", "Models in the tournament."),
        _TIE_SHARE,
        _DRAW_MARGIN,
        _PRIOR_SD,
        _flag("is_converged", "Whether the estimate reached its tolerance."),
        _text("interval_basis", "Which verdicts the intervals take to be alike."),
        _micro("model_sd", "The model's own sd: all verdicts taken as independent."),
        _count("participant_count", "Known participants who judged, of a flat board."),
        _micro(
            "effective_participant_count",
            "Participants that count for as much if all weigh the same (Kish), millionths.",
        ),
        _count("unattributed_count", "Verdicts whose judge is unknown, each taken as independent."),
        _count("item_count", "Different items (prompts); null where no two people judged one."),
        _DESIGN_EFFECT,
        _micro(
            "merged_sd_ratio",
            "Sd of merged groups over a typical group's, millionths, where groups are merged.",
        ),
    ),
    _table(
        "provisional",
        "One row per weighting, stratum, dimension, estimator and provisional model: why it is.",
        *_BOARD,
        _MODEL,
        _text("provisional_reason", "Which half of the rule, or both."),
    ),
    _table(
        "online_history",
        "One row per stratum, dimension, battle number and model: trueskill_online as it went.",
        _text("stratum_id", "Who judged: all, or a country."),
        _DIMENSION,
        _count("battle_number", "Battles of the tournament rated by then."),
        _MODEL,
        _micro("mu", "Mean, not centred, micro-units."),
        _micro("sigma", "Its sd, micro-units."),
    ),
    _table(
        "pairwise",
        "One row per weighting, stratum, dimension, estimator and ordered pair of models.",
        *_BOARD,
        _text("model_a", "The model asked about."),
        _text("model_b", "The model it is compared with."),
        _micro("skill_difference", "Skill of a less that of b."),
        _micro("skill_difference_sd", "Its sd, micro-units."),
        _micro("p_better", "P(skill of a above skill of b), millionths."),
        _micro("p_win", "P(a wins the next battle), millionths."),
        _micro("p_tie", "P(the next battle is a tie), millionths."),
        _count("battle_count", "Battles between the two."),
    ),
    _table(
        "fragility",
        "One row per weighting, stratum and dimension of everybody's board: what must go before"
        " another model leads.",
        *_BOARD,
        _text("leader_model_id", "The model of rank 1, of those that are not provisional."),
        _text("second_model_id", "The next of them."),
        _micro("lead", "Skill of the first less that of the second, micro-units."),
        _flag("is_tie", "Whether the first is ahead by rounding alone."),
        _micro(
            "largest_influence",
            "How far a single participant moves that lead, micro-units, to first order.",
        ),
        _micro(
            "largest_item_influence",
            "How far a single item moves that lead, micro-units, to first order; null: not known.",
        ),
        _count("item_count", "Of so many; null where none is shared."),
        _count("participants_removed", "Fewest participants found to be enough; null: none were."),
        _count("participant_count", "Of so many."),
        _text("leader_without_participants", "The model that leads without them."),
        _count("votes_removed", "Fewest votes found to be enough; null: none, or weighted."),
        _count("vote_count", "Of so many; null on a weighted board."),
        _text("leader_without_votes", "The model that leads without them."),
    ),
    _table(
        "skill_covariance",
        "One row per weighting, stratum, dimension, estimator and two models, model_a first by name"
        " or the same: of boards of up to 300 models.",
        *_BOARD,
        _text("model_a", "The one."),
        _text("model_b", "The other."),
        _micro("covariance", "Of their centred skills, as the board shows them, millionths."),
    ),
    _table(
        "replicate_weight",
        "One row per participant whom the default scheme weights within bounds.",
        Column(
            name="participant_number",
            description="Number of the participant, as in the weighted counts.",
            type=pa.int32(),
        ),
        Column(
            name="replicate_weight_micro",
            description="Weight in each of 200 bootstrap replicates, millionths.",
            type=pa.list_(pa.int64()),
        ),
    ),
    _table(
        "tournament",
        "One row per stratum and dimension: battles, ties, and how decided its board is.",
        _STRATUM,
        _DIMENSION,
        _count("battle_count", "Battles."),
        _TIE_SHARE,
        _micro("decisiveness", "Share that is no tie, millionths."),
        _micro(
            "separation",
            "Mean over pairs of |2 P(a better than b) - 1|, millionths: 0 unknown, 1 certain.",
        ),
    ),
    _table(
        "model_fit",
        "One row per stratum, dimension and check of the unweighted trueskill_ep board's model.",
        _STRATUM,
        _DIMENSION,
        _text("check_name", "What is checked: pairs, triads, drift or sides."),
        _micro("statistic", "What was seen, millionths."),
        _micro("expected", "What the model expects of these people, millionths."),
        _micro("statistic_lo", "Lower end of the 95% interval of sides."),
        _micro("statistic_hi", "Upper end of it."),
        _micro("p_value", "Clustered p, millionths; null with fewer than ten people."),
        _count("battle_count", "Battles known one by one."),
        _count("participant_count", "People who judged them; one for each battle of nobody known."),
        _micro("both_ways_share", "Of sides: share of battles of pairs shown both ways round."),
        _flag(
            "is_misfit", "Whether the board does not fit, or its sides can't be told from skill."
        ),
    ),
    _table(
        "left_out",
        "One row per stratum, dimension and thing that is left out, as models are very many.",
        _text("what", "What: pairs, queue, forecast, fit, hierarchy or benchmarks."),
        _STRATUM,
        _DIMENSION,
        _count("model_count", "Models that it would be of."),
        _count("kept_model_count", "Models that it is of."),
    ),
    _table(
        "policy_rank",
        "One row per version of a quality policy, dimension and model: everybody's board under it.",
        _text("policy", "The quality policy."),
        _text("policy_version", "Version of the policy."),
        _DIMENSION,
        _MODEL,
        _SKILL,
        _SKILL_SD,
        *_RANKS,
        _MODEL_BATTLES,
    ),
    _table(
        "agreement",
        "One row per board but the canonical one: how far it agrees with that on the order.",
        *_BOARD,
        _micro(
            "kendall_tau",
            "Kendall's tau with trueskill_ep unweighted, millionths; null without an order.",
        ),
    ),
    _table(
        "merger",
        "One row per country, axis and dimension: what merging the groups of the axis has bought.",
        _COUNTRY,
        _text("axis", "The axis whose groups were merged by census share."),
        _DIMENSION,
        _micro("sd_ratio", "Merged sd over a group's, millionths."),
    ),
    _table(
        "model_rank_shift",
        "One row per country, dimension, axis and model: how far its rank moves between groups.",
        _COUNTRY,
        _DIMENSION,
        _AXIS,
        _MODEL,
        _micro("rank_shift", "Mean rank difference, millionths."),
        *_SHIFT_ENDS,
    ),
    _table(
        "axis_rank_shift",
        "One row per country, dimension and axis: how far ranks move between its groups.",
        _COUNTRY,
        _DIMENSION,
        _AXIS,
        _micro("rank_shift", "Mean over models, millionths of a rank."),
        *_SHIFT_ENDS,
        _micro("p_largest", "P(the axis exceeds chance by most), millionths."),
    ),
    _table(
        "axis_effect",
        "One row per country, dimension and axis: the spread of its groups' effects (tau).",
        _text("country", "The country; all for the countries' own spread."),
        _DIMENSION,
        _text("axis", "The axis; country where countries are the groups."),
        _micro("tau", "Sd of the groups' effects, micro-units."),
        _micro("tau_lo", "Lower end of its 95% interval."),
        _micro("tau_hi", "Upper end; null where nothing bounds it."),
        _micro(
            "p_permutation",
            "P(groups as far apart) when raters change groups; null: judges are unknown.",
        ),
        _micro("p_adjusted", "The same, by Holm over the axes of all countries."),
        _flag("groups_differ", "Whether p_adjusted is at most 0.05."),
    ),
    _table(
        "group_shrinkage",
        "One row per country, dimension, axis and group: how far its effects are drawn to none.",
        _COUNTRY,
        _DIMENSION,
        _AXIS,
        _text("group_name", "The group."),
        _count("battle_count", "Battles judged by the group."),
        _micro("shrinkage", "1 where it adds nothing, millionths."),
    ),
    _table(
        "candidate",
        "One row per stratum, dimension and model that can be asked about: where pairing starts.",
        _text("stratum_id", "Who would judge."),
        _text("dimension", "What would be judged."),
        _MODEL,
        _flag("is_rated", "Whether it has a battle there."),
        _DRAW_MARGIN,
        _PRIOR_SD,
        _micro("beta", "Performance sd of a model, micro-units."),
    ),
    _table(
        "population_part",
        "One row per pool, axis and stratum: its share of the population merged by the axis.",
        _text("pool", "How countries are put together."),
        _text("axis", "The axis whose groups are merged."),
        _text("stratum_id", "The group."),
        _micro("share", "Its share of the population, millionths."),
    ),
    _table(
        "next_battle",
        "One row per board, dimension and place in its queue of next battles.",
        _text("board", "What gains: population, or a stratum's own board."),
        _text("dimension", "What is to be judged."),
        _count("place", "Place in the queue, from 1."),
        _text("proposal_id", "The proposal; a vote names it as conversation."),
        _text("stratum_id", "Who is to judge."),
        _text("model_a", "The model to show first."),
        _text("model_b", "The model to show second."),
        _micro("expected_gain", "Expected gain, millionths of a nat."),
        _text("policy", "The pairing policy that proposed it."),
        _text("policy_version", "Its version."),
        _micro("propensity", "Its probability there, millionths."),
        _flag("is_random", "Whether chance chose it, not the rule."),
    ),
    _table(
        "label_quality",
        "One row per judge, label, stratum and model: how the judge agrees with people.",
        *_JUDGE,
        _STRATUM,
        _OF_MODEL,
        _count("label_count", "Answers, or conversations, that the judge labelled."),
        _count("left_out_count", "Labels left out: excluded people, before the recording, again."),
        _count("prompt_count", "Different prompts under this name and version."),
        _count("human_count", "Of the answers, those that people labelled too."),
        _count("human_finding_count", "Of these, those in which people find something."),
        *_share("sensitivity", "Share that the judge finds of what people find"),
        *_share("specificity", "Share that the judge passes of what people pass"),
        _micro("cohen_kappa", "Agreement beyond chance, millionths; null without any."),
        _micro("krippendorff_alpha", "Krippendorff's alpha, nominal, millionths."),
    ),
    _table(
        "label_rate",
        "One row per weighting, stratum, judge, label and model: how often the judge finds it.",
        _text("weighting", "How people are weighted; none where all answers count alike."),
        _STRATUM,
        *_JUDGE,
        _OF_MODEL,
        *_RATES,
    ),
    _table(
        "safety_incident",
        "One row per weighting, stratum, judge, model, hazard, topic and severity.",
        _text("weighting", "How people are weighted; none where all answers count alike."),
        _STRATUM,
        *_JUDGE,
        _OF_MODEL,
        _text("hazard", "The hazard; * for any."),
        _text("topic", "What the conversation was about; * for all."),
        _text("severity", "The severity; * for any."),
        *_RATES,
        _micro("unseen_below", "Where nothing was found: 95% sure that it is below, millionths."),
        _text("reference_model_id", "The model that it is graded against."),
        *_share("ratio", "Rate over that of the model of reference, 1 being as often"),
    ),
    _table(
        "topic_rating",
        "One row per topic, weighting, stratum and model: the board of trust on a sensitive topic.",
        _text("topic", "What the conversation was about; *sensitive for all sensitive topics."),
        *_BOARD,
        _MODEL,
        _SKILL,
        _SKILL_SD,
        _micro("skill_lo", "Lower end of its 95% interval, micro-units."),
        _micro("skill_hi", "Upper end of its 95% interval, micro-units."),
        *_RANKS,
        _micro("p_best", "Probability of being the best, millionths."),
        _count("tier", "1 is best; null where provisional. As in `rating`."),
        _micro("p_next", "Corrected p-value of the difference to the next model, millionths."),
        _count(
            "next_battles_needed", "Battles of the board still needed to tell it from the next."
        ),
        _count("next_people_needed", "People who would judge so many, at as many each as now."),
        _micro("winshare", "Expected share of a round robin, win 1, tie 1/2, millionths."),
        _micro("winshare_lo", "Lower end of its 95% interval."),
        _micro("winshare_hi", "Upper end of its 95% interval."),
        _MODEL_BATTLES,
        _count("model_participant_count", "Known people who judged the model."),
        _flag("is_provisional", "Too few battles, or too wide an interval."),
        _count("model_count", "Models on the board."),
        _TIE_SHARE,
        _text("interval_basis", "Which verdicts the intervals take to be alike."),
        _count("participant_count", "Known people who judged."),
        _micro("effective_participant_count", "As many of equal weight (Kish), millionths."),
        _count("board_battle_count", "Battles of the board."),
        _count("attributed_battle_count", "Of these, those whose judge is known."),
        _DESIGN_EFFECT,
    ),
    _table(
        "topic_tie",
        "One row per topic, weighting and stratum: how often people tie on trust.",
        _text("topic", "What it was about; * for all, *sensitive for all sensitive, unknown."),
        _flag("is_sensitive", "Whether it is; null where the study does not say."),
        _text("weighting", "How people are weighted; none where all verdicts count alike."),
        _STRATUM,
        _DIMENSION,
        _count("battle_count", "Verdicts."),
        _count("tie_count", "Of these, those that the two are equal."),
        _count("both_bad_count", "Of these, those that both are bad."),
        _count("participant_count", "Known people who judged."),
        _micro("effective_count", "Independent verdicts that would tell as much, millionths."),
        *_share("tie_share", "Share of ties"),
        *_share("both_bad_share", "Share of verdicts that both are bad"),
    ),
    _table(
        "stopping",
        "One row per stopping target, board and pairing policy: whether the study may stop.",
        _text("target", "The target."),
        _text("stratum_id", "Whose board."),
        _DIMENSION,
        _text("weighting", "How people are weighted on the board."),
        _text("estimator", "How its skills were estimated."),
        _text("policy", "The pairing policy that further battles would follow."),
        _text("policy_version", "Its version."),
        _text("measure", "What is measured."),
        _micro("threshold", "How much is asked for, millionths."),
        _micro("value", "How much there is, millionths."),
        _flag("is_reached", "Whether it is enough."),
        _count("battle_count", "Battles so far."),
        _micro(
            "design_effect",
            "Battles that count for one of an unweighted sample, millionths; null: none holds.",
        ),
        _count("battles_needed", "Battles still needed; null: no number is, or it is left out."),
        _count("battles_needed_lo", "Lower end of its 95% interval."),
        _count("battles_needed_hi", "Upper end; null where nothing bounds it."),
    ),
    *EXPERIENCE_TABLES,
    SYCOPHANCY_EFFECT,
    _table(
        "benchmark_gap",
        "One row per benchmark, metric, weighting, stratum, dimension and estimator: how far the"
        " benchmark orders models as these people do.",
        _text("benchmark", "The benchmark."),
        _text("metric", "What its scores are."),
        *_BOARD,
        _count("model_count", "Models that both know."),
        _count("unmatched_count", "Models with a score that the board does not know."),
        _count("unscored_count", "Models of the board without a score."),
        _count("error_count", "Of the common models, those whose score has a known error."),
        _count("first_party_count", "Of the common models, those scored by their own maker."),
        _micro("correlation", "Spearman's rank correlation, millionths; null of under 5 models."),
        _micro("correlation_lo", "Lower end of its 95% interval, for models like these."),
        _micro("correlation_hi", "Upper end of it."),
        _micro("p_value", "P of no association, one at a time, millionths."),
        _micro("p_adjusted", "The same, by Holm over all benchmarks of the board."),
        _micro("people_reliability", "Of people's ranks, millionths; null: it cannot be told."),
        _micro("benchmark_reliability", "Of the benchmark's; a million where no error is known."),
        _micro("true_correlation", "Without the known errors of both sides, millionths."),
        _micro("true_correlation_lo", "Lower end of its 95% interval, for models like these."),
        _micro("true_correlation_hi", "Upper end of it."),
        _micro("own_correlation_lo", "Lower end of the 95% interval for these very models."),
        _micro("own_correlation_hi", "Upper end of it."),
    ),
    _table(
        "benchmark_residual",
        "One row per benchmark, metric, weighting, stratum, dimension, estimator and model that"
        " both know: how far people like it from what the benchmark lets expect.",
        _text("benchmark", "The benchmark."),
        _text("metric", "What its scores are."),
        *_BOARD,
        _MODEL,
        _micro("score", "Its score, higher better, millionths."),
        _micro("score_error", "Its standard error, millionths; null: unknown."),
        _micro("skill", "Its skill on the board, micro-units."),
        _SKILL_SD,
        _micro("expected_skill", "What its place on the benchmark lets expect, micro-units."),
        _micro("residual", "Skill less that, micro-units."),
        _micro("residual_lo", "Lower end of its 95% interval, one model at a time."),
        _micro("residual_hi", "Upper end of it."),
        _micro("p_adjusted", "P of no residual, corrected for all models, millionths."),
        _text("better_with", "people or paper; null where that is not sure."),
        _count("people_rank", "Its rank with people among these models."),
        _count("paper_rank", "Its rank on the benchmark among these models."),
        _count("rank_gap", "Paper rank less people's: above 0 where people like it better."),
        _count("rank_gap_lo", "Lower end of its 95% interval, one model at a time."),
        _count("rank_gap_hi", "Upper end of it."),
    ),
    _table(
        "variance_share",
        "One row per weighting, stratum, dimension, axis and part of a verdict.",
        _WEIGHTING,
        _STRATUM,
        _DIMENSION,
        _text("axis", "The axis whose groups are compared."),
        _text("part", "pair, group, person, prompt or chance."),
        *_interval("share", "Share of a verdict's variance, millionths"),
        *_interval("latent_share", "Share on the latent scale, millionths"),
        _count("couple_count", "Couples of verdicts that say so."),
        _count("verdict_count", "Verdicts used."),
        _count("left_out_count", "Verdicts of people of no known group, or compared with nobody."),
        _count("participant_count", "People who gave them."),
        _micro("effective_participant_count", "People that count for as much, millionths."),
    ),
    _table(
        "disagreement",
        "One row per weighting, stratum, dimension, axis and relation of two verdicts.",
        _WEIGHTING,
        _STRATUM,
        _DIMENSION,
        _text("axis", "The axis whose groups are compared."),
        _text("relation", "other_group, same_group or same_person."),
        *_interval("opposite_share", "Opposite winners where both name one, millionths"),
        *_interval("decided_share", "How often both name a winner, millionths"),
        _count("couple_count", "Couples of verdicts."),
        _count("participant_count", "People who gave them."),
    ),
    _table(
        "dimension_structure",
        "One row per weighting, stratum and two dimensions.",
        _WEIGHTING,
        _STRATUM,
        _DIMENSION,
        _text("other_dimension", "The other dimension."),
        _count("model_count", "Models on both boards."),
        *_interval("raw_correlation", "Correlation of skills over models, millionths"),
        *_interval("correlation", "The same without the boards' errors, millionths"),
        *_interval("verdict_correlation", "Correlation of verdicts on one battle, millionths"),
        _count("battle_count", "Battles judged on both; null where weighted."),
    ),
    _table(
        "dimension_prediction",
        "One row per stratum and dimension: how well the others predict its verdicts.",
        _STRATUM,
        _DIMENSION,
        *_interval("predicted_share", "Decided verdicts predicted by all others, millionths"),
        _text("best_dimension", "The single dimension that predicts most."),
        *_interval("best_share", "Decided verdicts predicted by one alone, millionths"),
        *_interval("gain", "The one less the other, millionths"),
        _count("battle_count", "Decided verdicts."),
    ),
    _table(
        "decisiveness",
        "One row per dimension, kind, country and level: how often it's a tie.",
        _DIMENSION,
        _text("kind", "topic, turns, or an axis."),
        _text("country", "The country of the axis."),
        _text("level", "The topic, range of turns, or group."),
        *_interval("tie_share", "Share of ties, millionths"),
        *_interval("difference", "Less the other levels' share, millionths"),
        _micro("p_value", "That it is none, by chance, millionths."),
        _count("battle_count", "Verdicts."),
        _count("participant_count", "People; battles of nobody known are not among them."),
        _flag("is_different", "Whether p_value passes at a false discovery rate of 5%."),
    ),
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


def conform(name: str, table: pa.Table) -> pa.Table:
    """A rating table in integers, with the declared columns in their order.

    Raises:
        KeyError: a declared column is missing.
    """
    return rounded(table).select(RATING_TABLES[name].schema.names)
