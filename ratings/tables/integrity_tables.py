"""Tables of what may bend a board: private testing, rigged votes, retired models."""

from __future__ import annotations

from ratings.tables.columns import BOARD, DIMENSION, count, flag, interval, micro, table, text

SIGNAL, SUSPECT = "vote_signal", "vote_suspect"
INTEGRITY_TABLES = (
    table(
        "best_of_n",
        "One row per weighting, dimension and published variant of everybody's boards: what its"
        " having been chosen adds to its score.",
        *BOARD,
        text("provider", "Who makes it."),
        text("family", "Its family; else the model of which it is a variant, or itself."),
        text("model_id", "The variant, as it was tested."),
        text("public_id", "The model that it became."),
        count("tested_count", "Variants of the family that were tested before its release."),
        count("variant_count", "Of these, those that are on the board; it among them."),
        count("sibling_count", "Of those tested, variants of the same model; it among them."),
        count("rank_among_tested", "Its place by skill among those on the board, 1 being best."),
        *interval("score", "Its skill as it was tested, without the prior's pull"),
        micro("own_noise", "Sd of the part of a variant's score that is noise of its own."),
        micro("equal_inflation", "That times the mean of the largest of so many normals."),
        micro(
            "p_equal",
            "P of scores as far apart if all variants were equally good; null where no more people"
            " judged them than there are.",
        ),
        micro("p_siblings_equal", "The same of the variants of the same model."),
        micro("spread", "Sd of variants' skills, median of its posterior."),
        micro("spread_hi", "97.5% of its posterior are below."),
        *interval("shrunk", "Its skill in the variants' joint posterior"),
        *interval("expected_inflation", "Its score less that"),
        micro("p_not_too_high", "P that its skill is above its score, in that posterior."),
        *interval("corrected", "Its skill given that it was the best; null where it wasn't"),
        *interval("inflation", "Its score less that"),
        *interval("fresh_score", "Skill under its public name, without the prior's pull"),
        *interval("fall", "Its score as tested less that"),
        micro("p_fall", "P of such a fall if it was as good before as after, one-sided."),
        text("not_estimated_reason", "not_the_best, names_joined or not_on_board."),
        text("not_observed_reason", "no_fresh_votes, names_joined or not_on_board."),
    ),
    table(
        SIGNAL,
        "One row per dimension, signal, model it is about and source: what in everybody's verdicts"
        " looks like rigging; without a source, of the whole board.",
        DIMENSION,
        text("signal", "What is looked for."),
        text("model_id", "The model it is about; null where it is about none."),
        text("source", "The source whose verdicts are counted; null: the whole board."),
        count("tested_count", "People looked at; 0: it can't be told."),
        micro("expected", "People who would show it in a clean study, millionths."),
        count("people_count", "People who show it."),
        count("verdict_count", "Their verdicts; of a retraction, those taken back."),
        micro("verdict_share", "The same per verdict that counts, millionths."),
        micro("weight_share", "Their share of people's weight where it is largest, millionths."),
        text("most_affected_model_id", "The model of whose verdicts theirs are the largest share."),
        micro("most_affected_share", "That share, millionths."),
        micro("p_adjusted", "P of so much in a clean study, for all dimensions, millionths."),
        flag("is_found", "Whether that is below 5%."),
    ),
    table(
        SUSPECT,
        "One row per dimension, signal, model it is about and person who shows it.",
        DIMENSION,
        text("signal", "What they show."),
        text("model_id", "The model it is about; null where it is about none."),
        count("participant_number", "The person's number among those with verdicts."),
    ),
    table(
        "retirement_effect",
        "One row per unweighted board of everybody's and model that stays: its place with and"
        " without the battles of all retired models.",
        *BOARD,
        text("model_id", "The model that stays."),
        count("removed_model_count", "Retired models of the board; private variants aren't."),
        micro("removed_battle_share", "Share of battles they took part in."),
        count("rank_among_kept", "Place among those that stay, with all battles."),
        count("rank_without", "Its place without those battles."),
        micro("skill", "Skill with all battles, less the mean over those that stay."),
        micro("skill_without", "Skill without."),
        *interval("shift", "Skill without less skill with"),
        micro("p_shift", "P of such a shift by chance, two-sided; null: judges unknown."),
    ),
)
