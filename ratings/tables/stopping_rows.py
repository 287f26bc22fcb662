"""Whether each board is certain enough by the study's targets, and how many battles it needs.

What stays out: measures and forecasts (ratings/stopping.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from ratings.pairing import Rule
from ratings.stopping import forecast
from ratings.stopping_measures import Measure
from ratings.tables.next_battles import StudyPolicy, default_policy
from ratings.tables.standings import Standing
from ratings.tournaments import derive_seed

STOPPING = "stopping"


def stopping_rows(
    standings: Iterable[Standing],
    targets: Sequence[dict[str, Any]],
    policies: Sequence[StudyPolicy],
    models: Sequence[str],
    seed: int,
) -> pa.Table:
    """One row per target, board it is for and policy: the default's, and random pairs beside it.

    Only ``models`` that can still be asked about count: others will never be more certain.
    """
    chosen = [default_policy(policies)]
    chosen += [policy for policy in policies if policy.pairing.rule is Rule.RANDOM][:1]
    followed = {policy.pairing.policy: policy.pairing for policy in chosen}
    rows = []
    for one in standings:
        wanted = [target for target in targets if _is_for(target, one)]
        if not wanted or not models:
            continue
        posterior, growth = one.over(models)
        for policy in followed.values():
            for target in wanted:
                # The same draws for every policy: what differs is where battles fall.
                names = (target["target"], one.stratum_id, one.dimension)
                said = forecast(
                    posterior, policy, Measure(target["measure"]), target["threshold"],
                    seed=derive_seed(seed, STOPPING, *names), growth=growth,
                )  # fmt: skip
                rows.append(
                    {
                        **{name: getattr(one, name) for name in _BOARD},
                        "target": target["target"],
                        "policy": policy.policy,
                        "policy_version": policy.version,
                        "measure": target["measure"],
                        "threshold": target["threshold"],
                        "value": said.value,
                        "is_reached": said.is_reached,
                        "battle_count": one.battle_count,
                        "design_effect": growth.design_effect,
                        "battles_needed": said.needed,
                        "battles_needed_lo": said.needed_lo,
                        "battles_needed_hi": said.needed_hi,
                    }
                )
    return pa.Table.from_pylist(rows, schema=_STOPPING)


_BOARD = ("stratum_id", "dimension", "weighting", "estimator")
_NAMES = ("target", *_BOARD, "policy", "policy_version", "measure")
_COUNTS = ("battle_count", "battles_needed", "battles_needed_lo", "battles_needed_hi")
_STOPPING = pa.schema(
    [
        *(pa.field(name, pa.string()) for name in _NAMES),
        *(pa.field(name, pa.float64()) for name in ("threshold", "value", "design_effect")),
        pa.field("is_reached", pa.bool_()),
        *(pa.field(name, pa.int64()) for name in _COUNTS),
    ]
)


def _is_for(target: dict[str, Any], one: Standing) -> bool:
    own = {name: getattr(one, name) for name in _BOARD}
    return all(target[name] in {None, value} for name, value in own.items())
