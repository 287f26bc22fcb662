"""Boards against the truth of their world: what each of their claims is worth.

Columns that only some boards have (tier, win_share_lo and _hi, p_permutation) are judged where they
are there.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tests.worlds import shown
from tests.worlds.declarations import WORLDS, seed_of
from tests.worlds.population import Floats, Population
from tests.worlds.tables import EVERYBODY
from tests.worlds.truth import Truth, Truths, truths_of
from tests.worlds.verdicts import Verdicts, judge

# Rounding in a fit of the truth: closer than this is equal.
EQUAL = 1e-7
# A board that gives its likeliest model this much calls it the best.
SURE = 0.95
LOOKS = 8
# What an estimator prints for no effect at all: its floor, not a finding.
NO_EFFECT = 0.02
Record = dict[str, Any]


def study_of(name: str, replication: int, top: str = "apart") -> tuple[Population, Verdicts]:
    """One replication of a world, always the same."""
    world = WORLDS[name]
    rng = np.random.Generator(np.random.Philox(seed_of(f"{name}/{top}", replication)))
    size = world.models[replication % len(world.models)]
    population = Population.draw(world, size, rng, top)  # type: ignore[arg-type]
    return population, judge(population, rng)


def replicate(name: str, replication: int) -> Iterator[Record]:
    """What every board of one study is worth, and what is said of the axes."""
    population, verdicts = study_of(name, replication)
    truths = truths_of(population)
    every, effects = shown.every_board(verdicts)
    labels = {"world": name, "replication": replication}
    yield from (labels | scored(one, truths) for one in every)
    yield from (labels | row for row in axes(effects, truths))


def scored(one: shown.Shown, truths: Truths) -> Record:
    """Shares of models for which a board's claims hold, and what it says of the best."""
    rows = one.rows.sort_by("model_id")
    truth, models = truth_for(one, truths), models_of(rows)
    plain = centred(truth.skill, models)
    skill = plain
    if one.estimator == "bradley_terry":
        skill = centred(truth.logit_skill, models)
    win_share = truth.win_share(models)
    # One order for all estimators: that of the population's skills.
    counted = ranked(rows)
    first, last = true_ranks(plain[counted])
    low, high = _column(rows, "rank_lo")[counted], _column(rows, "rank_hi")[counted]
    p_best = _column(rows, "p_best")[counted]
    best = first == 1
    record = {
        "kind": "board",
        "estimator": one.estimator,
        "weighting": one.weighting,
        "board": "everybody" if one.subject == EVERYBODY else "ages",
        "skill": float(_holds(rows, "skill", skill).mean()),
        "leader_skill": bool(_holds(rows, "skill", skill)[np.argmax(_column(rows, "skill"))]),
        "rank": float(((low <= last) & (high >= first)).mean()),
        "win_share_error": float(np.abs(_column(rows, "win_share") - win_share).mean()),
        "p_leader": float(p_best.max()),
        "brier": float(((p_best - best) ** 2).sum()),
        "is_sure": bool(p_best.max() >= SURE),
        "is_right": bool(best[np.argmax(p_best)] and best.sum() == 1),
    }
    if "win_share_lo" in rows.column_names:
        record["win_share"] = float(_holds(rows, "win_share", win_share).mean())
    if "tier" in rows.column_names:
        record["tier_error"] = is_tier_wrong(_column(rows, "tier"), plain)
    return record


def truth_for(one: shown.Shown, truths: Truths) -> Truth:
    """What a board is about: its age; people as they came; the census."""
    if one.subject != EVERYBODY:
        return truths.ages[one.subject]
    if one.estimator == shown.HIERARCHICAL:
        return truths.census_of_ages
    return truths.as_came if one.weighting == "none" else truths.census


def models_of(rows: pa.Table) -> NDArray[np.int64]:
    """Places of a board's models: those that nobody of an age has judged are not on its board."""
    names = rows.column("model_id").to_pylist()
    return np.array([int(name.removeprefix("model-")) for name in names], dtype=np.int64)


def ranked(rows: pa.Table) -> NDArray[np.bool_]:
    """The models whose ranks are judged: not provisional ones, where those come after all others.

    All of them where the board ranks all alike.
    """
    provisional = np.asarray(rows.column("is_provisional").to_numpy(), dtype=bool)
    rank = _column(rows, "rank")
    if provisional.all() or not provisional.any():
        return np.ones_like(provisional)
    is_apart = rank[provisional].min() > rank[~provisional].max()
    return ~provisional if is_apart else np.ones_like(provisional)


def centred(skill: Floats, models: NDArray[np.int64]) -> Floats:
    """Skills (K) of some models, less their mean."""
    return np.asarray(skill[models] - skill[models].mean())


def true_ranks(skill: Floats) -> tuple[Floats, Floats]:
    """First and last rank (M) that a model may take; they differ where skills are equal."""
    above = (skill[None, :] > skill[:, None] + EQUAL).sum(axis=1)
    below = (skill[None, :] < skill[:, None] - EQUAL).sum(axis=1)
    return 1.0 + above, skill.size - 1.0 * below


def is_tier_wrong(tier: Floats, skill: Floats) -> bool:
    """Whether any model is in a better tier than one that is as good or better."""
    better = tier[:, None] < tier[None, :]
    return bool((better & (skill[:, None] <= skill[None, :] + EQUAL)).any())


def axes(table: pa.Table, truths: Truths) -> Iterator[Record]:
    """Whether the interval of each axis' effect holds it; age may differ, region never does."""
    for row in table.to_pylist():
        true = truths.age_sd if row["axis"] == "age" else 0.0
        low, high = row["tau_lo"] or 0.0, row["tau_hi"]
        record = {
            "kind": "axis",
            "axis": row["axis"],
            "true": true,
            "tau": row["tau"],
            "holds": low <= max(true, NO_EFFECT) and (high is None or true <= high),
            "is_found": low > NO_EFFECT,
        }
        if row.get("p_permutation") is not None:
            record["is_small_p"] = row["p_permutation"] <= 0.05
        yield record


def stops(name: str, replication: int, top: str) -> Iterator[Record]:
    """Whether a study that is looked at again and again names a leader, and whether rightly.

    ``top``: "twins" has two leaders who are the same in everything, so any name is wrong.
    """
    population, verdicts = study_of(name, replication, top)
    truths = truths_of(population)
    total = verdicts.outcome.size
    said: dict[str, Record] = {}
    for look in range(1, LOOKS + 1):
        so_far = verdicts.first(round(total * look / LOOKS))
        for one in shown.leading(so_far):
            key = one.weighting
            if said.get(key, {}).get("is_stopped") or one.is_stopped is None:
                continue
            rows = one.rows.sort_by("model_id")
            skill = truth_for(one, truths).skill[models_of(rows)]
            leader = int(np.argmax(_column(rows, "skill")))
            first, _ = true_ranks(skill)
            said[key] = {
                "kind": "stop",
                "world": name,
                "replication": replication,
                "top": top,
                "weighting": key,
                "look": look,
                "is_stopped": one.is_stopped,
                "is_right": bool(first[leader] == 1 and (first == 1).sum() == 1),
            }
    yield from said.values()


def null_tiers(name: str, replication: int) -> Iterator[Record]:
    """Boards of a population in which all models are the same: any second tier is an error."""
    _, verdicts = study_of(name, replication, "equal")
    for one in shown.leading(verdicts, is_stopping_asked=False):
        rows = one.rows.sort_by("model_id")
        record = {
            "kind": "null",
            "world": name,
            "replication": replication,
            "weighting": one.weighting,
            # What a reader may take for a finding: two models whose intervals exclude each other.
            "is_apart": bool(_column(rows, "skill_lo").max() > _column(rows, "skill_hi").min()),
            "is_sure": bool(_column(rows, "p_best").max() >= SURE),
        }
        if "tier" in rows.column_names:
            record["tier_error"] = is_tier_wrong(_column(rows, "tier"), np.zeros(rows.num_rows))
        yield record


def _holds(rows: pa.Table, name: str, truth: Floats) -> NDArray[np.bool_]:
    low, high = _column(rows, f"{name}_lo"), _column(rows, f"{name}_hi")
    return np.asarray((low <= truth) & (truth <= high))


def _column(rows: pa.Table, name: str) -> Floats:
    return np.asarray(rows.column(name).to_numpy(), dtype=np.float64)
