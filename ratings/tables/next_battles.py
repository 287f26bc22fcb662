"""Queues of next battles, from where pairing starts: of one board, or of the population's.

What stays out: the choice itself (ratings/pairing.py), and who asks for it (cli/).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ratings.pairing import PairingPolicy, Rule, expecting, propose
from ratings.posterior import Posterior
from ratings.rounding import MICRO
from ratings.tables.inputs import seed_of
from ratings.tables.pairing_start import read_back
from ratings.tournaments import derive_seed

NEXT_BATTLE = "next_battle"
POPULATION = "population"


@dataclass(frozen=True)
class StudyPolicy:
    """A pairing policy as a study has it: what a queue is for where nobody says more."""

    pairing: PairingPolicy
    batch_size: int
    pool: str
    population_axis: str
    awaited_battles: int
    is_default: bool


@dataclass(frozen=True)
class Start:
    """The tables a queue is made from, in micro-units: candidates, pairs, parts of populations."""

    candidates: pa.Table
    pairwise: pa.Table
    parts: pa.Table


@dataclass(frozen=True, order=True)
class Awaited:
    """A battle that was scheduled in a stratum, and that the tables know no vote of."""

    stratum: str
    model_a: str
    model_b: str


@dataclass(frozen=True)
class Wanted:
    """Which queue: of a board (a stratum, or the population), a dimension, for whom.

    Args:
        board: a stratum, or POPULATION.
        dimension: what is to be judged.
        size: at most so many.
        participant: whoever is asked; part of the seed. None: anybody.
        seen: pairs of models that they have met already.
        judge: the part of the board that they are of; None: whichever teaches most.
        awaited: battles that count as if they were judged already, whatever was said.
    """

    board: str
    dimension: str
    size: int
    participant: str | None = None
    seen: frozenset[frozenset[str]] = field(default_factory=frozenset)
    judge: str | None = None
    awaited: tuple[Awaited, ...] = ()


def policies_of(rows: Iterable[dict[str, Any]]) -> list[StudyPolicy]:
    """Policies from rows of the seed, typed or as text."""
    return [
        StudyPolicy(
            PairingPolicy(
                policy=row["policy"],
                version=str(row["version"]),
                rule=Rule(row["rule"]),
                random_share=float(row["random_share"]),
                uncertainty_power=float(row["uncertainty_power"]),
                model_limit=float(row["model_limit"]),
                participant_limit=int(row["participant_limit"])
                if row["participant_limit"]
                else None,
            ),
            batch_size=int(row["batch_size"]),
            pool=row["pool"],
            population_axis=row["population_axis"],
            awaited_battles=int(row["awaited_battles"]),
            is_default=str(row["is_default"]).lower() == "true",
        )
        for row in rows
    ]


def parts_of(start: Start, board: str, policy: StudyPolicy) -> list[tuple[str, float]]:
    """The strata that make a board, and the share of each; a stratum makes its own."""
    if board != POPULATION:
        return [(board, 1.0)]
    parts = start.parts
    here = pc.and_(
        pc.equal(parts.column("pool"), policy.pool),
        pc.equal(parts.column("axis"), policy.population_axis),
    )
    rows = parts.filter(here).to_pylist()
    return [(row["stratum_id"], row["share_micro"] / MICRO) for row in rows]


def queue(start: Start, wanted: Wanted, policy: StudyPolicy) -> list[dict[str, Any]]:
    """The proposals of one queue, best first; fewer than wanted where pairs run out.

    The seed follows from the tables and the names, so that the same question has the same answer.
    """
    parts = parts_of(start, wanted.board, policy)
    strata = [stratum for stratum, _ in parts]
    candidates = _of(start.candidates, strata, wanted.dimension)
    pairwise = _of(start.pairwise, strata, wanted.dimension)
    posteriors = [
        _with_awaited(read_back(candidates, pairwise, stratum, wanted.dimension), stratum, wanted)
        for stratum in strata
    ]
    models = posteriors[0].model_ids
    allowed = np.ones((len(parts), len(models), len(models)), dtype=np.bool_)
    if wanted.judge is not None:
        allowed[[stratum != wanted.judge for stratum in strata]] = False
    place = {model: number for number, model in enumerate(models)}
    for pair in wanted.seen:
        known = [place[model] for model in pair if model in place]
        if len(known) == 2:
            allowed[:, known[0], known[1]] = allowed[:, known[1], known[0]] = False
    own = policy.pairing
    names = [wanted.board, wanted.dimension, repr(own), wanted.participant or ""]
    met = ["\x1e".join(sorted(pair)) for pair in wanted.seen]
    asked = [str(wanted.size), *names, *sorted(met)]
    asked += [] if wanted.judge is None else [f"judge {wanted.judge}"]
    asked += [repr(one) for one in sorted(wanted.awaited)]
    seed = derive_seed(seed_of(candidates), str(seed_of(pairwise)), *asked)
    batch = propose(
        posteriors,
        own,
        size=wanted.size,
        seed=seed,
        shares=[share for _, share in parts],
        allowed=allowed,
    )
    return [
        {
            "board": wanted.board,
            "dimension": wanted.dimension,
            "place": number,
            "proposal_id": _proposal_id(seed, number),
            "stratum_id": strata[part],
            "model_a": models[left],
            "model_b": models[right],
            "expected_gain": gain,
            "policy": own.policy,
            "policy_version": own.version,
            "propensity": propensity,
            "is_random": at_random,
        }
        for number, (part, left, right, gain, propensity, at_random) in enumerate(
            zip(
                batch.part.tolist(), batch.left.tolist(), batch.right.tolist(),
                batch.gain.tolist(), batch.propensity.tolist(), batch.is_random.tolist(),
                strict=True,
            ),
            start=1,
        )
    ]  # fmt: skip


def _with_awaited(posterior: Posterior, stratum: str, wanted: Wanted) -> Posterior:
    """What a stratum will know once those of it have judged what they were asked to."""
    place = {model: number for number, model in enumerate(posterior.model_ids)}
    pairs = [
        (place[one.model_a], place[one.model_b])
        for one in sorted(wanted.awaited)
        if stratum in {"all", one.stratum} or one.stratum.startswith(f"{stratum}/")
        if one.model_a in place and one.model_b in place
    ]
    first, second = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return expecting(posterior, first, second)


def next_battle_rows(start: Start, policies: Sequence[StudyPolicy]) -> pa.Table:
    """The queue of every board and dimension under the study's default policy."""
    policy = default_policy(policies)
    keys = start.candidates.select(["stratum_id", "dimension"]).group_by(
        ["stratum_id", "dimension"], use_threads=False
    )
    boards = keys.aggregate([]).to_pylist()
    wanted = [Wanted(key["stratum_id"], key["dimension"], policy.batch_size) for key in boards]
    if parts_of(start, POPULATION, policy):
        dimensions = sorted({key["dimension"] for key in boards})
        wanted += [Wanted(POPULATION, name, policy.batch_size) for name in dimensions]
    rows = [row for one in wanted for row in queue(start, one, policy)]
    return pa.Table.from_pylist(rows, schema=_NEXT_BATTLE)


_NEXT_BATTLE = pa.schema(
    [
        pa.field("board", pa.string()),
        pa.field("dimension", pa.string()),
        pa.field("place", pa.int64()),
        *(
            pa.field(name, pa.string())
            for name in ("proposal_id", "stratum_id", "model_a", "model_b")
        ),
        pa.field("expected_gain", pa.float64()),
        *(pa.field(name, pa.string()) for name in ("policy", "policy_version")),
        pa.field("propensity", pa.float64()),
        pa.field("is_random", pa.bool_()),
    ]
)


def default_policy(policies: Sequence[StudyPolicy]) -> StudyPolicy:
    """The one the study marks; the first where it marks none."""
    return next((policy for policy in policies if policy.is_default), policies[0])


def _of(table: pa.Table, strata: Sequence[str], dimension: str) -> pa.Table:
    here = pc.and_(
        pc.is_in(table.column("stratum_id"), value_set=pa.array(strata, pa.string())),
        pc.equal(table.column("dimension"), dimension),
    )
    return table.filter(here)


def _proposal_id(seed: int, number: int) -> str:
    """The same for the same place of the same queue, so that scheduling it twice is once."""
    digest = hashlib.sha256(f"{seed}:{number}".encode()).hexdigest()
    return f"q{digest[:24]}"
