"""Tables of what may bend a board: private testing."""

from __future__ import annotations

from ratings.tables.columns import BOARD, count, interval, micro, table, text

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
)
