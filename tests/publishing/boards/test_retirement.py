"""The probe of retirement: silent and uneven withdrawals are found, announced ones are not."""

from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from publishing.boards.finding import REGISTERED, Finding
from publishing.boards.retirement import EFFECTS, RETIRED, retirement
from tests.publishing.boards.marts_alone import make

PROVIDERS, OF_EACH = 6, 5
MODELS = PROVIDERS * OF_EACH


def probe(
    retired: Sequence[int],
    *,
    announced: bool | None = True,
    private: Sequence[int] = (),
    effects: Sequence[dict[str, Any]] = (),
    registered: int = MODELS,
) -> Finding:
    """Of a study of models that are retired or private by number."""
    places = range(MODELS)
    models = pa.table(
        {
            "model_id": [f"m{place}" for place in places],
            "provider": [f"provider-{place // OF_EACH}" for place in places],
            "licence_kind": [
                "open_weights" if place < MODELS // 2 else "proprietary" for place in places
            ],
            "is_private": [place in private for place in places],
            "has_battled": [True] * MODELS,
            "is_retired": [place in retired for place in places],
            "was_retirement_announced": pa.array(
                [announced if place in retired else None for place in places], pa.bool_()
            ),
            "retired_at": pa.nulls(MODELS, pa.timestamp("us", "UTC")),
        }
    )
    connection = duckdb.connect(config={"threads": 1})
    connection.register("given", models)
    connection.execute("create table dim_model as from given")
    make(connection, "int_models__grouped", "rpt_retirement")

    def read(query: str, _: dict[str, Any]) -> Sequence[dict[str, Any]]:
        if query == RETIRED:
            return list(connection.sql(query).to_arrow_table().to_pylist())
        if query == REGISTERED:
            return [{"registered_count": registered}]
        return effects if query == EFFECTS else []

    return retirement(read)


def shifted(place: int, p: float | None) -> dict[str, Any]:
    return {
        "model_id": f"m{place}", "rank_among_kept": 1 + place, "rank_without": 3 - place,
        "shift": -0.8, "shift_lo": -1.1, "shift_hi": -0.5, "p_shift": p,
    }  # fmt: skip


def test_no_retirement_is_said() -> None:
    finding = probe([])
    assert not finding.is_found
    assert finding.sentence == "No model was withdrawn, as far as the log says."
    unknown = probe([], registered=0)
    assert unknown.is_found is None
    assert unknown.sentence == (
        "The log registers no model, so it doesn't say whether any was withdrawn."
    )


def test_a_silent_retirement_is_found() -> None:
    finding = probe([3], announced=False)
    assert finding.is_found
    assert finding.sentence == "1 of 30 models was withdrawn: 1 in silence."


@pytest.mark.parametrize("announced", [True, None])
def test_announced_and_unsaid_ones_are_not(announced: bool | None) -> None:
    finding = probe([3, 20], announced=announced)
    assert not finding.is_found
    assert finding.figures["retired_count"] == 2


def test_private_variants_are_the_matter_of_another_probe() -> None:
    finding = probe([0, 1, 2, 3], announced=False, private=[0, 1, 2, 3])
    assert not finding.is_found
    assert finding.figures["retired_count"] == 0


def test_a_provider_that_lost_most_is_found() -> None:
    finding = probe([0, 1, 2, 3, 4, 17])
    assert finding.is_found
    assert "The provider provider-0 lost 5 of 5, more than chance explains." in finding.sentence


def test_a_licence_kind_that_lost_most_is_found() -> None:
    finding = probe([0, 1, 5, 6, 10, 11, 12, 7, 2])
    assert "The licence kind open_weights lost 9 of 15" in finding.sentence


@pytest.mark.parametrize("studies", [40, pytest.param(200, marks=pytest.mark.slow)])
def test_retirement_at_random_is_silent(studies: int) -> None:
    rng = np.random.default_rng(1)
    found = [
        probe(rng.choice(MODELS, int(rng.integers(1, 12)), replace=False).tolist())
        for _ in range(studies)
    ]
    assert np.mean([one.is_found for one in found]) <= 0.05


def test_ranks_that_surely_moved_are_found() -> None:
    finding = probe([3], effects=[shifted(0, 0.001), shifted(1, 0.001), shifted(2, 0.5)])
    assert finding.is_found
    # The second has the same rank as before.
    assert finding.sentence.count("Without their battles") == 1
    assert "m0 is number 3 and not 1: its skill is 0.80 lower" in finding.sentence
    assert not probe([3], effects=[shifted(0, 0.01), shifted(1, None), shifted(2, 0.5)]).is_found
