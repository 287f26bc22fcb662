"""A queue of next battles when somebody asks for one, and its proposals as events.

It reads what the last build wrote, not the pipeline's database, so that it answers while a build
runs; only whose stratum somebody is of is known nowhere else.

What stays out: choosing (ratings/pairing.py), what was asked before
(asked_battles.py), printing (cli/queue.py), and the gate and log that proposals go through like any
other event (loading.py).
"""

from __future__ import annotations

import csv
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.errors import NotFoundError
from ingestion.vocabulary import EventType
from orchestration.loading import load_file
from orchestration.mart_rows import mart_rows
from ratings.tables.planning import (
    POPULATION,
    Start,
    StudyPolicy,
    Wanted,
    default_policy,
    parts_of,
    policies_of,
    queue,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingestion.paths import Home
    from orchestration.load_report import LoadReport

POLICIES = Path("seeds", "seed_pairing_policies.csv")
STRATUM = """
select strata.stratum_id
from int_participants__stratified as stratified
inner join dim_stratum as strata using (country, axis, group_name)
where stratified.participant_key = $participant and stratified.axis = $axis
"""


def read_start(ratings: Path, dimension: str) -> Start:
    """What the last build wrote for queues of one dimension.

    Raises:
        NotFoundError: nothing was built yet.
    """
    paths = [ratings / f"{name}.parquet" for name in ("candidate", "pairwise", "population_part")]
    if not all(path.exists() for path in paths):
        message = f"There are no ratings in {ratings} to choose battles by."
        raise NotFoundError(message, remedy="Build first: demoscope build")
    candidates, pairwise, parts = paths
    only = [("dimension", "=", dimension)]
    return Start(
        pq.read_table(candidates),
        pq.read_table(pairwise, filters=only),
        pq.read_table(parts),
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
        known = (f"{policy.pairing.policy}@{policy.pairing.version}" for policy in policies)
        message = f"There is no pairing policy {name!r}."
        remedy = f"There are: {', '.join(known)}. A new one is a row of {POLICIES.name}."
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


def next_battles(start: Start, wanted: Wanted, policy: StudyPolicy) -> list[dict[str, Any]]:
    """The proposals of a queue, at least one.

    Raises:
        NotFoundError: no such stratum or dimension, fewer than two models, or nothing left to ask.
    """
    _known("dimension", wanted.dimension, start.candidates.column("dimension"))
    if wanted.board != POPULATION:
        _known("stratum", wanted.board, start.candidates.column("stratum_id"))
    elif not parts_of(start, POPULATION, policy):
        message = (
            f"Policy {policy.pairing.policy} merges the population by {policy.population_axis!r},"
            f" which the countries of pool {policy.pool!r} do not all have."
        )
        raise NotFoundError(message, remedy="Ask for a stratum: --stratum all")
    models = start.candidates.column("model_id").unique().to_pylist()
    if len(models) <= 1:
        message = f"There is nothing to compare {', '.join(models) or 'no model'} with."
        raise NotFoundError(message, remedy="Register another model (event model_registered).")
    limit = policy.pairing.participant_limit
    if limit is not None and len(wanted.seen) >= limit:
        message = (
            f"This participant has met {len(wanted.seen)} pairs; policy {policy.pairing.policy}"
            f" asks for at most {limit}."
        )
        raise NotFoundError(message, remedy="Ask somebody else.")
    proposals = queue(start, wanted, policy)
    if not proposals:
        message = f"Every pair of the {len(models)} models has been asked for."
        raise NotFoundError(message, remedy="Ask somebody else, or register another model.")
    return proposals


def is_unheard(start: Start, stratum: str, dimension: str) -> bool:
    """Whether nobody of a stratum has judged the dimension: its queue knows only the prior."""
    rows = zip(
        *(start.candidates.column(name).to_pylist() for name in ("stratum_id", "dimension")),
        start.candidates.column("is_rated").to_pylist(),
        strict=True,
    )
    return not any(rated for where, what, rated in rows if (where, what) == (stratum, dimension))


def schedule(
    home: Home, proposals: Sequence[dict[str, Any]], source: str, participant: str | None
) -> LoadReport:
    """Bring proposals through the gate into the log; the same proposals again are duplicates.

    Raises:
        GateRefusalError: they failed the gate.
    """
    events = [
        {
            "event_type": str(EventType.BATTLE_SCHEDULED),
            "source": source,
            "native_id": proposal["proposal_id"],
            **({} if participant is None else {"participant_id": participant}),
            **{name: proposal[name] for name in ("stratum_id", "dimension", "model_a", "model_b")},
            **{name: proposal[name] for name in ("policy", "policy_version", "propensity")},
            "conversation_id": proposal["proposal_id"],
        }
        for proposal in proposals
    ]
    home.cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.cache, prefix="queue-") as directory:
        path = Path(directory) / "battles_scheduled.jsonl"
        path.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
        return load_file(home, str(path))


def _known(what: str, name: str, column: pa.ChunkedArray) -> None:
    known = column.unique().to_pylist()
    if name not in known:
        message = f"There is no {what} {name!r} to ask about."
        raise NotFoundError(message, remedy=f"There are: {', '.join(known)}")
