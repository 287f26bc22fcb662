"""The board under each quality policy: the same votes, the same ranks; junk left out, the truth."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ratings.counts import COUNT_COLUMNS, PairCounts
from ratings.dependence import dependence_of, judges_of
from ratings.skewness import corrected
from ratings.tables.count_boards import policy_ranks
from ratings.tables.declarations import conform
from ratings.tables.inputs import Judged
from ratings.tournaments import RatingParameters, fit_anchor, with_constants
from tests.ratings.worlds import World, verdicts

MODELS = tuple("abcdef")
PARAMETERS = RatingParameters(draws=200)


def counts(*, junk: int) -> list[dict[str, Any]]:
    """Votes by which every model beats those after it; `junk` says the opposite of the best two."""
    rows = []
    for first, better in enumerate(MODELS):
        for worse in MODELS[first + 1 :]:
            wins = (30, 10, 5)
            if (better, worse) == ("a", "b"):
                wins = (30, 10 + junk, 5)
            rows.append(
                dict(
                    zip(
                        ("dimension", "model_a", "model_b", "win_a_count", "win_b_count"),
                        ("d", better, worse, *wins[:2]),
                        strict=True,
                    )
                )
                | {"tie_count": wins[2]}
            )
    return rows


def ranked(**junk_by_policy: int) -> list[dict[str, Any]]:
    rows = [
        {"policy": policy, "policy_version": "1", **row}
        for policy, junk in junk_by_policy.items()
        for row in counts(junk=junk)
    ]
    order = np.random.default_rng(1).permutation(len(rows))
    table = pa.Table.from_pylist([rows[place] for place in order])
    made: list[dict[str, Any]] = conform(
        "policy_rank", policy_ranks(table, PARAMETERS, seed=3)
    ).to_pylist()
    return made


def of(rows: list[dict[str, Any]], policy: str) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in row.items() if name != "policy"}
        for row in rows
        if row["policy"] == policy
    ]


def test_policies_that_leave_out_nobody_agree_to_the_last_digit() -> None:
    rows = ranked(none=0, some=0)
    assert of(rows, "none") == of(rows, "some")
    assert [row["model_id"] for row in sorted(of(rows, "none"), key=lambda row: row["rank"])] == [
        *MODELS
    ]


def test_junk_moves_ranks_and_leaving_it_out_moves_them_back() -> None:
    rows = ranked(none=200, some=0)
    ranks = {policy: {row["model_id"]: row["rank"] for row in of(rows, policy)} for policy in
             ("none", "some")}  # fmt: skip
    assert ranks["none"]["b"] < ranks["none"]["a"]
    assert (ranks["some"]["a"], ranks["some"]["b"]) == (1, 2)


def test_without_battles_there_are_no_rows() -> None:
    empty = pa.Table.from_pylist(
        [{"policy": "none", "policy_version": "1", **row} for row in counts(junk=0)]
    ).slice(0, 0)
    assert conform("policy_rank", policy_ranks(empty, PARAMETERS, seed=3)).num_rows == 0


def test_a_policys_intervals_are_of_the_people_it_leaves() -> None:
    # The last ten people do not count now, and so have no cell; the first ten not by the policy.
    rows = verdicts(World(raters=60, each=20, taste=0.8, models=4), 1)
    people = pa.array([None if who >= 50 else 1 for who in rows["participant_id"].to_pylist()])
    rows = rows.append_column("cell_id", people.cast(pa.int32()))
    judged = Judged({"d": rows}, {"d": rows}, {}, {("strict", "1"): pa.array(range(10))})
    left = rows.filter(pc.greater_equal(rows.column("participant_id"), 10))
    labels = {"policy": "strict", "policy_version": "1", "dimension": "d"}
    table = with_constants(left.select(["model_a", "model_b", *COUNT_COLUMNS]), labels)
    made = policy_ranks(table, PARAMETERS, 3, (), judged).to_pandas().set_index("model_id")

    counted = PairCounts.from_arrow(left)
    posterior = corrected(fit_anchor(counted, PARAMETERS), counted)
    known = dependence_of(posterior, judges_of(counted, left, left))
    assert (known.participant_count, known.unattributed_count) == (50, 0)
    sd = posterior.with_covariance(known.covariance).skill_sd
    np.testing.assert_allclose(made.loc[list(posterior.model_ids)].skill_sd, sd, rtol=1e-6)
    assert sd.mean() > 1.5 * posterior.skill_sd.mean()
