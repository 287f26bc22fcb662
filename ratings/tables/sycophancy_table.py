"""The table of what goes with sycophancy, declared where it is born."""

from __future__ import annotations

import pyarrow as pa

from ingestion.tables import Column, Table
from ratings.rounding import MICRO_SUFFIX

EFFECT = "sycophancy_effect"


def _micro(name: str, description: str) -> Column:
    return Column(
        name=name + MICRO_SUFFIX, description=f"{description}, millionths.", type=pa.int64()
    )


def _count(name: str, description: str) -> Column:
    return Column(name=name, description=description, type=pa.int64())


SYCOPHANCY_EFFECT = Table(
    name=EFFECT,
    grain="One row per judge, outcome, level, weighting and stratum: what goes with sycophancy.",
    columns=(
        Column(name="judge", description="Who labelled the answers."),
        Column(name="judge_version", description="Version of the judge."),
        Column(name="rubric_version", description="Version of the rubric."),
        Column(
            name="outcome",
            description="personality_rating (1 to 7), or the verdict on a dimension: _verdict.",
        ),
        Column(name="level", description="within_models: of one model's answers; between_models."),
        Column(
            name="weighting", description="How people are weighted; none where all count alike."
        ),
        Column(name="stratum_id", description="Whose answers: all, or a country."),
        _micro("naive_effect", "Difference that goes with a label as the judge gives it"),
        _micro("naive_effect_lo", "Lower end of its 95% interval"),
        _micro("naive_effect_hi", "Upper end of its 95% interval"),
        _micro("effect", "Difference that goes with sycophancy, less the judge's errors"),
        _micro("effect_lo", "Lower end of its 95% interval, one at a time"),
        _micro("effect_hi", "Upper end of its 95% interval, one at a time"),
        _micro("p", "P-value of no difference"),
        _micro("p_adjusted", "The same, corrected for all rows of the judge together (Holm)"),
        _micro("e_value", "How strong an unmeasured cause must be to make the difference"),
        _micro("e_value_limit", "The same for the end of the interval nearest to none"),
        _count("answer_count", "Answers rated, or verdicts on two labelled answers."),
        _count("participant_count", "Participants behind them."),
        _count("model_count", "Models behind them."),
        _count("human_count", "Answers that people labelled too."),
        Column(
            name="not_estimated_reason",
            description="Why there is no corrected figure; null where there is one.",
        ),
    ),
)
