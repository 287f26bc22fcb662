"""What a file would bring that the log does not have yet: models, questions, countries, answers.

Of answers the log holds nothing that can be read here, so they are held against the study design:
those that no seed lists, and ages that fit no band of it. People of countries that have no targets
there are counted: nothing is asked of their answers.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import CONTRACTS
from ingestion.log.reader import register
from ingestion.vocabulary import EventType
from orchestration.comparable import comparable, macro
from orchestration.dbt_runs import PROJECT_DIRECTORY
from publishing.counted import counted, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingestion.log import EventLog

SHOWN = 10
# What is new, by the columns of the log that name it.
NAMED = {
    "model": ("model_a", "model_b", "model_id"),
    "dimension": ("dimension",),
    "criterion": ("criterion",),
    "country": ("country",),
}
PLURALS = {"criterion": "criteria", "country": "countries"}
# Events that make use of a name: others may be of models that nobody compares.
USING = (
    EventType.BATTLE_JUDGED,
    EventType.BATTLES_TALLIED,
    EventType.EXPERIENCE_RATED,
    EventType.MODEL_REGISTERED,
    EventType.PARTICIPANT_ENROLLED,
)
AGE = "age"
QUESTIONS = (AGE, "gender", "ethnicity", "politics", "education")
# A band of years fits where it lies whole within one of the design's.
FITTING = """
with read as (
    select
        answer,
        cast(nullif(regexp_extract(answer, $pattern, 1), '') as integer) as age_from,
        cast(nullif(regexp_extract(answer, $pattern, 2), '') as integer) as age_to,
        regexp_extract(answer, $pattern, 3) || regexp_extract(answer, $pattern, 4) <> '' as is_open
    from said
)
select distinct read.answer
from read
inner join bands
    on
        read.age_from >= bands.age_from
        and case when read.is_open then 120 else coalesce(read.age_to, read.age_from) end
        between read.age_from and bands.age_to
"""


@dataclass
class Novelties:
    """What the rows of a file name, each with how many rows do.

    Args:
        names: by kind.
        answers: people by country, question and answer.
        untargeted: people by country, of countries that the design has no targets for.
    """

    names: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    answers: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    untargeted: Counter[str] = field(default_factory=Counter)

    def add(self, event_type: EventType, logged: pa.Table) -> None:
        """Take rows in the form of the log, with what they say of people still to be read."""
        if event_type not in USING:
            return
        for kind, columns in NAMED.items():
            for name in set(columns) & set(logged.column_names):
                values = pc.value_counts(pc.drop_null(logged[name]))
                self.names[kind].update(
                    {one["values"]: one["counts"] for one in values.to_pylist()}
                )
        if event_type is EventType.PARTICIPANT_ENROLLED:
            for question in QUESTIONS:
                said = logged.select(["country", question]).drop_null()
                found = said.group_by(["country", question]).aggregate([([], "count_all")])
                for one in found.to_pylist():
                    self.answers[one["country"], question, one[question]] += one["count_all"]

    def beyond(self, log: EventLog, earlier: Novelties) -> Novelties:
        """What neither the log nor earlier files have, and no seed lists."""
        new = Novelties()
        with duckdb.connect() as connection:
            register(connection, log, log.resolve(None))
            for kind, counts in self.names.items():
                known = _known(connection, kind) | earlier.names[kind].keys()
                new.names[kind] = Counter({name: counts[name] for name in counts.keys() - known})
        design = _design()
        plain = comparable(answer for _, _, answer in self.answers)
        ages = _ages_that_fit(
            {plain[answer] for _, question, answer in self.answers if question == AGE}
        )
        targeted = {country for country, _ in design}
        people_of = self.names["country"]
        new.untargeted = Counter({one: people_of[one] for one in people_of.keys() - targeted})
        for (country, question, answer), people in self.answers.items():
            known_answers = design.get((country, question))
            if known_answers is None or plain[answer] in known_answers:
                continue
            if question != AGE or plain[answer] not in ages:
                new.answers[country, question, answer] = people
        return new

    def update(self, other: Novelties) -> None:
        """Take what another file names as well."""
        for kind, counts in other.names.items():
            self.names[kind].update(counts)

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        said: dict[str, Any] = {
            PLURALS.get(kind, f"{kind}s"): dict(sorted(self.names[kind].items())) for kind in NAMED
        }
        rows = sorted(self.answers.items())
        keys = ("country", "question", "answer", "people")
        said["unlisted_answers"] = [
            dict(zip(keys, (*one, people), strict=True)) for one, people in rows
        ]
        said["countries_without_targets"] = dict(sorted(self.untargeted.items()))
        return said

    def lines(self) -> Iterator[str]:
        """A line per kind, most frequent first."""
        for kind in NAMED:
            counts = self.names[kind]
            if counts:
                ranked = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
                names = listed([f"{name!r} ({rows:,})" for name, rows in ranked], SHOWN)
                yield f"new: {counted(len(counts), kind, PLURALS.get(kind))}: {names}"
        ranked_answers = sorted(self.answers.items(), key=lambda one: (-one[1], one[0]))
        for (country, question, answer), people in ranked_answers[:SHOWN]:
            who = counted(people, "person", "people")
            if question == AGE:
                yield f"fits no band of ages: {country} age {answer!r} ({who})"
            else:
                yield f"no seed lists {country} {question}: {answer!r} ({who})"
        if len(ranked_answers) > SHOWN:
            yield f"no seed lists {len(ranked_answers) - SHOWN:,} more answers"
        if self.untargeted:
            ranked = sorted(self.untargeted.items(), key=lambda one: (-one[1], one[0]))
            who_there = [f"{name!r} ({counted(n, 'person', 'people')})" for name, n in ranked]
            with_targets = ", ".join(sorted({country for country, _ in _design()}))
            yield (
                f"no census targets: {listed(who_there, SHOWN)}; such people count on unweighted"
                f" boards only, and their answers are not held against anything. Countries with"
                f" targets are {with_targets}"
            )


def _known(connection: duckdb.DuckDBPyConnection, kind: str) -> set[str]:
    """The names of a kind that the log has."""
    parts = [
        f"select {column.name} from raw.{event_type}"  # noqa: S608  # names of contracts
        for event_type in USING
        for column in CONTRACTS[event_type].log_columns
        if column.name in NAMED[kind]
    ]
    return {name for (name,) in connection.sql(" union ".join(parts)).fetchall()}


def _ages_that_fit(answers: set[str]) -> set[str]:
    """Those of these answers, made comparable, that lie within a band of years of some country."""
    used = {row["coding"] for row in _rows("seed_variables") if row["question"] == AGE}
    bands = [row for row in _rows("seed_age_bands") if row["coding"] in used]
    with duckdb.connect() as connection:
        connection.register("said", pa.table({"answer": pa.array(sorted(answers), pa.string())}))
        limits = {name: [int(row[name]) for row in bands] for name in ("age_from", "age_to")}
        connection.register("bands", pa.table(limits))
        found = connection.execute(FITTING, {"pattern": macro("years_pattern")})
        return {answer for (answer,) in found.fetchall()}


def _design() -> dict[tuple[str, str], set[str]]:
    """The answers that seeds list, by country and question."""
    targets = [row for seed in ("seed_targets", "seed_untargeted_levels") for row in _rows(seed)]
    crosswalk = list(_rows("seed_crosswalk"))
    plain = comparable(
        [*(row["level"] for row in targets), *(row["source_value"] for row in crosswalk)]
    )
    levels: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for row in targets:
        levels[row["country"], row["variable"]].add(plain[row["level"]])
    wordings: defaultdict[str, set[str]] = defaultdict(set)
    for row in crosswalk:
        wordings[row["coding"]].add(plain[row["source_value"]])
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for row in _rows("seed_variables"):
        known = levels[row["country"], row["variable"]] | wordings[row["coding"]] | wordings["any"]
        found[row["country"], row["question"]] |= known
    return dict(found)


def _rows(seed: str) -> Iterator[dict[str, str]]:
    path = PROJECT_DIRECTORY / "seeds" / f"{seed}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
