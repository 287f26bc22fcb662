"""One table contract per event type: the only declaration of an event's schema.

What stays out: what a contract is and what follows from it (contract.py).
"""

from __future__ import annotations

import pyarrow as pa

from ingestion.columns import (
    CONVERSATION,
    CONVERSED,
    DEMOGRAPHICS,
    DIMENSION,
    MODEL_A,
    MODEL_B,
    TARGET,
    count,
    named,
    pseudonym,
    sealed,
    slug,
    text,
)
from ingestion.contract import Contract
from ingestion.tables import Column
from ingestion.vocabulary import EventType, Outcome

CONTRACTS: dict[EventType, Contract] = {
    contract.event_type: contract
    for contract in (
        Contract(
            event_type=EventType.MODEL_REGISTERED,
            grain="One row per registration of a model.",
            columns=(
                named("model_id", "The model's id, as battles name it."),
                named("display_name", "The name people read.", is_required=False),
                named("provider", "Who makes it.", is_required=False),
                text("licence", "Under which terms it can be had."),
            ),
        ),
        Contract(
            event_type=EventType.MODEL_RETIRED,
            grain="One row per retirement of a model.",
            columns=(
                named("model_id", "The model's id, as battles name it."),
                text("reason", "Why it is no longer compared.", is_required=True),
            ),
        ),
        Contract(
            event_type=EventType.PARTICIPANT_ENROLLED,
            grain="One row per enrolment of a participant.",
            columns=DEMOGRAPHICS,
            is_subject_required=True,
        ),
        Contract(
            event_type=EventType.PARTICIPANT_CORRECTED,
            grain="One row per correction of a participant's answers; null leaves one as it was.",
            columns=DEMOGRAPHICS,
            is_subject_required=True,
        ),
        Contract(
            event_type=EventType.BATTLE_JUDGED,
            grain="One row per battle and dimension: one verdict of one participant on two models.",
            columns=(
                DIMENSION,
                MODEL_A,
                MODEL_B,
                Column(
                    name="outcome",
                    description="Which model was preferred; both_bad is a tie for skill.",
                    is_required=True,
                    vocabulary=tuple(Outcome),
                ),
                CONVERSATION,
                named("language", "Language of the conversation.", is_required=False),
                named("topic", "What the conversation was about.", is_required=False),
            ),
            key=("dimension",),
            differing=(("model_a", "model_b"),),
        ),
        Contract(
            event_type=EventType.BATTLES_TALLIED,
            grain="One row per pair and dimension of verdicts known only as counts.",
            columns=(
                DIMENSION,
                MODEL_A,
                MODEL_B,
                count("win_a_count", "Verdicts for model_a."),
                count("win_b_count", "Verdicts for model_b."),
                count("tie_count", "Verdicts that they are equal."),
                count("both_bad_count", "Verdicts that both are bad."),
            ),
            key=("dimension",),
            differing=(("model_a", "model_b"),),
        ),
        Contract(
            event_type=EventType.CONVERSATION_RECORDED,
            grain="One row per conversation: what the quality rules need of it, never its text.",
            columns=CONVERSED,
            is_subject_required=True,
            version=2,
        ),
        Contract(
            event_type=EventType.CONVERSATION_LABELLED,
            grain="One row per label a judge gave a conversation.",
            columns=(
                pseudonym("conversation_id", "The conversation.", is_required=True),
                slug("label", "What was labelled: sycophancy, topic, safety, effort, ..."),
                named("value", "The label given."),
                named("judge", "Who or what labelled it."),
                named("judge_version", "Which version of the judge."),
            ),
            key=("label",),
        ),
        Contract(
            event_type=EventType.EXPERIENCE_RATED,
            grain="One row per rating of one model on one criterion, 1 to 7.",
            columns=(
                named("model_id", "The model rated."),
                slug("criterion", "What was rated."),
                Column(
                    name="rating",
                    type=pa.int32(),
                    description="1 (worst) to 7 (best).",
                    is_required=True,
                    minimum=1,
                    maximum=7,
                ),
                CONVERSATION,
            ),
            key=("criterion",),
        ),
        Contract(
            event_type=EventType.BATTLE_SCHEDULED,
            grain="One row per battle proposed.",
            columns=(
                named("stratum_id", "The stratum it is for."),
                DIMENSION,
                MODEL_A,
                MODEL_B,
                slug("policy", "The rule that proposed it."),
                named("policy_version", "Version of the rule."),
                Column(
                    name="propensity",
                    type=pa.float64(),
                    description="Probability with which the policy proposed it.",
                    is_required=True,
                    minimum=0,
                    maximum=1,
                ),
                pseudonym("conversation_id", "The conversation that its vote will name."),
            ),
            key=("dimension",),
            differing=(("model_a", "model_b"),),
            version=2,
        ),
        Contract(
            event_type=EventType.STRIKE_ISSUED,
            grain="One row per strike against a participant.",
            columns=(
                slug("rule", "The quality rule that was hit."),
                named("rule_version", "Version of the rule."),
                sealed(text("evidence", "What was seen.", is_required=True)),
                CONVERSATION,
            ),
            is_subject_required=True,
            version=2,
        ),
        Contract(
            event_type=EventType.PARTICIPANT_EXCLUDED,
            grain="One row per exclusion of a participant.",
            columns=(
                sealed(text("reason", "Why.", is_required=True)),
                named("policy", "The quality policy that excludes.", is_required=False),
                named("policy_version", "Version of the policy.", is_required=False),
            ),
            is_subject_required=True,
            version=2,
        ),
        Contract(
            event_type=EventType.BENCHMARK_REPORTED,
            grain="One row per score of a model on a technical benchmark.",
            columns=(
                named("model_id", "The model scored."),
                named("benchmark", "The benchmark."),
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
            columns=TARGET,
        ),
        Contract(
            event_type=EventType.EVENT_CORRECTED,
            grain="One row per correction of a battle's verdict.",
            columns=(
                *TARGET,
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
