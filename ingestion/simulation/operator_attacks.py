"""Attacks by an operator: models withdrawn in silence, and a queue that favours a provider.

Everybody who votes is a person of the study and votes as always; what is bent is what the operator
decides. In `truth.json`, `attack`:

- of `retirement`: {name, licence_kind, model_ids (withdrawn, the best first), retired_at, others
  [{model_id, rank (among all), rank_among_kept}]}, ranks being those of everybody's true skills on
  the first dimension;
- of `sampling`: {name, provider, model_ids, weight (how much likelier than others each is drawn),
  battle_count, propensity (that the queue declares of every pair), appearance_share, even_share}.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ingestion.errors import UsageError
from ingestion.simulation.battles import OUTCOMES, numbered, participant_ids, verdicts
from ingestion.simulation.judges import Judges
from ingestion.simulation.parameters import DAY, REGISTERED_BEFORE, Purpose, instants, stream
from ingestion.simulation.population import IntArray
from ingestion.simulation.truth import DECIMALS, Truth
from ingestion.simulation.vote_attacks import target_of
from ingestion.vocabulary import EventType, LicenceKind

# As the roster names their licence.
PROPRIETARY = "proprietary"
REASON = "Not served any more."
BATTLES, MOST_BATTLES = 1_500, 1_000_000
WEIGHT = 3.0
"""How much likelier than another model one of the favoured provider is drawn."""
# Of the study's span: from the first to the last battle of the queue, before any model retires.
DRAWN = (0.05, 0.8)
POLICY = {"policy": "even_pairs", "policy_version": "1"}
STRATUM = "all"
BATTLE_DIGITS = 8

Events = list[dict[str, Any]]
Attacked = tuple[Events, dict[str, Any]]


def retirement(truth: Truth, size: int | None = None) -> Attacked:
    """The open-weight models, or the ``size`` best of them, go without a word as the study ends.

    All models are registered again with their kind of licence, which the study itself leaves out.

    Raises:
        UsageError: no such model is compared to the study's end, or not so many.
    """
    parameters = truth.parameters
    models = parameters.models
    order = np.argsort(-truth.everybody[:, 0], kind="stable").tolist()
    compared = len(models) - len(parameters.retired_at)
    kinds = [
        LicenceKind.PROPRIETARY if model.licence == PROPRIETARY else LicenceKind.OPEN_WEIGHTS
        for model in models
    ]
    leaving = [
        place for place in order if kinds[place] == LicenceKind.OPEN_WEIGHTS and place < compared
    ]
    count = len(leaving) if size is None else size
    if not 1 <= count <= len(leaving):
        message = f"models to withdraw: {count} is not between 1 and {len(leaving)}."
        raise UsageError(message, remedy="Only open-weight models are withdrawn.")
    gone = leaving[:count]
    kept = [place for place in order if place not in gone]
    registered_at, retired_at = instants(
        [parameters.opens_at - REGISTERED_BEFORE, parameters.opens_at + parameters.span + DAY]
    ).to_pylist()
    registered = [
        {
            "native_id": f"kind-{model.model_id}",
            "event_type": EventType.MODEL_REGISTERED.value,
            "source": parameters.source,
            "occurred_at": registered_at,
            **model._asdict(),
            "licence_kind": kinds[place].value,
        }
        for place, model in enumerate(models)
    ]
    retired = [
        {
            "native_id": f"gone-{models[place].model_id}",
            "event_type": EventType.MODEL_RETIRED.value,
            "source": parameters.source,
            "occurred_at": retired_at,
            "model_id": models[place].model_id,
            "reason": REASON,
            "was_announced": False,
        }
        for place in gone
    ]
    return registered + retired, {
        "licence_kind": LicenceKind.OPEN_WEIGHTS.value,
        "model_ids": [models[place].model_id for place in gone],
        "retired_at": retired_at,
        "others": [
            {
                "model_id": models[place].model_id,
                "rank": order.index(place) + 1,
                "rank_among_kept": rank,
            }
            for rank, place in enumerate(kept, start=1)
        ],
    }


def sampling(truth: Truth, size: int | None = None) -> Attacked:
    """``size`` battles of a queue that draws one provider's models more often than it declares.

    It records of every pair the propensity of a queue that draws all pairs alike.

    Raises:
        UsageError: no battle, or too many.
    """
    count = BATTLES if size is None else size
    if not 1 <= count <= MOST_BATTLES:
        raise UsageError(f"battles: {count} is not between 1 and {MOST_BATTLES:,}.")
    parameters = truth.parameters
    random = stream(parameters.seed, Purpose.FAVOURING_QUEUE)
    share = DRAWN[0] + (DRAWN[1] - DRAWN[0]) * np.sort(random.random(count))
    at = parameters.opens_at + (share * parameters.span).astype(np.int64)
    compared = int(parameters.active_counts(at[-1:])[0])
    models = parameters.models[:compared]
    provider = models[target_of(truth)].provider
    is_favoured = np.array([model.provider == provider for model in models])
    pairs = _drawn(random, np.where(is_favoured, WEIGHT, 1.0), count)
    judges = Judges.of(truth)
    who = judges.some(random, at)
    skills = truth.cell_skills[judges.cells[who]]
    rows = np.arange(count)
    left, right = skills[rows, pairs[:, 0]], skills[rows, pairs[:, 1]]
    said = verdicts(truth, random.standard_normal(left.shape), left, right, truth.draw_margins)
    propensity = round(2.0 / (compared * (compared - 1)), DECIMALS)
    people = participant_ids(judges.numbers[who]).to_pylist()
    events: Events = []
    battles = zip(
        numbered("q", rows, BATTLE_DIGITS).to_pylist(), instants(at).to_pylist(), strict=True
    )
    for place, (name, when) in enumerate(battles):
        asked = {
            "native_id": name,
            "source": parameters.source,
            "occurred_at": when,
            "participant_id": people[place],
            "conversation_id": name,
            "model_a": models[pairs[place, 0]].model_id,
            "model_b": models[pairs[place, 1]].model_id,
        }
        events.append(
            {
                **asked,
                "event_type": EventType.BATTLE_SCHEDULED.value,
                "stratum_id": STRATUM,
                "dimension": parameters.dimensions[0],
                **POLICY,
                "propensity": propensity,
            }
        )
        events += [
            {
                **asked,
                "event_type": EventType.BATTLE_JUDGED.value,
                "dimension": dimension,
                "outcome": OUTCOMES[code].value,
            }
            for dimension, code in zip(parameters.dimensions, said[place], strict=True)
        ]
    return events, {
        "provider": provider,
        "model_ids": [model.model_id for model in models if model.provider == provider],
        "weight": WEIGHT,
        "battle_count": count,
        "propensity": propensity,
        "appearance_share": round(float(is_favoured[pairs].mean()), DECIMALS),
        "even_share": round(float(is_favoured.mean()), DECIMALS),
    }


def _drawn(random: np.random.Generator, weights: Any, count: int) -> IntArray:
    """Models left and right of so many battles (count, 2), each drawn by its weight.

    The two largest of log weight plus Gumbel noise are a draw of two without replacement (Kool,
    van Hoof and Welling 2019).
    """
    keys = np.log(weights) + random.gumbel(size=(count, weights.size))
    two = np.argsort(-keys, axis=1, kind="stable")[:, :2]
    return random.permuted(two, axis=1)
