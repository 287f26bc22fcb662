"""The tables of ratings of one model at a time, declared where they are born."""

from __future__ import annotations

from ratings.scale import HIGHEST, LOWEST
from ratings.tables.columns import count, flag, interval, micro, table, text

EVERY = "*"
"""The name of all models, or of all criteria of a kind, taken together."""


_ALIKE = "null where all people, or the only one, gave the same rating"
_GAPS_ALIKE = "null where all people differ by as much"
_WEIGHTING = text("weighting", "How people are weighted; none where all ratings count alike.")
_STRATUM = text("stratum_id", "Who rated: all, a country, or a group of a country.")
_MODEL = text("model_id", "The model.")
_PEOPLE = (
    count("rating_count", "Ratings behind it."),
    count("participant_count", "Participants behind them; each unknown person counts as one."),
)
_EFFECTIVE = micro(
    "effective_participant_count",
    "Participants that count for as much if all weigh the same (Kish), millionths.",
)


EXPERIENCE = table(
    "experience",
    "One row per weighting, stratum, criterion and model: how people rate the model.",
    _WEIGHTING,
    _STRATUM,
    text("criterion", "What was rated."),
    _MODEL,
    micro("rating", "Weighted mean of the ratings, 1 to 7, millionths."),
    micro("rating_lo", f"Lower end of its 95% interval, millionths; {_ALIKE}."),
    micro("rating_hi", f"Upper end of its 95% interval, millionths; {_ALIKE}."),
    micro(
        "rating_sd",
        f"Standard error of the mean, clustered by participant, millionths; {_ALIKE}.",
    ),
    *_PEOPLE,
    _EFFECTIVE,
    count(
        "left_out_count",
        "Ratings of it left out here: of excluded participants, or of people without weight.",
    ),
    *(
        micro(f"rated_{level}_share", f"Weighted share of ratings of {level}, millionths.")
        for level in range(LOWEST, HIGHEST + 1)
    ),
    count("rank", "1 is best; equal means are ordered by model id; null where provisional."),
    count("rank_lo", "Best rank it may have, all pairs of models together at 95%."),
    count("rank_hi", "Worst rank it may have, all pairs of models together at 95%."),
    count(
        "tier",
        "1 is best: all models above are surely better than those in it, all pairs together;"
        " null where provisional.",
    ),
    flag("is_provisional", "Whether fewer than ten participants rated it."),
    micro("probit_effect", "Ordered probit: latent effect, centred over models, millionths."),
    *interval("probit_rating", "Ordered probit: expected rating if everybody rated it"),
    micro("rater_share", "Ordered probit: share of latent variance between raters, millionths."),
)
CRITERION_GAP = table(
    "criterion_gap",
    "One row per weighting, stratum, model (or * for all) and pair of a subjective and an "
    "objective criterion (or * for all of the kind): how far the one is rated below the other.",
    _WEIGHTING,
    _STRATUM,
    text("model_id", "The model; * for the mean over models."),
    text("criterion", "The subjective criterion; * for the mean over all of them."),
    text("against_criterion", "The objective criterion; * for the mean over all of them."),
    micro("gap", "Mean rating of the subjective less that of the objective, millionths."),
    micro("gap_lo", f"Lower end of its 95% interval, millionths; {_GAPS_ALIKE}."),
    micro("gap_hi", f"Upper end of its 95% interval, millionths; {_GAPS_ALIKE}."),
    micro(
        "gap_together_lo",
        f"Lower end of its interval, all of the family together at 95%, millionths; {_GAPS_ALIKE}.",
    ),
    micro(
        "gap_together_hi",
        f"Upper end of its interval, all of the family together at 95%, millionths; {_GAPS_ALIKE}.",
    ),
    micro("p_value", "P-value, one at a time, millionths."),
    micro("p_adjusted", "P-value by Holm over the family, millionths."),
    count("family_size", "Comparisons of the family: one stratum's, of each model or of all."),
    flag("is_different", "Whether p_adjusted is at most 0.05."),
    *interval("gap_centred", "The same of ratings less their rater's own mean"),
    *interval("gap_standardised", "The same over the rater's own sd: gap in sds of a rater"),
    *_PEOPLE,
    _EFFECTIVE,
)
MODEL_PROFILE = table(
    "model_profile",
    "One row per weighting, stratum, criterion and model whose rating there differs from "
    "what the rest says, false discoveries at most 5%.",
    _WEIGHTING,
    _STRATUM,
    text("criterion", "What was rated."),
    _MODEL,
    text(
        "compared_with",
        "other_groups: what the rest of the country says; other_criteria: what the model's"
        " other criteria, and other models on this one, lead to expect.",
    ),
    *interval("difference", "How much higher it is rated; 95% corrected for being chosen"),
    micro("rating", "Its weighted mean rating there, millionths."),
    micro("p_value", "P-value, one at a time, millionths."),
    micro("p_adjusted", "P-value by Benjamini and Hochberg over all comparisons, millionths."),
    count("family_size", "Comparisons it was chosen from."),
    *_PEOPLE,
    _EFFECTIVE,
)
EXPERIENCE_TABLES = (EXPERIENCE, CRITERION_GAP, MODEL_PROFILE)
