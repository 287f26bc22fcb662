"""A subject says all that a build needs, and a request is understood or refused."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.errors import UsageError
from publishing.boards.inputs import exact, from_micro, in_micro, with_changes
from ratings.tournaments import RatingParameters


def test_the_defaults_come_back_from_a_subject_to_the_last_bit() -> None:
    stored = json.loads(json.dumps(in_micro(RatingParameters())))
    assert from_micro(stored) == RatingParameters()
    assert stored["beta"] == 4_166_667  # 25/6


@given(beta=st.floats(1e-5, 1e5), draws=st.integers(1, 10**6), estimated=st.booleans())
def test_what_is_rated_with_is_what_the_subject_says(
    beta: float, draws: int, estimated: bool
) -> None:
    asked = replace(RatingParameters(), beta=beta, draws=draws, estimate_prior_sd=estimated)
    used = exact(asked)
    assert from_micro(json.loads(json.dumps(in_micro(used)))) == used
    assert in_micro(used) == in_micro(asked)
    assert used.beta == pytest.approx(beta, abs=5.1e-7)


def test_changes_are_written_as_name_and_value() -> None:
    changed = with_changes(["draws=50", "prior_sd=2.5", "estimate_prior_sd=true",
                            "estimators=trueskill_ep"])  # fmt: skip
    assert changed == replace(
        RatingParameters(),
        draws=50,
        prior_sd=2.5,
        estimate_prior_sd=True,
        estimators=("trueskill_ep",),
    )


def test_what_came_later_is_said_where_it_is_not_the_default() -> None:
    before = in_micro(RatingParameters())
    assert "pool_countries" not in before
    pooled = with_changes(["pool_countries=true"])
    assert pooled == RatingParameters(pool_countries=True)
    assert in_micro(pooled) == {**before, "pool_countries": True}
    assert from_micro(in_micro(pooled)) == pooled


@pytest.mark.parametrize(
    "change",
    ["draws", "draws=", "draws=0", "draws=-3", "beta=nan", "beta=inf", "beta=0", "nonsense=1",
     "estimators=magic", "estimators=bradley_terry", "estimate_prior_sd=perhaps"],
)  # fmt: skip
def test_what_is_not_a_parameter_is_refused(change: str) -> None:
    with pytest.raises(UsageError):
        with_changes([change])


def test_parameters_of_another_version_are_refused() -> None:
    with pytest.raises(UsageError, match="fancy"):
        from_micro({**in_micro(RatingParameters()), "fancy": 1})
