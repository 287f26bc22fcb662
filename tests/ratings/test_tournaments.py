"""All boards of a study: independence of row order and of each other, and refusals."""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pytest

from ratings.counts import InvalidCountsError
from ratings.summary import pairwise
from ratings.tournaments import (
    PROVISIONAL_REASONS,
    MissingTournamentError,
    RatingParameters,
    rate_each,
    with_constants,
)
from tests.ratings.simulation import rate, simulate

PARAMETERS = RatingParameters(draws=512)


def study_table() -> pa.Table:
    parts = []
    for d, dimension in enumerate(["overall", "trust"]):
        for s, key in enumerate(["all", "us:age:18-34", "us:age:55+"]):
            margin, battles = (2.0, 8.0)[d], (3000, 200, 60)[s]
            counts = simulate(10 * d + s, size=7, battles=battles, margin=margin).counts
            ids = np.array(counts.model_ids)
            parts.append(
                pa.table(
                    {
                        "stratum_id": [key] * counts.first.size,
                        "dimension": [dimension] * counts.first.size,
                        "model_a": ids[counts.first],
                        "model_b": ids[counts.second],
                        "win_a_count": counts.win_first.astype(int),
                        "win_b_count": counts.win_second.astype(int),
                        "tie_count": counts.tie.astype(int),
                    }
                )
            )
    return pa.concat_tables(parts)


TABLE = study_table()
BOARDS = rate(TABLE, PARAMETERS, 1)


def mirrored(table: pa.Table) -> pa.Table:
    names = {"model_a": "model_b", "win_a_count": "win_b_count"}
    names |= {new: old for old, new in names.items()}
    return table.rename_columns([names.get(n, n) for n in table.column_names])


@pytest.mark.parametrize("seed", range(3))
def test_rows_in_any_order_and_orientation_give_the_same_bits(seed: int) -> None:
    order = np.random.default_rng(seed).permutation(TABLE.num_rows)
    half = TABLE.num_rows // 2
    shuffled = TABLE.take(order)
    shuffled = pa.concat_tables(
        [shuffled[:half], mirrored(shuffled[half:]).select(TABLE.column_names)]
    )
    assert rate(shuffled, PARAMETERS, 1).equals(BOARDS)


def test_one_row_per_key_sorted_and_whole() -> None:
    keys = BOARDS.select(["stratum_id", "dimension", "estimator", "model_id"]).to_pylist()
    tuples = [tuple(row.values()) for row in keys]
    assert tuples == sorted(set(tuples))
    assert len(tuples) == 3 * 2 * 2 * 7
    # Only models that are told apart, or might be, have these.
    where_counted = ["tier", "better_than_count", "p_next", "next_battles_needed"]
    frame = BOARDS.drop_columns(where_counted).to_pandas()
    assert np.isfinite(frame.select_dtypes("number")).all(axis=None)
    assert frame.is_converged.all()
    for _, rows in frame.groupby(["stratum_id", "dimension", "estimator"]):
        assert sorted(rows["rank"]) == list(range(1, 8))
        assert rows.skill.sum() == pytest.approx(0.0, abs=1e-9)
        assert rows.win_share.mean() == pytest.approx(0.5, abs=1e-9)


def test_each_tournament_has_a_margin_near_that_of_its_dimension() -> None:
    frame = BOARDS.to_pandas().query("estimator == 'trueskill_ep'")
    margins = frame.groupby(["dimension", "stratum_id"]).draw_margin.unique()
    assert {len(values) for values in margins} == {1}
    assert margins["overall", "all"][0] == pytest.approx(2.0, abs=0.3)
    assert margins["trust", "all"][0] == pytest.approx(8.0, abs=0.5)
    assert margins["overall", "us:age:18-34"][0] != margins["overall", "all"][0]
    assert margins["overall", "us:age:18-34"][0] == pytest.approx(2.0, abs=0.6)


def test_a_board_does_not_depend_on_the_others() -> None:
    frame = TABLE.to_pandas()
    kept = frame[(frame.dimension == "trust") & (frame.stratum_id != "us:age:55+")]
    alone = rate(pa.Table.from_pandas(kept, preserve_index=False), PARAMETERS, 1).to_pandas()
    whole = BOARDS.to_pandas()
    same = whole[(whole.dimension == "trust") & (whole.stratum_id != "us:age:55+")]
    pd.testing.assert_frame_equal(alone, same.reset_index(drop=True), check_dtype=False)


def test_few_battles_are_provisional() -> None:
    frame = BOARDS.to_pandas().set_index(["stratum_id", "dimension", "estimator"])
    assert not frame.loc["all"].is_provisional.any()
    few = frame[frame.battle_count < 30]
    assert len(few)
    assert few.is_provisional.all()
    wide = frame[(frame.battle_count >= 30) & (frame.skill_sd > 0.5 * PARAMETERS.prior_sd)]
    assert wide.is_provisional.all()


def test_what_is_provisional_says_which_half_of_the_rule_it_is() -> None:
    seen = set()
    for share in (0.5, 0.1):
        frame = rate(TABLE, replace(PARAMETERS, provisional_sd_share=share), 1).to_pandas()
        few, wide = frame.battle_count < 30, frame.skill_sd > share * PARAMETERS.prior_sd
        said = frame.provisional_reason.fillna("")
        assert ((said == "few_battles") == (few & ~wide)).all()
        assert ((said == "wide_interval") == (~few & wide)).all()
        assert ((said == "few_battles_and_wide_interval") == (few & wide)).all()
        assert ((said != "") == frame.is_provisional).all()
        seen |= set(said)
    assert seen == {"", *PROVISIONAL_REASONS}


def test_a_provisional_model_never_leads() -> None:
    # The one who won all of three battles is behind all who have thirty.
    table = pa.table(
        {
            "stratum_id": ["all"] * 4,
            "dimension": ["overall"] * 4,
            "model_a": ["a", "b", "a", "new"],
            "model_b": ["b", "c", "c", "a"],
            "win_a_count": [20, 15, 20, 3],
            "win_b_count": [10, 15, 10, 0],
            "tie_count": [5, 5, 5, 0],
        }
    )
    frame = rate(table, PARAMETERS, 1).to_pandas().query("estimator == 'trueskill_ep'")
    frame = frame.set_index("model_id")
    assert frame.skill.idxmax() == "new"
    assert frame.is_provisional.to_dict() == {"a": False, "b": False, "c": False, "new": True}
    assert frame.loc["new", ["rank", "rank_lo", "rank_hi", "p_best"]].tolist() == [4, 4, 4, 0.0]
    assert frame["rank"].drop("new").max() == 3
    assert frame.rank_hi.drop("new").max() <= 3
    assert frame.p_best.sum() == pytest.approx(1.0)
    few = table.slice(3)
    alone = rate(few, PARAMETERS, 1).to_pandas().query("estimator == 'trueskill_ep'")
    assert alone.is_provisional.all()
    assert alone.set_index("model_id").p_best["new"] > 0.5


def test_the_only_model_with_enough_battles_is_not_the_best_for_that() -> None:
    others = list("bcdef")
    table = pa.table(
        {
            "stratum_id": ["all"] * len(others),
            "dimension": ["overall"] * len(others),
            "model_a": ["a"] * len(others),
            "model_b": others,
            "win_a_count": [1] * len(others),
            "win_b_count": [7] * len(others),
            "tie_count": [0] * len(others),
        }
    )
    frame = rate(table, PARAMETERS, 1).to_pandas().query("estimator == 'trueskill_ep'")
    frame = frame.set_index("model_id")
    assert frame.index[~frame.is_provisional].tolist() == ["a"]
    # Nor the first, if it is the worst.
    assert frame["rank"]["a"] == len(frame)
    assert frame.p_best["a"] < 0.05
    assert frame.p_best.sum() == pytest.approx(1.0)


def test_disconnected_models_are_told_apart() -> None:
    table = pa.table(
        {
            "stratum_id": ["all"] * 3,
            "dimension": ["overall"] * 3,
            "model_a": ["a", "c", "e"],
            "model_b": ["b", "d", "f"],
            "win_a_count": [50, 20, 0],
            "win_b_count": [10, 20, 0],
            "tie_count": [5, 5, 0],
        }
    )
    frame = rate(table, PARAMETERS, 1).to_pandas().query("estimator == 'trueskill_ep'")
    assert frame.component_count.unique().tolist() == [4]
    assert frame.component.tolist() == [0, 0, 1, 1, 2, 3]
    assert frame.set_index("model_id").loc[["e", "f"]].is_provisional.all()


def rate_pairs() -> pa.Table:
    tables = [
        with_constants(
            pairwise(one.posterior, one.counts),
            {"stratum_id": one.stratum_id, "dimension": one.dimension, "estimator": one.estimator},
        )
        for one in rate_each(TABLE, PARAMETERS)
    ]
    return pa.concat_tables(tables)


def test_pairs_are_complementary() -> None:
    frame = rate_pairs().to_pandas()
    keys = ["stratum_id", "dimension", "estimator"]
    there = frame.set_index([*keys, "model_a", "model_b"]).sort_index()
    back = frame.set_index([*keys, "model_b", "model_a"]).sort_index()
    np.testing.assert_allclose(there.p_better + back.p_better.to_numpy(), 1.0, atol=1e-12)
    total = there.p_win + back.p_win.to_numpy() + there.p_tie
    np.testing.assert_allclose(total, 1.0, atol=1e-12)


def test_a_skewed_board_has_one_covariance_in_all_its_columns() -> None:
    pairs = rate_pairs().to_pandas()
    boards = BOARDS.to_pandas()
    skewed = 0
    for one in rate_each(TABLE, PARAMETERS):
        fitted, shown = one.posterior.fitted, one.posterior
        if one.estimator != "trueskill_ep" or fitted is shown:
            continue
        skewed += 1
        key = (one.stratum_id, one.dimension, one.estimator)
        own = [frame.set_index(["stratum_id", "dimension", "estimator"]).loc[key]
               for frame in (boards, pairs)]  # fmt: skip
        assert (shown.skill_sd > fitted.skill_sd).all()
        np.testing.assert_array_equal(own[0].skill_sd, shown.skill_sd)
        c = shown.covariance
        variance = np.add.outer(np.diag(c), np.diag(c)) - 2 * c
        sd = np.sqrt(variance[~np.eye(len(c), dtype=bool)])
        np.testing.assert_allclose(own[1].skill_difference_sd, sd, rtol=1e-9)
        points = (own[1].p_win + own[1].p_tie / 2).groupby(own[1].model_a).mean()
        np.testing.assert_allclose(own[0].win_share, points, atol=1e-12)
    assert skewed >= 2


def test_the_prior_is_learnt_unless_it_is_fixed() -> None:
    fixed = rate(TABLE, RatingParameters(draws=64, estimate_prior_sd=False), 1).to_pandas()
    assert (fixed.prior_sd == RatingParameters().prior_sd).all()
    frame = rate(TABLE, RatingParameters(draws=64), 1).to_pandas()
    spread = frame.groupby("dimension").prior_sd.unique()
    assert {len(values) for values in spread} == {1}  # one for all tournaments of a dimension
    assert (frame.prior_sd != RatingParameters().prior_sd).all()
    assert frame.is_converged.all()


@pytest.mark.parametrize("threads", ["1", "4"])
def test_threads_do_not_change_a_bit(threads: str, tmp_path: Path) -> None:
    path = tmp_path / "counts.arrow"
    pa.feather.write_feather(TABLE, path, compression="uncompressed")
    code = (
        "import sys, hashlib, pyarrow.feather as f\n"
        "from ratings.tournaments import RatingParameters\n"
        "from tests.ratings.simulation import rate\n"
        "rows = rate(f.read_table(sys.argv[1]), RatingParameters(draws=512), 1).to_pylist()\n"
        "print(hashlib.sha256(repr(rows).encode()).hexdigest())"
    )
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "MKL_NUM_THREADS")
    environment = os.environ | dict.fromkeys(names, threads)
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        env=environment, cwd=Path(__file__).parents[2], check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.strip() == hashlib.sha256(repr(BOARDS.to_pylist()).encode()).hexdigest()


def test_refusals() -> None:
    frame = TABLE.to_pandas()
    no_all = pa.Table.from_pandas(frame[frame.stratum_id != "all"], preserve_index=False)
    with pytest.raises(MissingTournamentError, match="'overall' has no tournament 'all'"):
        rate(no_all, PARAMETERS, 1)
    frame.loc[0, "tie_count"] = -1
    with pytest.raises(InvalidCountsError, match="tie_count is -1"):
        rate(pa.Table.from_pandas(frame, preserve_index=False), PARAMETERS, 1)
    with pytest.raises(ValueError, match="unknown estimators"):
        RatingParameters(estimators=("elo",))
    assert list(rate_each(TABLE[:0], PARAMETERS)) == []
