"""Small studies in the pipeline's tables, without the pipeline: who said what, and its marts.

The tables are those that publishing reads: people, their cells and strata, verdicts, and marts
whose counts are counted here. The tables of dbt that decide over rows run as they are, rendered.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa
from jinja2 import DictLoader, Environment

from orchestration.dbt_runs import PROJECT_DIRECTORY
from publishing.publications.catalogue import declared_marts, public_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PEOPLE_MIN = 10
DECLARED = declared_marts(PROJECT_DIRECTORY)
COUNTRIES = ("UK", "US")
AXES = {"age": ("18-34", "35-54", "55+"), "politics": ("left", "right")}
DIMENSIONS = ("overall", "trust")
OUTCOMES = ("a", "b", "tie", "both_bad")
DECIDERS = (
    "strata", "coverage", "axes", "boards", "weightings", "levels", "months", "topics",
    "decisiveness", "ratings",
)  # fmt: skip
MONTHS = ("2025-01", "2025-02")

Cell = tuple[str | None, str | None, str | None]
Pair = tuple[str, str]


@dataclass(frozen=True)
class Person:
    """Somebody: where they live, how old they are and how they vote, as far as it is known."""

    key: str
    country: str | None
    age: str | None
    politics: str | None

    @property
    def cell(self) -> Cell:
        return self.country, self.age, self.politics

    @property
    def strata(self) -> Iterator[str]:
        yield from strata_of(self.cell)


def strata_of(cell: Cell) -> Iterator[str]:
    """The strata of a cell."""
    country, *groups = cell
    yield "all"
    if country:
        yield country
        for axis, group in zip(AXES, groups, strict=True):
            if group:
                yield f"{country}/{axis}/{group}"


@dataclass(frozen=True)
class Verdict:
    """What somebody said of a pair on a dimension, and when: its position in the log."""

    person: Person
    dimension: str
    pair: Pair
    outcome: str
    position: int
    topic: str | None = None


@dataclass(frozen=True)
class Rating:
    """How somebody rated a model on a criterion."""

    person: Person
    criterion: str
    model: str
    rating: int
    position: int


@dataclass(frozen=True)
class Study:
    """Who said what, in the order it was said; where the second month begins, if any has a date.

    Whose answers were corrected is by key, with the position of the correction. What was taken back
    is no more among the verdicts and ratings, and here with the position where it was; a verdict
    whose outcome was corrected is as it is now, by the position where it was said.
    """

    verdicts: tuple[Verdict, ...]
    second_month: int | None = None
    corrected: Mapping[str, int] = field(default_factory=dict)
    ratings: tuple[Rating, ...] = ()
    retracted: tuple[tuple[Verdict | Rating, int], ...] = ()
    revised: Mapping[int, int] = field(default_factory=dict)

    def month_of(self, position: int) -> int:
        return int(self.second_month is not None and position >= self.second_month)

    def first(self, count: int) -> Study:
        """As it was before everything from a position on."""
        return replace(self, verdicts=self.verdicts[:count])

    @property
    def end(self) -> int:
        """The position of the next event, whatever that will be."""
        positions = [one.position for one in self.verdicts]
        positions += [one.position for one in self.ratings]
        positions += [at for _, at in self.retracted]
        return max(*positions, *self.revised.values(), *self.corrected.values()) + 1

    @property
    def people(self) -> list[Person]:
        """Everybody who ever said something."""
        said = (*self.verdicts, *self.ratings, *(one for one, _ in self.retracted))
        return sorted({one.person for one in said}, key=lambda person: person.key)


def study(seed: int, people_count: int, model_count: int, battle_count: int) -> Study:
    """Somebody after somebody judges; some leave a question out, some say nothing of themselves."""
    random = np.random.default_rng(seed)
    pairs = list(combinations([f"m{number}" for number in range(model_count)], 2))
    shares = random.dirichlet([1.5] * len(AXES["age"]))
    verdicts: list[Verdict] = []
    for number in range(people_count):
        country = str(random.choice(COUNTRIES, p=[0.4, 0.6]))
        age = str(random.choice(AXES["age"], p=shares)) if random.random() > 0.1 else None
        politics = str(random.choice(AXES["politics"])) if random.random() > 0.1 else None
        person = Person(f"p{number:03}", country, age, politics)
        for _ in range(int(random.integers(1, battle_count + 1))):
            pair = pairs[int(len(pairs) * random.beta(1, 1.5))]
            for dimension in DIMENSIONS:
                if dimension == "trust" and random.random() < 0.05:
                    continue
                outcome = str(random.choice(OUTCOMES, p=[0.4, 0.3, 0.25, 0.05]))
                verdicts.append(Verdict(person, dimension, pair, outcome, len(verdicts)))
    return Study(tuple(verdicts))


TABLES = {
    "dim_stratum": "stratum_id varchar, country varchar, axis varchar, group_name varchar",
    "dim_cell": "cell_id integer, cell_key varchar",
    "int_participants__assigned_to_cells": "participant_key varchar, cell_id integer",
    "int_cells__assigned_to_strata": "stratum_id varchar, cell_id integer",
    "fct_battle": (
        "participant_key varchar, battle_key varchar, cell_id integer, dimension varchar,"
        " model_a varchar, model_b varchar, outcome varchar, position bigint,"
        " valid_from_position bigint, occurred_at timestamp, topic varchar, is_counted boolean,"
        " uncounted_reason varchar"
    ),
    "dim_participant": "participant_key varchar, valid_from_position bigint",
    "stg_events__battles_judged": (
        "event_id varchar, participant_key varchar, battle_key varchar, dimension varchar,"
        " model_a varchar, model_b varchar, position bigint, occurred_at timestamp, topic varchar,"
        " conversation_id varchar"
    ),
    "stg_events__experiences_rated": (
        "event_id varchar, participant_key varchar, criterion varchar, model_id varchar,"
        " position bigint, conversation_id varchar"
    ),
    "fct_rating": (
        "event_id varchar, participant_key varchar, cell_id integer, model_id varchar,"
        " criterion varchar, parent_criterion varchar, rating integer, position bigint,"
        " valid_from_position bigint, is_counted boolean"
    ),
    "stg_events__events_retracted": "target_event_id varchar, position bigint",
    "stg_events__events_corrected": "target_event_id varchar, position bigint",
    "stg_events__participants_corrected": "participant_key varchar, position bigint",
    "stg_events__participants_enrolled": "participant_key varchar, position bigint",
    "stg_events__participants_excluded": "participant_key varchar, position bigint",
    "stg_events__models_aliased": "position bigint",
    "stg_events__conversations_recorded": "conversation_id varchar, position bigint",
    "stg_events__conversations_labelled": (
        "conversation_id varchar, label varchar, model_id varchar, judge varchar,"
        " labeller_kind varchar, rubric varchar, position bigint"
    ),
    "int_conversations__current": "conversation_id varchar, turn_count integer",
    "int_participants__excluded": "participant_key varchar, excluded_position bigint",
    "int_participants__with_verdicts": "participant_key varchar, profile_number integer",
    "int_participants__profiled": "participant_key varchar, profile_number integer",
    "int_profile_levels": "profile_number integer, variable varchar, level varchar",
    "second_month": "starts_at bigint",
    "int_labels__current": (
        "participant_key varchar, event_id varchar, conversation_id varchar, label varchar,"
        " value varchar, judge varchar, judge_version varchar, rubric varchar,"
        " rubric_version varchar, labeller_kind varchar, model_id varchar, topic varchar,"
        " position bigint, left_out_reason varchar"
    ),
    "int_battles__revised": "position bigint, is_retracted boolean, revised_position bigint",
    "int_events__revised": ("event_id varchar, revised_position bigint, retracted_position bigint"),
    "int_weighting_schemes__chosen": "scheme varchar, is_default boolean",
    "seed_variables": "country varchar, variable varchar, question varchar",
}
BOARDS = """
    (values ('none', 'trueskill_ep'), ('plus_politics', 'trueskill_ep'),
        ('merged_by_age', 'trueskill_ep'), ('none', 'trueskill_hierarchical'))
    as boards (weighting, estimator)
"""
COUNTED = """
create view fct_participant_count as
select participant_key, dimension, model_a, model_b, count(*) as battle_count
from fct_battle group by all;
create table judged as
select strata.stratum_id, battles.* from fct_battle as battles
inner join int_cells__assigned_to_strata as strata using (cell_id);
create schema if not exists seeds;
create table seeds.seed_criteria (criterion varchar, parent_criterion varchar);
create table seeds.seed_topics (topic varchar, is_sensitive boolean);
create view int_strata__with_verdicts as
select stratum_id, dimension, count(distinct participant_key) as heard_count
from judged group by all
union all
select stratum_id, '*', count(distinct participant_key) from judged group by all;
create view of_models as
select *, unnest([model_a, model_b]) as model_id from judged;
"""
# Skills have nothing to do with a rating; they are figures of everybody's verdicts.
MARTS = {
    "rpt_leaderboard": f"""
        select rows_of.*, row_number() over (
                partition by weighting, stratum_id, dimension, estimator
                order by skill desc, model_id
            ) as rank, 1 as rank_lo, 2 as rank_hi, skill - sd as skill_lo, skill + sd as skill_hi,
            case when weighting = 'plus_politics' then heard_count end as participant_count,
            0.125 as p_best, 0.5 as win_share
        from (
            select weighting, stratum_id, dimension, estimator, model_id,
                count(*) as battle_count,
                1 / sqrt(count(*)) as sd,
                sum(case when (outcome = 'a') = (model_id = model_a) then 1 else -1 end)
                    / count(*) as skill
            from of_models cross join {BOARDS} group by all
        ) as rows_of
        inner join int_strata__with_verdicts using (stratum_id, dimension)
    """,
    "rpt_pairwise": f"""
        select weighting, stratum_id, dimension, estimator,
            unnest([model_a, model_b]) as model_a, unnest([model_b, model_a]) as model_b,
            unnest([won, lost]) as win_count, unnest([lost, won]) as loss_count, tie_count,
            battle_count, 0.5 as p_win, 0.25 as p_tie
        from (
            select stratum_id, dimension, model_a, model_b, count(*) as battle_count,
                count(*) filter (where outcome = 'a') as won,
                count(*) filter (where outcome = 'b') as lost,
                count(*) filter (where outcome in ('tie', 'both_bad')) as tie_count
            from judged group by all
        ) cross join {BOARDS}
    """,
    "rpt_tie_rate": """
        select *, decided_count / total as decided_share, tie_count / total as tie_share,
            both_bad_count / total as both_bad_share
        from (
            select stratum_id, dimension, count(*) as total,
                count(*) filter (where outcome in ('a', 'b')) as decided_count,
                count(*) filter (where outcome = 'tie') as tie_count,
                count(*) filter (where outcome = 'both_bad') as both_bad_count
            from judged group by all
        )
    """,
    "rpt_tournament": """
        select stratum_id, dimension, count(*) as battle_count,
            avg((outcome = 'tie')::integer) as tie_share,
            avg((outcome <> 'tie')::integer) as decisiveness
        from judged group by all
    """,
    "rpt_board_summary": f"""
        select weighting, stratum_id, dimension, estimator, count(*) as battle_count,
            count(distinct participant_key) as heard_count
        from judged cross join {BOARDS} group by all
    """,
    "rpt_group_shrinkage": """
        select stratum_id, dimension, count(*) as battle_count, 0.5 as shrinkage
        from judged where contains(stratum_id, '/') group by all
    """,
    "fct_stratum_coverage": """
        select stratum_id, any_value(country) as country, any_value(axis) as axis,
            count(distinct participant_key) as heard_count, count(*) as verdict_count
        from judged inner join dim_stratum using (stratum_id) group by stratum_id
    """,
    "rpt_data_collection": """
        select 'all' as stratum_id, 'month 0' as first_month,
            'month ' || max(position) as last_month, 'nobody_enrolled' as not_weighted_reason
        from judged
    """,
    "rpt_votes_by_month": f"""
        select stratum_id, dimension, model_id,
            case when position < starts_at then '{MONTHS[0]}' else '{MONTHS[1]}' end as month,
            count(*) as battle_count, count(distinct participant_key) as participant_count
        from of_models cross join second_month where stratum_id = 'all' group by all
    """,
    "rpt_topic_tie_rate": """
        select 'none' as weighting, stratum_id, dimension, topic, null::boolean as is_sensitive,
            count(*) filter (where outcome in ('a', 'b')) as decided_count,
            count(*) filter (where outcome = 'tie') as tie_count,
            count(*) filter (where outcome = 'both_bad') as both_bad_count,
            count(distinct participant_key) as participant_count
        from (select * replace (unnest([topic, '*']) as topic) from judged where topic is not null)
        group by all
    """,
    "rpt_decisiveness": """
        select stratum_id, dimension, 'topic' as kind, topic as level, count(*) as battle_count,
            avg((outcome = 'tie')::integer) as tie_share,
            count(distinct participant_key) as participant_count
        from judged where topic is not null and stratum_id = 'all' group by all
    """,
    "rpt_experience": """
        select 'none' as weighting, stratum_id, criterion, model_id, avg(rating) as rating,
            count(*) as rating_count, count(distinct participant_key) as participant_count
        from fct_rating inner join int_cells__assigned_to_strata using (cell_id) group by all
    """,
    "rpt_weighting_diagnostics": """
        select country, 'default' as scheme, count(distinct participant_key) as participant_count,
            0 as left_out_count
        from judged inner join dim_stratum using (stratum_id) where axis is null group by all
        having country is not null
    """,
    "rpt_weighting_margin": """
        select country, 'default' as scheme, axis as variable, group_name as level,
            count(distinct participant_key) as participant_count
        from judged inner join dim_stratum using (stratum_id) where axis is not null group by all
    """,
    "rpt_demographic_consistency": """
        select country, dimension, axis, model_id, 1.0 as rank_shift
        from of_models inner join dim_stratum using (stratum_id)
        where axis is not null group by all
    """,
}


def tables_of(verdicts: Study) -> duckdb.DuckDBPyConnection:
    """The pipeline's database of a study, as far as publishing reads it."""
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    for name, columns in TABLES.items():
        connection.execute(f"create table {name} ({columns})")
    strata: list[tuple[str | None, ...]] = [("all", None, None, None)]
    for country in COUNTRIES:
        strata.append((country, country, None, None))
        strata += [
            (f"{country}/{axis}/{group}", country, axis, group)
            for axis, groups in AXES.items()
            for group in groups
        ]
    _fill(connection, "dim_stratum", strata)
    cells = {cell: n for n, cell in enumerate(dict.fromkeys(one.cell for one in verdicts.people))}
    rows = [(number, str(cell)) for cell, number in cells.items()]
    _fill(connection, "dim_cell", [*rows, (len(cells), "unknown")])
    people = [(person.key, cells[person.cell]) for person in verdicts.people]
    _fill(connection, "int_participants__assigned_to_cells", people)
    strata_of_cells = [(name, n) for cell, n in cells.items() for name in strata_of(cell)]
    _fill(connection, "int_cells__assigned_to_strata", strata_of_cells)
    _fill(connection, "fct_battle", [
        (one.person.key, str(one.position), cells[one.person.cell], one.dimension, *one.pair,
         one.outcome, one.position,
         max(one.position, verdicts.corrected.get(one.person.key, 0),
             verdicts.revised.get(one.position, 0)),
         f"{MONTHS[verdicts.month_of(one.position)]}-15", one.topic, True, None)
        for one in verdicts.verdicts
    ])  # fmt: skip
    _fill_ratings(connection, verdicts, cells)
    _fill_log(connection, verdicts)
    _fill_levels(connection, verdicts)
    _fill(connection, "int_weighting_schemes__chosen", [("default", True)])
    since = [(person.key, verdicts.corrected.get(person.key, 0)) for person in verdicts.people]
    _fill(connection, "dim_participant", since)
    if verdicts.second_month is not None:
        _fill(connection, "second_month", [(verdicts.second_month,)])
    connection.execute(COUNTED)
    _add_marts(connection)
    return connection


def _fill_ratings(
    connection: duckdb.DuckDBPyConnection, verdicts: Study, cells: Mapping[Cell, int]
) -> None:
    rated = [
        (str(one.position), one.person.key, cells[one.person.cell], one.model, one.criterion, None,
         one.rating, one.position,
         max(one.position, verdicts.corrected.get(one.person.key, 0)), True)
        for one in verdicts.ratings
    ]  # fmt: skip
    _fill(connection, "fct_rating", rated)


def _fill_log(connection: duckdb.DuckDBPyConnection, verdicts: Study) -> None:
    """All that was said, also what was taken back, and what was said of it."""
    gone = [one for one, _ in verdicts.retracted]
    judged = [one for one in (*verdicts.verdicts, *gone) if isinstance(one, Verdict)]
    _fill(connection, "stg_events__battles_judged", [
        (str(one.position), one.person.key, str(one.position), one.dimension, *one.pair,
         one.position, f"{MONTHS[verdicts.month_of(one.position)]}-15", one.topic, None)
        for one in judged
    ])  # fmt: skip
    rated = [one for one in (*verdicts.ratings, *gone) if isinstance(one, Rating)]
    _fill(connection, "stg_events__experiences_rated", [
        (str(one.position), one.person.key, one.criterion, one.model, one.position, None)
        for one in rated
    ])  # fmt: skip
    retractions = [(str(one.position), at) for one, at in verdicts.retracted]
    corrections = [(str(position), at) for position, at in verdicts.revised.items()]
    _fill(connection, "stg_events__events_retracted", retractions)
    _fill(connection, "stg_events__events_corrected", corrections)
    _fill(connection, "stg_events__participants_corrected", list(verdicts.corrected.items()))
    _fill(connection, "int_events__revised", [
        *((name, at, at) for name, at in retractions),
        *((name, at, None) for name, at in corrections),
    ])  # fmt: skip
    _fill(connection, "int_battles__revised", [
        *((one.position, True, at) for one, at in verdicts.retracted if isinstance(one, Verdict)),
        *((position, False, at) for position, at in verdicts.revised.items()),
    ])  # fmt: skip


def _fill_levels(connection: duckdb.DuckDBPyConnection, verdicts: Study) -> None:
    """Whoever judged has a profile of their own."""
    numbers = {person: number for number, person in enumerate(verdicts.people)}
    judges = {one.person for one in verdicts.verdicts}
    everybody = [(person.key, number) for person, number in numbers.items()]
    _fill(connection, "int_participants__profiled", everybody)
    standing = [(person.key, numbers[person]) for person in judges]
    _fill(connection, "int_participants__with_verdicts", standing)
    levels = [
        (number, axis, group)
        for person, number in numbers.items()
        for axis, group in zip(AXES, (person.age, person.politics), strict=True)
        if group
    ]
    _fill(connection, "int_profile_levels", levels)


def _fill(connection: duckdb.DuckDBPyConnection, name: str, rows: list[tuple[Any, ...]]) -> None:
    columns = [column.split()[0] for column in TABLES[name].split(", ")]
    if not rows:
        return
    connection.register("given", pa.table(dict(zip(columns, zip(*rows, strict=True), strict=True))))
    connection.execute(f"insert into {name} from given")
    connection.unregister("given")


def _add_marts(connection: duckdb.DuckDBPyConnection) -> None:
    for mart in DECLARED:
        if mart["name"] in {*TABLES, "fct_participant_count"}:
            continue
        columns = ", ".join(f"{one['name']} {one['data_type']}" for one in mart["columns"])
        connection.execute(f"create table {mart['name']} ({columns})")
        if query := MARTS.get(mart["name"]):
            names = {one["name"] for one in mart["columns"]}
            given = connection.sql(query)
            kept = ", ".join(name for name in given.columns if name in names)
            connection.execute(f"insert into {mart['name']} by name select {kept} from ({query})")
    connection.execute("create view ratings_rating as select * from rpt_leaderboard")
    folder = PROJECT_DIRECTORY / "models" / "intermediate" / "disclosure"
    macros = (PROJECT_DIRECTORY / "macros" / "disclosure.sql").read_text("utf-8")
    environment = Environment(loader=DictLoader({"macros": macros}), autoescape=False)  # noqa: S701 (SQL)
    environment.globals.update(
        ref=lambda name: name, source="{}_{}".format, var=lambda _name: PEOPLE_MIN
    )
    named = (
        "{% from 'macros' import disclosed_people_min, every_dimension, family_of, large_enough %}"
    )
    for name in DECIDERS:
        query = (folder / f"int_{name}__disclosed.sql").read_text("utf-8")
        rendered = environment.from_string(named + query).render()
        connection.execute(f"create table int_{name}__disclosed as {rendered}")


def people_behind(verdicts: Study) -> Counter[tuple[str, str, str]]:
    """People by stratum, dimension and model, counted by hand."""
    said = {
        (one.person, stratum, one.dimension, model)
        for one in verdicts.verdicts
        for stratum in one.person.strata
        for model in one.pair
    }
    return Counter((stratum, dimension, model) for _, stratum, dimension, model in said)


PUBLIC = [table for table in public_tables(DECLARED) if table.name in MARTS]
