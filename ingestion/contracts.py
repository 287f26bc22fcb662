"""One contract per event type: the only declaration of an event's schema.

From a contract follow the Arrow schema of its segments, the checks of the gate, the Great
Expectations suite, the dbt source and the data dictionary.

Two forms of the same event:

- the *native* form is what a source yields and `demoscope ingest` reads: `event_type`, `source`,
  `native_id`, `occurred_at`, then the contract's columns under their native names;
- the *log* form is what a segment stores: `native_id` has become `event_id`, `participant_id` has
  become `subject_id`, and every column marked `is_pseudonym` holds a keyed hash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pyarrow as pa

from ingestion.tables import TEXT_LENGTH, TIMESTAMP, Column, RowRule, schema_of
from ingestion.vocabulary import (
    AliasReach,
    BetterScore,
    EventType,
    Flag,
    LabellerKind,
    LicenceKind,
    Outcome,
    Relationship,
)

SHA256_PATTERN = "^[0-9a-f]{64}$"
SLUG_PATTERN = "^[a-z0-9][a-z0-9_]{0,62}$"


@dataclass(frozen=True, kw_only=True)
class Contract:
    """The shape of one event type.

    Args:
        event_type: which event.
        grain: "One row per ...", the table's description.
        columns: the event's own columns, in log order, without the envelope.
        key: columns that, with source and native_id, identify the event.
        differing: pairs of columns whose values must differ in a row.
        one_of: columns of which a row must have one at least.
        rules: gives what no row may say over several columns, where there is such.
        ordered: pairs of numbers of which the first must not exceed the second, where a row has
            both.
        is_subject_required: an event of this type always concerns a participant.
        version: raised with every change of the columns.
        same_since: the first version whose rows mean the same, columns that it lacks being null;
            None: only this one.
    """

    event_type: EventType
    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    differing: tuple[tuple[str, str], ...] = ()
    one_of: tuple[str, ...] = ()
    rules: Callable[[], Iterable[RowRule]] = tuple
    ordered: tuple[tuple[str, str], ...] = ()
    is_subject_required: bool = False
    version: int = 1
    same_since: int | None = None

    @cached_property
    def log_columns(self) -> tuple[Column, ...]:
        """Envelope, then own columns: what a segment holds."""
        subject = Column(
            name="subject_id",
            native_name="participant_id",
            description="Pseudonym of the participant: keyed hash of the source's own id.",
            is_required=self.is_subject_required,
            is_pseudonym=True,
        )
        return (*ENVELOPE, subject, *self.columns)

    @cached_property
    def log_schema(self) -> pa.Schema:
        """Arrow schema of a segment."""
        return schema_of(self.log_columns)

    @cached_property
    def sealed_columns(self) -> tuple[str, ...]:
        """Names of the columns that the log holds encrypted."""
        return tuple(column.name for column in self.columns if column.is_sealed)

    @cached_property
    def native_columns(self) -> tuple[str, ...]:
        """Column names a source may yield, `native_id` first."""
        return tuple(column.source_name for column in self.log_columns)


ENVELOPE: tuple[Column, ...] = (
    Column(
        name="event_id",
        native_name="native_id",
        description="Keyed hash of source, event type and native id, then the key columns.",
        is_required=True,
        is_pseudonym=True,
    ),
    Column(name="event_type", description="What happened.", is_required=True),
    Column(
        name="schema_version",
        type=pa.int32(),
        description="Version of the contract the event was written under.",
        is_required=True,
    ),
    Column(
        name="source",
        description="Where the event comes from; part of its identity.",
        is_required=True,
        pattern="^[a-z0-9][a-z0-9_.-]{0,62}$",
    ),
    Column(
        name="occurred_at",
        type=TIMESTAMP,
        description="When it happened (UTC); null where the source does not say, never invented.",
    ),
)


def named(name: str, description: str, *, is_required: bool = True) -> Column:
    """A short text: an id or a name."""
    return Column(name=name, description=description, is_required=is_required)


def slug(name: str, description: str) -> Column:
    """A name in lower case that columns and files can carry."""
    return Column(name=name, description=description, is_required=True, pattern=SLUG_PATTERN)


def text(name: str, description: str, *, is_required: bool = False) -> Column:
    """A longer text in words."""
    return replace(named(name, description, is_required=is_required), max_length=TEXT_LENGTH)


def flag(name: str, description: str) -> Column:
    """Whether something is so; null where that is not known."""
    column = named(name, f"{description} true, false, or null: not known.", is_required=False)
    return replace(column, vocabulary=tuple(Flag))


def moment(name: str, description: str) -> Column:
    """A time, which a row may leave out."""
    return Column(name=name, type=TIMESTAMP, description=description)


def day(name: str, description: str) -> Column:
    """A calendar day, which a row may leave out."""
    column = named(name, f"{description} YYYY-MM-DD.", is_required=False)
    return replace(column, pattern="^[0-9]{4}-[01][0-9]-[0-3][0-9]$")


def sealed(column: Column) -> Column:
    """What a participant said of themselves, or was said of them: erased with their key."""
    return replace(column, is_sealed=True)


def number(
    name: str,
    description: str,
    kind: pa.DataType,
    least: float | None = None,
    most: float | None = None,
) -> Column:
    """A number of a type, from `least` to `most` where they are given."""
    column = named(name, description)
    return replace(column, type=kind, minimum=least, maximum=most)


def optional(column: Column) -> Column:
    """The column, which a row may leave out."""
    return replace(column, is_required=False)


def count(name: str, description: str, *, is_required: bool = True) -> Column:
    """A whole number from 0."""
    return replace(number(name, description, pa.int64(), 0, 10**15), is_required=is_required)


def digest(name: str, description: str) -> Column:
    """A SHA-256 in 64 hexadecimal digits, which a row may leave out."""
    return replace(named(name, description, is_required=False), pattern=SHA256_PATTERN)


def outcome(description: str) -> Column:
    """A verdict on two models."""
    return replace(named("outcome", description), vocabulary=tuple(Outcome))


def pseudonym(name: str, description: str, *, is_required: bool = False) -> Column:
    """An id that may name a person."""
    return Column(name=name, description=description, is_required=is_required, is_pseudonym=True)


MODEL_A = named("model_a", "The model shown first (left).")
MODEL_B = named("model_b", "The model shown second (right).")
DIMENSION = slug("dimension", "What was judged: overall, or one aspect of it.")
CONVERSATION = pseudonym("conversation_id", "The conversation it belongs to.")
ITEM = named(
    "item_id",
    "The prompt or task that was judged, as the source names it; verdicts on one are alike.",
    is_required=False,
)
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
LABELLED = (
    optional(number("score", "How much of it, on the rubric's own scale.", pa.float64())),
    optional(slug("rubric", "The rubric that the judge followed.")),
    named("rubric_version", "Version of the rubric.", is_required=False),
    digest("prompt_sha256", "SHA-256 of the words that a model was asked in, without the text."),
    replace(
        named(
            "labeller_kind",
            "human or model; null where the source does not say.",
            is_required=False,
        ),
        vocabulary=tuple(LabellerKind),
    ),
    optional(number("seed", "The seed a model was asked with.", pa.int64(), 0, 2**63 - 1)),
    digest("raw_sha256", "SHA-256 of the judge's whole answer."),
    named("model_id", "Whose answer was labelled; null: the conversation.", is_required=False),
    named("severity", "How severe a finding is, as the rubric grades it.", is_required=False),
)
REPORTED = (
    named("metric", "What the score is: accuracy, f1, ...", is_required=False),
    replace(
        named("better", "higher (or null): a higher score is better; lower.", is_required=False),
        vocabulary=tuple(BetterScore),
    ),
    optional(number("score_minimum", "Lowest score there can be.", pa.float64())),
    optional(number("score_maximum", "Highest score there can be.", pa.float64())),
    optional(number("standard_error", "Standard error of the score.", pa.float64(), 0)),
    optional(number("score_lo", "Lower end of its 95% interval.", pa.float64())),
    optional(number("score_hi", "Upper end of its 95% interval.", pa.float64())),
    count("sample_count", "Questions or tasks behind the score.", is_required=False),
    named("harness", "The program that scored it.", is_required=False),
    named("harness_version", "Which version of it.", is_required=False),
    text("settings", "How the model was asked: shots, temperature, reasoning, ..."),
    named("reported_by", "Who reports it.", is_required=False),
    replace(
        named("relationship", "What they are to the model's maker.", is_required=False),
        vocabulary=tuple(Relationship),
    ),
    text("url", "Where they report it."),
)
TARGET = (
    replace(named("target_event_id", "The event it is about."), max_length=128),
    text("reason", "Why, in words.", is_required=True),
)


def _contract(event_type: EventType, grain: str, *columns: Column, **shape: Any) -> Contract:
    """A contract of these columns; `shape` is what else `Contract` says of it."""
    return Contract(event_type=event_type, grain=grain, columns=columns, **shape)


def _label_rules() -> Iterator[RowRule]:
    from ingestion.rubrics.rules import label_rules  # reads YAML

    return label_rules()


CONTRACTS: dict[EventType, Contract] = {
    contract.event_type: contract
    for contract in (
        _contract(
            EventType.MODEL_REGISTERED,
            "One row per registration of a model.",
            named("model_id", "The model's id, as battles name it."),
            named("display_name", "The name people read.", is_required=False),
            named("provider", "Who makes it.", is_required=False),
            text("licence", "Under which terms it can be had."),
            named("family", "The line of models it belongs to.", is_required=False),
            replace(
                named("licence_kind", "Who can have its weights.", is_required=False),
                vocabulary=tuple(LicenceKind),
            ),
            flag("is_private", "Whether only its provider and the study know that it is tested."),
            named(
                "variant_of", "The model of which it is a variant, by its id.", is_required=False
            ),
            moment("released_at", "When everybody could have it (UTC)."),
            version=2,
            same_since=1,
        ),
        _contract(
            EventType.MODEL_PUBLISHED,
            "One row per variant that its provider made public.",
            named("model_id", "The variant's id, as battles name it."),
            named("public_id", "The id under which the public knows it."),
        ),
        _contract(
            EventType.MODEL_RETIRED,
            "One row per retirement of a model.",
            named("model_id", "The model's id, as battles name it."),
            text("reason", "Why it is no longer compared.", is_required=True),
            flag("was_announced", "Whether the public was told."),
            version=2,
            same_since=1,
        ),
        _contract(
            EventType.STUDY_DESCRIBED,
            "One row per description of the study; the last one stands, column by column.",
            text("title", "What the study is called."),
            text("conductor", "Who conducts it."),
            text("sponsor", "Who it is made for."),
            text("funding", "Who pays for it."),
            text("population", "Whom it speaks of."),
            text("questions", "The exact wording of each question, and its answers."),
            text("mode", "How people take part, and in which language."),
            text("recruitment", "How participants were found, and what they are paid."),
            day("started_on", "First day on which people took part."),
            day("ended_on", "Last day on which people took part."),
            text("contact", "Where to ask."),
            text("licence", "Under which terms its data can be had."),
            text("limits", "What it can't say."),
            one_of=(
                "title",
                "conductor",
                "sponsor",
                "funding",
                "population",
                "questions",
                "mode",
                "recruitment",
                "started_on",
                "ended_on",
                "contact",
                "licence",
                "limits",
            ),
        ),
        _contract(
            EventType.MODEL_ALIASED,
            "One row per statement that a name means a model; the last one about a name stands.",
            named("alias", "The name, as events give it."),
            named("model_id", "The model that it means; the name itself: no other."),
            replace(
                named(
                    "applies_to",
                    "all (or null): names said at any time; later: those said after this event.",
                    is_required=False,
                ),
                vocabulary=tuple(AliasReach),
            ),
        ),
        _contract(
            EventType.PARTICIPANT_ENROLLED,
            "One row per enrolment of a participant.",
            *DEMOGRAPHICS,
            is_subject_required=True,
        ),
        _contract(
            EventType.PARTICIPANT_CORRECTED,
            "One row per correction of a participant's answers; null leaves one as it was.",
            *DEMOGRAPHICS,
            is_subject_required=True,
        ),
        _contract(
            EventType.BATTLE_JUDGED,
            "One row per battle and dimension: one verdict of one participant on two models.",
            DIMENSION,
            MODEL_A,
            MODEL_B,
            outcome("Which model was preferred; both_bad is a tie for skill."),
            CONVERSATION,
            named("language", "Language of the conversation.", is_required=False),
            named("topic", "What the conversation was about.", is_required=False),
            ITEM,
            key=("dimension",),
            differing=(("model_a", "model_b"),),
            version=2,
            same_since=1,
        ),
        _contract(
            EventType.BATTLES_TALLIED,
            "One row per pair and dimension of verdicts known only as counts.",
            DIMENSION,
            MODEL_A,
            MODEL_B,
            count("win_a_count", "Verdicts for model_a."),
            count("win_b_count", "Verdicts for model_b."),
            count("tie_count", "Verdicts that they are equal."),
            count("both_bad_count", "Verdicts that both are bad."),
            key=("dimension",),
            differing=(("model_a", "model_b"),),
        ),
        _contract(
            EventType.CONVERSATION_RECORDED,
            "One row per conversation: what the quality rules need of it, never its text.",
            *CONVERSED,
            is_subject_required=True,
            version=2,
        ),
        _contract(
            EventType.CONVERSATION_LABELLED,
            "One row per label a judge gave a conversation.",
            pseudonym("conversation_id", "The conversation.", is_required=True),
            slug("label", "What was labelled: sycophancy, topic, safety, effort, ..."),
            named("value", "The label given."),
            named("judge", "Who or what labelled it."),
            named("judge_version", "Which version of the judge."),
            ITEM,
            *LABELLED,
            key=("label",),
            rules=_label_rules,
            version=3,
            same_since=1,
        ),
        _contract(
            EventType.EXPERIENCE_RATED,
            "One row per rating of one model on one criterion, 1 to 7.",
            named("model_id", "The model rated."),
            slug("criterion", "What was rated."),
            number("rating", "1 (worst) to 7 (best).", pa.int32(), 1, 7),
            CONVERSATION,
            ITEM,
            key=("criterion",),
            version=2,
            same_since=1,
        ),
        _contract(
            EventType.BATTLE_SCHEDULED,
            "One row per battle proposed.",
            named("stratum_id", "The stratum it is for."),
            DIMENSION,
            MODEL_A,
            MODEL_B,
            slug("policy", "The rule that proposed it."),
            named("policy_version", "Version of the rule."),
            number(
                "propensity", "Probability with which the policy proposed it.", pa.float64(), 0, 1
            ),
            pseudonym("conversation_id", "The conversation that its vote will name."),
            key=("dimension",),
            differing=(("model_a", "model_b"),),
            version=2,
        ),
        _contract(
            EventType.STRIKE_ISSUED,
            "One row per strike against a participant.",
            slug("rule", "The quality rule that was hit."),
            named("rule_version", "Version of the rule."),
            sealed(text("evidence", "What was seen.", is_required=True)),
            CONVERSATION,
            is_subject_required=True,
            version=2,
        ),
        _contract(
            EventType.PARTICIPANT_EXCLUDED,
            "One row per exclusion of a participant.",
            sealed(text("reason", "Why.", is_required=True)),
            named("policy", "The quality policy that excludes.", is_required=False),
            named("policy_version", "Version of the policy.", is_required=False),
            is_subject_required=True,
            version=2,
        ),
        _contract(
            EventType.BENCHMARK_REPORTED,
            "One row per score of a model on a technical benchmark.",
            named("model_id", "The model scored."),
            named("benchmark", "The benchmark."),
            number("score", "The score reported.", pa.float64()),
            *REPORTED,
            key=("benchmark",),
            ordered=(
                ("score_minimum", "score"),
                ("score", "score_maximum"),
                ("score_lo", "score_hi"),
            ),
            version=2,
            same_since=1,
        ),
        _contract(
            EventType.EXTERNAL_BOARD_PUBLISHED,
            "One row per model on a leaderboard that somebody else published.",
            named("board", "Whose board: arena, ..."),
            named("category", "The board's category."),
            named("model_id", "The model."),
            number("rating", "Its rating, on the board's own scale.", pa.float64()),
            optional(number("rating_lo", "Lower end of its interval.", pa.float64())),
            optional(number("rating_hi", "Upper end of its interval.", pa.float64())),
            optional(number("rank", "The rank published.", pa.int32(), 1)),
            count("vote_count", "Votes behind it.", is_required=False),
            key=("board", "category"),
        ),
        _contract(
            EventType.EVENT_RETRACTED,
            "One row per retraction of an event.",
            *TARGET,
        ),
        _contract(
            EventType.EVENT_CORRECTED,
            "One row per correction of a battle; null leaves a column as it was.",
            *TARGET,
            replace(outcome("What the verdict should have been."), is_required=False),
            replace(MODEL_A, is_required=False),
            replace(MODEL_B, is_required=False),
            replace(DIMENSION, is_required=False),
            Column(name="judged_at", type=TIMESTAMP, description="When it was judged (UTC)."),
            differing=(("model_a", "model_b"),),
            one_of=("outcome", "model_a", "model_b", "dimension", "judged_at", "subject_id"),
            version=2,
        ),
        _contract(
            EventType.SUBJECT_ERASED,
            "One row per erasure of a participant.",
            number("level", "1: the key is destroyed; 2: rows are redacted.", pa.int32(), 1, 2),
            is_subject_required=True,
        ),
    )
}
"""Every contract, by event type."""
