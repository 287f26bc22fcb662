"""Columns that several contracts share, and the kinds of column they are made of.

What stays out: the contracts (contracts.py) and what a column is (contract.py).
"""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa

from ingestion.contract import SLUG_PATTERN
from ingestion.tables import TEXT_LENGTH, Column


def named(name: str, description: str, *, is_required: bool = True) -> Column:
    """A short text: an id or a name."""
    return Column(name=name, description=description, is_required=is_required)


def slug(name: str, description: str) -> Column:
    """A name in lower case that columns and files can carry."""
    return Column(name=name, description=description, is_required=True, pattern=SLUG_PATTERN)


def text(name: str, description: str, *, is_required: bool = False) -> Column:
    """A longer text in words."""
    return Column(
        name=name,
        description=description,
        is_required=is_required,
        max_length=TEXT_LENGTH,
    )


def sealed(column: Column) -> Column:
    """What a participant said of themselves, or somebody of them: erased with their key."""
    return replace(column, is_sealed=True)


def count(name: str, description: str, *, is_required: bool = True) -> Column:
    """A whole number from 0."""
    return Column(
        name=name,
        description=description,
        type=pa.int64(),
        is_required=is_required,
        minimum=0,
        maximum=10**15,
    )


def pseudonym(name: str, description: str, *, is_required: bool = False) -> Column:
    """An id that may name a person."""
    return Column(name=name, description=description, is_required=is_required, is_pseudonym=True)


MODEL_A = named("model_a", "The model shown first (left).")
MODEL_B = named("model_b", "The model shown second (right).")
DIMENSION = slug("dimension", "What was judged: overall, or one aspect of it.")
CONVERSATION = pseudonym("conversation_id", "The conversation it belongs to.")
DEMOGRAPHICS = (
    Column(
        name="country",
        description="Country of residence, as the weighting seeds name it: US, UK, ...",
        max_length=64,
    ),
    sealed(named("age", "Age in years or the source's own band, verbatim.", is_required=False)),
    sealed(named("gender", "Gender, verbatim.", is_required=False)),
    sealed(named("ethnicity", "Ethnicity, verbatim.", is_required=False)),
    sealed(named("politics", "Party or political identification, verbatim.", is_required=False)),
    sealed(named("education", "Highest education, verbatim.", is_required=False)),
)
CONVERSED = (
    pseudonym("conversation_id", "The conversation.", is_required=True),
    count("turn_count", "Turns the participant took."),
    count("character_count", "Characters the participant wrote.", is_required=False),
    count("median_turn_character_count", "Characters of the median turn.", is_required=False),
    count("single_word_turn_count", "Turns of one word or none.", is_required=False),
    count("duration_ms", "Time from first to last turn, ms.", is_required=False),
    count("median_turn_ms", "Time the median turn took to write, ms.", is_required=False),
    count("pasted_turn_count", "Turns that were pasted.", is_required=False),
    count(
        "repeated_turn_count",
        "Turns pasted whose text the participant had sent before, in any conversation.",
        is_required=False,
    ),
    count("attention_check_count", "Attention checks asked.", is_required=False),
    count("attention_check_failed_count", "Attention checks failed.", is_required=False),
)
TARGET = (
    Column(
        name="target_event_id",
        description="The event it is about.",
        is_required=True,
        max_length=128,
    ),
    text("reason", "Why, in words.", is_required=True),
)
