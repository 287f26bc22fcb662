"""One table contract per event type: the only declaration of an event's schema.

What stays out: what a contract is and what follows from it (contract.py).
"""

from __future__ import annotations

import pyarrow as pa

from ingestion.contract import SLUG_PATTERN, TEXT_LENGTH, Column, Contract
from ingestion.vocabulary import EventType, Outcome


def _name(name: str, description: str, *, is_required: bool = True) -> Column:
    return Column(name=name, description=description, is_required=is_required)


def _slug(name: str, description: str) -> Column:
    return Column(name=name, description=description, is_required=True, pattern=SLUG_PATTERN)


def _text(name: str, description: str, *, is_required: bool = False) -> Column:
    return Column(
        name=name,
        description=description,
        is_required=is_required,
        max_length=TEXT_LENGTH,
    )


def _count(name: str, description: str, *, is_required: bool = True) -> Column:
    return Column(
        name=name,
        description=description,
        type=pa.int64(),
        is_required=is_required,
        minimum=0,
        maximum=10**15,
    )


def _pseudonym(name: str, description: str, *, is_required: bool = False) -> Column:
    return Column(name=name, description=description, is_required=is_required, is_pseudonym=True)


_MODEL_A = _name("model_a", "The model shown first (left).")
_MODEL_B = _name("model_b", "The model shown second (right).")
_DIMENSION = _slug("dimension", "What was judged: overall, or one aspect of it.")
_CONVERSATION = _pseudonym("conversation_id", "The conversation it belongs to.")
_DEMOGRAPHICS = (
    Column(
        name="country",
        description="Country of residence, as the weighting seeds name it: US, UK, ...",
        max_length=64,
    ),
    _name("age", "Age in years or the source's own band, verbatim.", is_required=False),
    _name("gender", "Gender, verbatim.", is_required=False),
    _name("ethnicity", "Ethnicity, verbatim.", is_required=False),
    _name("politics", "Party or political identification, verbatim.", is_required=False),
    _name("education", "Highest education, verbatim.", is_required=False),
)
_TARGET = (
    Column(
        name="target_event_id",
        description="The event it is about.",
        is_required=True,
        max_length=128,
    ),
    _text("reason", "Why, in words.", is_required=True),
)

CONTRACTS: dict[EventType, Contract] = {
    contract.event_type: contract
    for contract in (
        Contract(
            event_type=EventType.MODEL_REGISTERED,
            grain="One row per registration of a model.",
            columns=(
                _name("model_id", "The model's id, as battles name it."),
                _name("display_name", "The name people read.", is_required=False),
                _name("provider", "Who makes it.", is_required=False),
                _text("licence", "Under which terms it can be had."),
            ),
        ),
        Contract(
            event_type=EventType.MODEL_RETIRED,
            grain="One row per retirement of a model.",
            columns=(
                _name("model_id", "The model's id, as battles name it."),
                _text("reason", "Why it is no longer compared.", is_required=True),
            ),
        ),
        Contract(
            event_type=EventType.PARTICIPANT_ENROLLED,
            grain="One row per enrolment of a participant.",
            columns=_DEMOGRAPHICS,
            is_subject_required=True,
        ),
        Contract(
            event_type=EventType.PARTICIPANT_CORRECTED,
            grain="One row per correction of a participant's answers; null leaves an answer as it was.",
            columns=_DEMOGRAPHICS,
            is_subject_required=True,
        ),
        Contract(
            event_type=EventType.BATTLE_JUDGED,
            grain="One row per battle and dimension: one verdict of one participant on two models.",
            columns=(
                _DIMENSION,
                _MODEL_A,
                _MODEL_B,
                Column(
                    name="outcome",
                    description="Which model was preferred; both_bad is a tie for skill.",
                    is_required=True,
                    vocabulary=tuple(Outcome),
                ),
                _CONVERSATION,
                _name("language", "Language of the conversation.", is_required=False),
                _name("topic", "What the conversation was about.", is_required=False),
            ),
            key=("dimension",),
            differing=(("model_a", "model_b"),),
        ),
        Contract(
            event_type=EventType.BATTLES_TALLIED,
            grain="One row per pair and dimension of verdicts known only as counts.",
            columns=(
                _DIMENSION,
                _MODEL_A,
                _MODEL_B,
                _count("win_a_count", "Verdicts for model_a."),
                _count("win_b_count", "Verdicts for model_b."),
                _count("tie_count", "Verdicts that they are equal."),
                _count("both_bad_count", "Verdicts that both are bad."),
            ),
            key=("dimension",),
            differing=(("model_a", "model_b"),),
        ),
        Contract(
            event_type=EventType.CONVERSATION_RECORDED,
            grain="One row per conversation: what the quality rules need of it, never its text.",
            columns=(
                _pseudonym("conversation_id", "The conversation.", is_required=True),
                _count("turn_count", "Turns the participant took."),
                _count(
                    "character_count",
                    "Characters the participant wrote.",
                    is_required=False,
                ),
                _count(
                    "duration_ms",
                    "Time from first to last turn, ms.",
                    is_required=False,
                ),
                _count("pasted_turn_count", "Turns that were pasted.", is_required=False),
            ),
            is_subject_required=True,
        ),
        Contract(
            event_type=EventType.CONVERSATION_LABELLED,
            grain="One row per label a judge gave a conversation.",
            columns=(
                _pseudonym("conversation_id", "The conversation.", is_required=True),
                _slug("label", "What was labelled: sycophancy, topic, safety, effort, ..."),
                _name("value", "The label given."),
                _name("judge", "Who or what labelled it."),
                _name("judge_version", "Which version of the judge."),
            ),
            key=("label",),
        ),
        Contract(
            event_type=EventType.EXPERIENCE_RATED,
            grain="One row per rating of one model on one criterion, 1 to 7.",
            columns=(
                _name("model_id", "The model rated."),
                _slug("criterion", "What was rated."),
                Column(
                    name="rating",
                    type=pa.int32(),
                    description="1 (worst) to 7 (best).",
                    is_required=True,
                    minimum=1,
                    maximum=7,
                ),
                _CONVERSATION,
            ),
            key=("criterion",),
        ),
        Contract(
            event_type=EventType.BATTLE_SCHEDULED,
            grain="One row per battle proposed.",
            columns=(
                _name("stratum_id", "The stratum it is for."),
                _DIMENSION,
                _MODEL_A,
                _MODEL_B,
                _slug("policy", "The rule that proposed it."),
                _name("policy_version", "Version of the rule."),
                Column(
                    name="propensity",
                    type=pa.float64(),
                    description="Probability with which the policy proposed it.",
                    is_required=True,
                    minimum=0,
                    maximum=1,
                ),
            ),
            key=("dimension",),
            differing=(("model_a", "model_b"),),
        ),
        Contract(
            event_type=EventType.STRIKE_ISSUED,
            grain="One row per strike against a participant.",
            columns=(
                _slug("rule", "The quality rule that was hit."),
                _name("rule_version", "Version of the rule."),
                _text("evidence", "What was seen.", is_required=True),
            ),
            is_subject_required=True,
        ),
        Contract(
            event_type=EventType.PARTICIPANT_EXCLUDED,
            grain="One row per exclusion of a participant.",
            columns=(_text("reason", "Why.", is_required=True),),
            is_subject_required=True,
        ),
        Contract(
            event_type=EventType.BENCHMARK_REPORTED,
            grain="One row per score of a model on a technical benchmark.",
            columns=(
                _name("model_id", "The model scored."),
                _name("benchmark", "The benchmark."),
                Column(
                    name="score",
                    type=pa.float64(),
                    description="The score reported.",
                    is_required=True,
                ),
            ),
            key=("benchmark",),
        ),
        Contract(
            event_type=EventType.EVENT_RETRACTED,
            grain="One row per retraction of an event.",
            columns=_TARGET,
        ),
        Contract(
            event_type=EventType.EVENT_CORRECTED,
            grain="One row per correction of a battle's verdict.",
            columns=(
                *_TARGET,
                Column(
                    name="outcome",
                    description="What the verdict should have been.",
                    is_required=True,
                    vocabulary=tuple(Outcome),
                ),
            ),
        ),
        Contract(
            event_type=EventType.SUBJECT_ERASED,
            grain="One row per erasure of a participant.",
            columns=(
                Column(
                    name="level",
                    type=pa.int32(),
                    description="1: the key is destroyed; 2: rows are redacted.",
                    is_required=True,
                    minimum=1,
                    maximum=2,
                ),
            ),
            is_subject_required=True,
        ),
    )
}
"""Every contract, by event type."""
