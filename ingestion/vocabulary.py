"""Closed sets of values. An unknown value is refused; it is never mapped to a default.

Open sets (models, dimensions, countries, groups) are events or seed rows.
"""

from __future__ import annotations

from enum import StrEnum


class EventType(StrEnum):
    """Everything that can happen. One contract, one log stream and one `raw` table each."""

    MODEL_REGISTERED = "model_registered"
    MODEL_RETIRED = "model_retired"
    MODEL_PUBLISHED = "model_published"
    MODEL_ALIASED = "model_aliased"
    STUDY_DESCRIBED = "study_described"
    PARTICIPANT_ENROLLED = "participant_enrolled"
    PARTICIPANT_CORRECTED = "participant_corrected"
    BATTLE_JUDGED = "battle_judged"
    BATTLES_TALLIED = "battles_tallied"
    CONVERSATION_RECORDED = "conversation_recorded"
    CONVERSATION_LABELLED = "conversation_labelled"
    EXPERIENCE_RATED = "experience_rated"
    BATTLE_SCHEDULED = "battle_scheduled"
    STRIKE_ISSUED = "strike_issued"
    PARTICIPANT_EXCLUDED = "participant_excluded"
    BENCHMARK_REPORTED = "benchmark_reported"
    EXTERNAL_BOARD_PUBLISHED = "external_board_published"
    EVENT_RETRACTED = "event_retracted"
    EVENT_CORRECTED = "event_corrected"
    SUBJECT_ERASED = "subject_erased"


class Outcome(StrEnum):
    """What a participant said of a pair. `both_bad` is a tie for skill, kept apart in counts."""

    A = "a"
    B = "b"
    TIE = "tie"
    BOTH_BAD = "both_bad"


class Flag(StrEnum):
    """Whether something is so, as events say it."""

    TRUE = "true"
    FALSE = "false"


class LicenceKind(StrEnum):
    """Who can have a model's weights."""

    OPEN_SOURCE = "open_source"
    OPEN_WEIGHTS = "open_weights"
    PROPRIETARY = "proprietary"


class AliasReach(StrEnum):
    """Which of the names that a log holds an alias is about."""

    ALL = "all"
    LATER = "later"


class LabellerKind(StrEnum):
    """Who labels a conversation."""

    HUMAN = "human"
    MODEL = "model"


class BetterScore(StrEnum):
    """Which of two scores on a benchmark is the better one."""

    HIGHER = "higher"
    LOWER = "lower"


class Relationship(StrEnum):
    """What somebody who reports a score is to the model's maker."""

    FIRST_PARTY = "first_party"
    THIRD_PARTY = "third_party"
    COLLABORATIVE = "collaborative"
    OTHER = "other"


class Refusal(StrEnum):
    """Why a row is in quarantine."""

    BROKEN_JSON = "broken_json"
    NOT_UTF8 = "not_utf8"
    WRONG_COLUMN_COUNT = "wrong_column_count"
    UNKNOWN_EVENT_TYPE = "unknown_event_type"
    UNKNOWN_SCHEMA_VERSION = "unknown_schema_version"
    UNKNOWN_COLUMN = "unknown_column"
    MISSING_VALUE = "missing_value"
    UNKNOWN_VALUE = "unknown_value"
    DIGITS_LOST = "digits_lost"
    WRONG_TYPE = "wrong_type"
    OUT_OF_RANGE = "out_of_range"
    TOO_LONG = "too_long"
    HIDDEN_CHARACTER = "hidden_character"
    BAD_TIMESTAMP = "bad_timestamp"
    FUTURE_TIMESTAMP = "future_timestamp"
    MODEL_AGAINST_ITSELF = "model_against_itself"
    CONFLICTING_DUPLICATE = "conflicting_duplicate"
    ERASED_PARTICIPANT = "erased_participant"
    SOURCE_NOT_ALLOWED = "source_not_allowed"
    EVENT_NOT_ALLOWED = "event_not_allowed"
    ANOTHER_SOURCES = "another_sources"
    OUTSIDE_RUBRIC = "outside_rubric"


SIMULATED_SOURCE_PREFIX = "simulated"
"""A source whose name begins so is simulated, and so is every board built from it."""
