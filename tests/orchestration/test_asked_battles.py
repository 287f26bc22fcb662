"""What is awaited follows from the log alone: until it is rated, withdrawn, or too long ago."""

from pathlib import Path
from typing import Any

import pyarrow as pa

from orchestration.queueing import battles_awaited, is_pseudonym, key_of, pairs_met
from orchestration.rating_step import write_ratings
from ratings.tables.planning import Awaited
from tests.end_to_end.history import Study, about

PAIRS = [("aurora", "basalt"), ("basalt", "cobalt"), ("cobalt", "dune")]
EVENT = {"source": "panel", "dimension": "overall"}
AWAITED = [Awaited("US", *pair) for pair in PAIRS]


def proposal(number: int, **columns: Any) -> dict[str, Any]:
    model_a, model_b = PAIRS[number]
    event = {"event_type": "battle_scheduled", "native_id": f"q{number}", "stratum_id": "US"}
    event |= {"model_a": model_a, "model_b": model_b, "conversation_id": f"q{number}"}
    return EVENT | event | {"policy": "p", "policy_version": "1", "propensity": 0.5} | columns


def vote(number: int, **columns: Any) -> dict[str, Any]:
    # Shown the other way round, it is the same battle.
    model_b, model_a = PAIRS[number]
    event = {"event_type": "battle_judged", "native_id": f"v{number}", "participant_id": "ann"}
    event |= {"model_a": model_a, "model_b": model_b, "conversation_id": f"q{number}"}
    return EVENT | event | {"outcome": "a"} | columns


def rated(study: Study, position: int) -> None:
    """As if a build had read the log up to there."""
    tables = {"candidate": pa.table({"model_id": ["aurora"]})}
    write_ratings(tables, study.paths.ratings, {"log_position": position})


def test_a_proposal_is_awaited_until_it_is_rated_withdrawn_or_old(tmp_path: Path) -> None:
    study = Study(tmp_path / "home", tmp_path / "inputs")
    study.commit([proposal(0), proposal(1), proposal(2), proposal(0, dimension="trust")])
    rated(study, 1)

    def awaited(latest: int = 200) -> list[Awaited]:
        return list(battles_awaited(study.paths, "overall", latest))

    assert awaited() == AWAITED
    # The latest of the dimension, by the order of the log; what came before has expired.
    assert awaited(2) == AWAITED[1:]
    assert awaited(0) == []
    # A vote counts as awaited until the ratings know it; one about other models never counts.
    study.commit([vote(0), vote(1, model_a="aurora", model_b="dune")])
    assert awaited() == AWAITED
    rated(study, 2)
    assert awaited() == AWAITED[1:]
    study.commit([about("event_retracted", "r", study.id_of("q2", "panel"))])
    assert awaited() == AWAITED[1:2]
    ann = key_of(study.paths, "panel", "ann")
    assert ann is not None
    assert is_pseudonym(ann)
    assert not is_pseudonym("ann")
    met = {frozenset(PAIRS[0]), frozenset({"aurora", "dune"})}
    assert pairs_met(study.paths, ann) == met
