"""What columns of rating tables are made of, and those that many tables have."""

from __future__ import annotations

import pyarrow as pa

from ingestion.tables import Column, Table
from ratings.rounding import MICRO_SUFFIX


def text(name: str, description: str) -> Column:
    """A name or a word."""
    return Column(name=name, description=description)


def count(name: str, description: str) -> Column:
    """A whole number."""
    return Column(name=name, description=description, type=pa.int64())


def micro(name: str, description: str) -> Column:
    """A figure in millionths; its name ends so."""
    return count(name + MICRO_SUFFIX, description)


def typed(name: str, description: str, kind: pa.DataType) -> Column:
    """A column of another type."""
    return Column(name=name, description=description, type=kind)


def flag(name: str, description: str) -> Column:
    """Whether something is so."""
    return Column(name=name, description=description, type=pa.bool_())


def interval(name: str, description: str) -> tuple[Column, ...]:
    """A figure and the ends of its 95% interval, in millionths."""
    return (
        micro(name, f"{description}, millionths."),
        micro(f"{name}_lo", "Lower end of its 95% interval, millionths."),
        micro(f"{name}_hi", "Upper end of its 95% interval, millionths."),
    )


def table(name: str, grain: str, *columns: Column) -> Table:
    """A table of these columns."""
    return Table(name=name, grain=grain, columns=columns)


WEIGHTING = text("weighting", "How people are weighted.")
STRATUM = text("stratum_id", "Who judged.")
DIMENSION = text("dimension", "What was judged.")
MODEL = text("model_id", "The model.")
COUNTRY = text("country", "The country.")
AXIS = text("axis", "The axis.")
BOARD = (
    text("weighting", "How people are weighted; none where all verdicts count alike."),
    text("stratum_id", "Who judged: all, a country, or a group of a country."),
    DIMENSION,
    text("estimator", "How the skill was estimated."),
)
SKILL = micro("skill", "Skill less the mean over models, micro-units.")
SKILL_SD = micro("skill_sd", "Its sd, micro-units.")
RANKS = (
    count("rank", "1 is best; equal skills are ordered by model id."),
    count("rank_lo", "Best rank in the 95% rank range."),
    count("rank_hi", "Worst rank in the 95% rank range."),
)
MODEL_BATTLES = count("battle_count", "Battles the model took part in.")
TIE_SHARE = micro("tie_share", "Share of ties, millionths.")
DRAW_MARGIN = micro("draw_margin", "Draw margin, micro-units.")
PRIOR_SD = micro("prior_sd", "Prior sd of a skill, micro-units.")
DESIGN_EFFECT = micro("design_effect", "Variance of the sandwich over the model's, millionths.")
SHIFT_ENDS = (
    micro("rank_shift_lo", "Lower end of its 95% interval."),
    micro("rank_shift_hi", "Upper end of its 95% interval."),
    micro("rank_shift_if_agreed", "Expected if the groups agreed, millionths."),
)
