"""The tables of ratings of one model at a time, declared where they are born."""

from __future__ import annotations

import pyarrow as pa

from ingestion.tables import Column, Table
from ratings.experience import HIGHEST, LOWEST
from ratings.rounding import MICRO_SUFFIX

EVERY = "*"
"""The name of all models, or of all criteria of a kind, taken together."""


def _text(name: str, description: str) -> Column:
    return Column(name=name, description=description)


def _count(name: str, description: str) -> Column:
    return Column(name=name, description=description, type=pa.int64())


def _micro(name: str, description: str) -> Column:
    return _count(name + MICRO_SUFFIX, f"{description}, millionths.")


def _flag(name: str, description: str) -> Column:
    return Column(name=name, description=description, type=pa.bool_())


_WEIGHTING = _text("weighting", "How people are weighted; none where all ratings count alike.")
_STRATUM = _text("stratum_id", "Who rated: all, a country, or a group of a country.")
_MODEL = _text("model_id", "The model.")
_PEOPLE = (
    _count("rating_count", "Ratings behind it."),
    _count("participant_count", "Participants behind them; one nobody knows is one of their own."),
)
_EFFECTIVE = _micro(
    "effective_participant_count",
    "Participants that count for as much if all weigh the same (Kish)",
)


def _interval(name: str, what: str) -> tuple[Column, ...]:
    return (
        _micro(name, what),
        _micro(f"{name}_lo", "Lower end of its 95% interval"),
        _micro(f"{name}_hi", "Upper end of its 95% interval"),
    )


EXPERIENCE = Table(
    name="experience",
    grain="One row per weighting, stratum, criterion and model: how people rate the model.",
    columns=(
        _WEIGHTING,
        _STRATUM,
        _text("criterion", "What was rated."),
        _MODEL,
        *_interval("rating", "Weighted mean of the ratings, 1 to 7"),
        _micro("rating_sd", "Standard error of the mean, clustered by participant"),
        *_PEOPLE,
        _EFFECTIVE,
        _count(
            "left_out_count",
            "Ratings of it left out here: of excluded participants, or of people without weight.",
        ),
        *(
            _micro(f"rated_{level}_share", f"Weighted share of ratings of {level}")
            for level in range(LOWEST, HIGHEST + 1)
        ),
        _count("rank", "1 is best; equal means are ordered by model id; null where provisional."),
        _count("rank_lo", "Best rank it may have, all pairs of models together at 95%."),
        _count("rank_hi", "Worst rank it may have, all pairs of models together at 95%."),
        _count(
            "tier",
            "1 is best: all models above are surely better than those in it, all pairs together;"
            " null where provisional.",
        ),
        _flag("is_provisional", "Whether fewer than ten participants rated it."),
        _micro("probit_effect", "Ordered probit: latent effect, centred over models"),
        *_interval("probit_rating", "Ordered probit: expected rating if everybody rated it"),
        _micro("rater_share", "Ordered probit: share of latent variance between raters"),
    ),
)
CRITERION_GAP = Table(
    name="criterion_gap",
    grain="One row per weighting, stratum, model (or * for all) and pair of a subjective and an "
    "objective criterion (or * for all of the kind): how far the one is rated below the other.",
    columns=(
        _WEIGHTING,
        _STRATUM,
        _text("model_id", "The model; * for the mean over models."),
        _text("criterion", "The subjective criterion; * for the mean over all of them."),
        _text("against_criterion", "The objective criterion; * for the mean over all of them."),
        *_interval("gap", "Mean rating of the subjective less that of the objective"),
        _micro("gap_together_lo", "Lower end of its interval, all of the family together at 95%"),
        _micro("gap_together_hi", "Upper end of its interval, all of the family together at 95%"),
        _micro("p_value", "P-value, one at a time"),
        _micro("p_adjusted", "P-value by Holm over the family"),
        _count("family_size", "Comparisons of the family: one stratum's, of each model or of all."),
        _flag("is_different", "Whether p_adjusted is at most 0.05."),
        *_interval("gap_centred", "The same of ratings less their rater's own mean"),
        *_interval("gap_standardised", "The same over the rater's own sd: gap in sds of a rater"),
        *_PEOPLE,
        _EFFECTIVE,
    ),
)
MODEL_PROFILE = Table(
    name="model_profile",
    grain="One row per weighting, stratum, criterion and model whose rating there differs from "
    "what the rest says, false discoveries at most 5%.",
    columns=(
        _WEIGHTING,
        _STRATUM,
        _text("criterion", "What was rated."),
        _MODEL,
        _text(
            "compared_with",
            "other_groups: what the rest of the country says; other_criteria: what the model's"
            " other criteria, and other models on this one, lead to expect.",
        ),
        *_interval("difference", "How much higher it is rated; 95% corrected for being chosen"),
        _micro("rating", "Its weighted mean rating there"),
        _micro("p_value", "P-value, one at a time"),
        _micro("p_adjusted", "P-value by Benjamini and Hochberg over all comparisons"),
        _count("family_size", "Comparisons it was chosen from."),
        *_PEOPLE,
        _EFFECTIVE,
    ),
)
EXPERIENCE_TABLES = (EXPERIENCE, CRITERION_GAP, MODEL_PROFILE)
