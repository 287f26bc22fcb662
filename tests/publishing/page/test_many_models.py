"""Of very many models the page pairs the best, and reads no more of the pairs than it shows."""

from itertools import permutations
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from publishing.page import marts
from publishing.page.leaderboards import Key
from publishing.page.marts import PAIRS, READ, Rows, paired_models, read_mart, read_marts
from publishing.page.pairs import pairs as page_pairs

MODELS = ("a", "b", "c", "d")
RANKS = {"a": 4, "b": 2, "c": 1, "d": 3}
BOARD = {"stratum_id": "all", "weighting": "none", "estimator": "trueskill_ep"}


def leaderboard() -> Rows:
    """Everybody's, and one of a country that is the other way round."""
    return [
        BOARD | {"stratum_id": stratum, "dimension": "overall", "model_id": model, "rank": rank}
        for stratum, turn in (("all", 1), ("US", -1))
        for model, rank in ((model, RANKS[model] * turn % 5) for model in MODELS)
    ]


def pairs() -> Rows:
    return [
        BOARD
        | {"stratum_id": stratum, "dimension": "overall", "model_a": a, "model_b": b}
        | {"battle_count": 7, "win_count": 3, "loss_count": 2, "tie_count": 1}
        | {"win_share": 0.25 + 0.5 * (RANKS[a] < RANKS[b])}
        | {"win_share_lo": 0.1, "win_share_hi": 0.8}
        for stratum in ("all", "US", "US/age/55+")
        for a, b in permutations(MODELS, 2)
    ]


@pytest.fixture
def two_models_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marts, "PAIRS_MOST_WHOLE", 2)


@pytest.mark.usefixtures("two_models_fit")
def test_only_the_pairs_of_the_best_are_read(tmp_path: Path) -> None:
    for name, columns in READ.items():
        rows = {PAIRS: pairs(), "rpt_leaderboard": leaderboard()}.get(name, [])
        kinds = {name: pa.bool_() if one is True else pa.string() for name, one in columns.items()}
        empty = pa.table({column: pa.array([], kind) for column, kind in kinds.items()})
        pq.write_table(pa.Table.from_pylist(rows) if rows else empty, tmp_path / f"{name}.parquet")
    assert paired_models(read_mart(tmp_path, "rpt_leaderboard")) == {
        ("US", "overall", "none"): ["a", "d"],
        ("all", "overall", "none"): ["c", "b"],
    }
    read = read_marts(tmp_path)
    assert list(read) == list(READ)
    assert [(row["stratum_id"], row["model_a"], row["model_b"]) for row in read[PAIRS]] == [
        ("US", "a", "d"), ("US", "d", "a"), ("all", "b", "c"), ("all", "c", "b"),
    ]  # fmt: skip


def test_boards_of_groups_have_the_room_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = [row | {"stratum_id": f"US/age/{row['stratum_id']}"} for row in leaderboard()]
    monkeypatch.setattr(marts, "PAIRS_MOST", 12 + 6)
    counts = [len(models) for models in paired_models([*leaderboard(), *groups]).values()]
    assert counts == [4, 3, 3, 4]


@pytest.mark.usefixtures("two_models_fit")
def test_a_weighted_board_is_paired_rather_than_an_unweighted_one() -> None:
    weighted = [row | {"weighting": "census"} for row in leaderboard()]
    assert {board[2] for board in paired_models([*leaderboard(), *weighted])} == {"census"}


def test_the_page_says_which_models_are_paired() -> None:
    board = sorted(leaderboard()[:4], key=lambda row: int(row["rank"]))
    key = Key("all", "overall", BOARD["estimator"], "none")
    among = [
        row for row in pairs()
        if row["stratum_id"] == "all" and {row["model_a"], row["model_b"]} <= {"c", "b", "d"}
    ]  # fmt: skip
    found = page_pairs(among, {key: board})
    assert found["board"] == [0]
    assert found["size"] == [3]
    assert found["share"] == [[25, 0, 25]]
    assert found["lo"] == [[65, 65, 65]]
    assert found["hi"] == [[-60, -60, -60]]
    assert found["votes"] == [[7, 7, 7]]
    assert [found[name] for name in ("won", "lost", "rest")] == [[[3] * 3], [[2] * 3], [[1] * 3]]
    assert found["apart"] == [[0, 0, 0]]
