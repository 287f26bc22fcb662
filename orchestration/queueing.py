"""A queue of next battles when somebody asks for one, and its proposals as events.

It reads what the last build wrote, not the pipeline's database, so that it answers while a build
runs; only a participant's stratum has to be looked up there. What was asked before is read from the
log's head: pairs that a participant has met, and battles whose vote is still awaited.
"""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from expectations.gate import Gate, Permit
from ingestion.errors import NotFoundError
from ingestion.log import EventLog
from ingestion.log.reader import register
from ingestion.log.vault_binding import require_vault
from ingestion.subjects.links import Identities
from ingestion.vocabulary import EventType
from orchestration.database import mart_rows
from orchestration.leftovers import working_directory
from orchestration.loading import load_file
from orchestration.model_names import register_names
from orchestration.rating_step import RATING_FILE, read_subject
from publishing.meant import did_you_mean
from ratings.rounding import MICRO
from ratings.tables.bounds import DETAILED_MODELS
from ratings.tables.planning import (
    POPULATION,
    Awaited,
    Start,
    StudyPolicy,
    Wanted,
    default_policy,
    parts_of,
    policies_of,
    queue,
    without_queue,
)
from ratings.tournaments import UNWEIGHTED

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from ingestion.paths import Home
    from orchestration.load_report import LoadReport

POLICIES = Path("seeds", "seed_pairing_policies.csv")
STRATUM = """
select strata.stratum_id
from int_participants__stratified as stratified
inner join dim_stratum as strata using (country, axis, group_name)
where stratified.participant_key = $participant and stratified.axis = $axis
"""
COUNTRIES_JUDGING = """
select country from int_participants__with_verdicts
where country is not null and country <> 'unknown'
group by country
order by count(*) desc, country
"""
PSEUDONYM = re.compile(r"[0-9a-f]{32}")
MET = """
select distinct model_of(model_a, position), model_of(model_b, position)
from raw.battle_judged where subject_id = $subject
union
select distinct model_of(model_a, position), model_of(model_b, position)
from raw.battle_scheduled where subject_id = $subject
"""
# A vote that the ratings know is in them; one that came since is as good as awaited. A proposal
# whose retraction was appealed is rare, and not missed.
AWAITED = """
with latest as (
    select
        scheduled.* replace (
            model_of(scheduled.model_a, scheduled.position) as model_a,
            model_of(scheduled.model_b, scheduled.position) as model_b
        )
    from raw.battle_scheduled as scheduled
    anti join raw.event_retracted as retracted on scheduled.event_id = retracted.target_event_id
    where scheduled.dimension = $dimension and scheduled.conversation_id is not null
    order by scheduled.position desc
    limit $latest
),
judged as (
    select
        conversation_id, dimension, commit_seq,
        model_of(model_a, position) as model_a, model_of(model_b, position) as model_b
    from raw.battle_judged
)
select latest.stratum_id, latest.model_a, latest.model_b
from latest
anti join judged
    on latest.conversation_id = judged.conversation_id
    and latest.dimension = judged.dimension
    and least(latest.model_a, latest.model_b) = least(judged.model_a, judged.model_b)
    and greatest(latest.model_a, latest.model_b) = greatest(judged.model_a, judged.model_b)
    and judged.commit_seq <= $rated
order by latest.position
"""


def read_start(ratings: Path, dimension: str) -> Start:
    """What the last build wrote for queues of one dimension.

    Raises:
        NotFoundError: nothing was built yet, or without a battle.
    """
    paths = [ratings / f"{name}.parquet" for name in ("candidate", "pairwise", "population_part")]
    if not all(path.exists() for path in paths):
        if (ratings / RATING_FILE).exists():
            message = "The last build has no battles, so there are no skills to choose the next by."
            remedy = "Load a file of votes, then build; first battles can be drawn by chance."
            raise NotFoundError(message, remedy=remedy)
        message = f"There are no skills in {ratings} to choose battles by."
        raise NotFoundError(message, remedy="Build first: demoscope build")
    candidates, pairwise, parts = paths
    only = [("dimension", "=", dimension), ("weighting", "=", UNWEIGHTED)]
    return Start(
        pq.read_table(candidates), pq.read_table(pairwise, filters=only), pq.read_table(parts)
    )


def find_policy(project: Path, name: str | None) -> StudyPolicy:
    """A pairing policy by `name` or `name@version`; the study's default where None.

    Raises:
        NotFoundError: names those that there are.
    """
    with (project / POLICIES).open(encoding="utf-8", newline="") as file:
        policies = policies_of(csv.DictReader(file))
    if name is None:
        return default_policy(policies)
    wanted, _, version = name.partition("@")
    found = [
        policy
        for policy in policies
        if policy.pairing.policy == wanted and version in {"", policy.pairing.version}
    ]
    if not found:
        known = [f"{policy.pairing.policy}@{policy.pairing.version}" for policy in policies]
        message = f"There is no pairing policy {name!r}."
        meant = did_you_mean(name or wanted, known)
        remedy = f"{meant}There are: {', '.join(known)}. A new one is a row of {POLICIES.name}."
        raise NotFoundError(message, remedy=remedy)
    return found[-1]


def part_of(home: Home, start: Start, participant_key: str, policy: StudyPolicy) -> str | None:
    """The part of the policy's population that a participant is of; None for none that is known.

    Raises:
        NotFoundError: nothing was built yet.
        BusyError: a build has the database open.
    """
    known = {"participant": participant_key, "axis": policy.population_axis}
    parts = {stratum for stratum, _ in parts_of(start, POPULATION, policy)}
    own = (row["stratum_id"] for row in mart_rows(home, STRATUM, known))
    return next((stratum for stratum in own if stratum in parts), None)


def countries_judging(home: Home) -> list[str]:
    """Countries of those who judged, most people first; none where nobody's is known.

    Raises:
        NotFoundError: nothing was built yet.
        BusyError: a build has the database open.
    """
    return [row["country"] for row in mart_rows(home, COUNTRIES_JUDGING)]


def with_people(start: Start, policy: StudyPolicy, countries: Collection[str]) -> Start | None:
    """The start of a queue among people of these countries; None where the population has none."""
    parts = start.parts
    rows = [row for row in parts.to_pylist() if row["stratum_id"].partition("/")[0] in countries]
    totals: dict[tuple[str, str], int] = {}
    for row in rows:
        key = row["pool"], row["axis"]
        totals[key] = totals.get(key, 0) + row["share_micro"]
    if (policy.pool, policy.population_axis) not in totals:
        return None
    for row in rows:
        total = totals[row["pool"], row["axis"]]
        row["share_micro"] = round(row["share_micro"] * MICRO / total)
    return replace(start, parts=pa.Table.from_pylist(rows, schema=parts.schema))


def next_battles(start: Start, wanted: Wanted, policy: StudyPolicy) -> list[dict[str, Any]]:
    """The proposals of a queue, at least one.

    Raises:
        NotFoundError: no such stratum or dimension, fewer than two models, or nothing left to ask.
    """
    _known("dimension", wanted.dimension, start.candidates.column("dimension"))
    models = start.candidates.column("model_id").unique().to_pylist()
    if wanted.board != POPULATION and len(models) <= DETAILED_MODELS:
        _known("stratum", wanted.board, start.candidates.column("stratum_id"))
    if not parts_of(start, wanted.board, policy):
        message = (
            f"Pairing policy {policy.pairing.policy} merges the population by"
            f" {policy.population_axis!r},"
            f" which the countries of pool {policy.pool!r} do not all have."
        )
        raise NotFoundError(message, remedy="Ask for a stratum: --stratum all")
    if without_queue(start, wanted.board, wanted.dimension, policy):
        message = (
            f"On {wanted.dimension} more than {DETAILED_MODELS} models are compared, so only"
            " everybody's board has a queue."
        )
        raise NotFoundError(message, remedy="Ask for it: --stratum all")
    if len(models) <= 1:
        message = f"There is nothing to compare {', '.join(models) or 'no model'} with."
        raise NotFoundError(message, remedy="Register another model (event model_registered).")
    limit = policy.pairing.participant_limit
    if limit is not None and len(wanted.seen) >= limit:
        message = (
            f"This participant has met {len(wanted.seen)} pairs; pairing policy"
            f" {policy.pairing.policy} asks for at most {limit}."
        )
        raise NotFoundError(message, remedy="Ask somebody else.")
    proposals = queue(start, wanted, policy)
    if not proposals:
        message = f"Every pair of the {len(models)} models has been asked for."
        raise NotFoundError(message, remedy="Ask somebody else, or register another model.")
    return proposals


def is_unjudged(start: Start, stratum: str, dimension: str) -> bool:
    """Whether nobody of a stratum has judged the dimension: its queue knows only the prior."""
    rows = start.candidates.select(["stratum_id", "dimension", "is_rated"]).to_pylist()
    return {"stratum_id": stratum, "dimension": dimension, "is_rated": True} not in rows


def schedule(
    home: Home, proposals: Sequence[dict[str, Any]], source: str, participant: str | None
) -> LoadReport:
    """Bring proposals through the gate into the log; the same proposals again are duplicates.

    Raises:
        GateRefusalError: they failed the gate.
    """
    asked = ("stratum_id", "dimension", "model_a", "model_b")
    events = [
        {
            "event_type": str(EventType.BATTLE_SCHEDULED),
            "source": source,
            "native_id": proposal["proposal_id"],
            "participant_id": participant,
            **{name: proposal[name] for name in (*asked, "policy", "policy_version", "propensity")},
            "conversation_id": proposal["proposal_id"],
        }
        for proposal in proposals
    ]
    return load_events(home, "battles_scheduled", events)


def load_events(home: Home, name: str, events: Sequence[dict[str, Any]]) -> LoadReport:
    """Load events in native form as a file of this name would be."""
    with working_directory(home, "events-") as directory:
        path = directory / f"{name}.jsonl"
        lines = (json.dumps(event, allow_nan=False) + "\n" for event in events)
        path.write_text("".join(lines), encoding="utf-8")
        return load_file(home, str(path), gate=Gate(permit=Permit(is_operators=True)))


def _known(what: str, name: str, column: pa.ChunkedArray) -> None:
    known = column.unique().to_pylist()
    if name not in known:
        message = f"There is no {what} {name!r} to ask about."
        meant = did_you_mean(name, known)
        raise NotFoundError(message, remedy=f"{meant}There are: {', '.join(known)}")


def is_pseudonym(participant: str) -> bool:
    """Whether this has the form of a participant's key, as marts and `quality` name it."""
    return PSEUDONYM.fullmatch(participant) is not None


def key_of(home: Home, source: str, participant_id: str) -> str | None:
    """The key of a participant by a source's own id; None where erased, or nothing was loaded."""
    if not home.vault.exists():
        return None
    require_vault(EventLog.open(home.log), home.vault, may_be_unfinished=True)
    return Identities.open(home.vault).subject_id(source, participant_id)


def pairs_met(home: Home, participant_key: str) -> frozenset[frozenset[str]]:
    """Pairs of models that a participant has judged or was asked to judge."""
    return frozenset(map(frozenset, _rows(home, MET, {"subject": participant_key})))


def battles_awaited(home: Home, dimension: str, latest: int) -> tuple[Awaited, ...]:
    """Of the dimension's latest so many scheduled battles, those whose vote no rating knows.

    By the order of the log, so that the same log gives the same queue whatever the time.
    """
    if not latest:
        return ()
    rated = read_subject(pq.read_schema(home.ratings / "candidate.parquet").empty_table())
    values = {"dimension": dimension, "latest": latest, "rated": rated["log_position"]}
    return tuple(Awaited(*row) for row in _rows(home, AWAITED, values))


def _rows(home: Home, query: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    log = EventLog.open(home.log)
    with duckdb.connect() as connection:
        register(connection, log, log.resolve(None))
        register_names(connection, log)
        return connection.execute(query, values).fetchall()
