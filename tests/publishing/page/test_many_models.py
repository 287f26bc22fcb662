"""Of very many models the page pairs the best, and reads no more of the pairs than it shows."""

from itertools import permutations
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from publishing.page import marts, page_data
from publishing.page.marts import PAIRS, READ, Rows, best_models, read_mart, read_marts

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
        | {"dimension": "overall", "model_a": a, "model_b": b, "battle_count": 7}
        | {"p_better": 0.25 + 0.5 * (RANKS[a] < RANKS[b]), "p_win": 0.5}
        for a, b in permutations(MODELS, 2)
    ]


@pytest.fixture
def two_models_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marts, "MATRIX_MODELS", 2)
    monkeypatch.setattr(page_data, "MATRIX_MODELS", 2)


@pytest.mark.usefixtures("two_models_fit")
def test_only_the_pairs_of_the_best_are_read(tmp_path: Path) -> None:
    for name, columns in READ.items():
        rows = {PAIRS: pairs(), "rpt_leaderboard": leaderboard()}.get(name, [])
        kinds = {name: pa.bool_() if one is True else pa.string() for name, one in columns.items()}
        empty = pa.table({column: pa.array([], kind) for column, kind in kinds.items()})
        pq.write_table(pa.Table.from_pylist(rows) if rows else empty, tmp_path / f"{name}.parquet")
    assert best_models(read_mart(tmp_path, "rpt_leaderboard")) == {("overall", "none"): ["c", "b"]}
    read = read_marts(tmp_path)
    assert list(read) == list(READ)
    assert {(row["model_a"], row["model_b"]) for row in read[PAIRS]} == {("b", "c"), ("c", "b")}


@pytest.mark.usefixtures("two_models_fit")
def test_the_page_says_which_models_are_paired() -> None:
    places = {
        "model_id": {model: place for place, model in enumerate(MODELS)},
        "dimension": {"overall": 0},
    }
    among = [row for row in pairs() if {row["model_a"], row["model_b"]} == {"b", "c"}]
    [found] = page_data.pairs(among, places)
    assert found is not None
    assert found["models"] == [1, 2]
    assert (found["better"], found["worse"]) == ([25], [75])


def test_a_page_of_few_models_has_every_pair() -> None:
    places = {
        "model_id": {model: place for place, model in enumerate(MODELS)},
        "dimension": {"overall": 0},
    }
    [found] = page_data.pairs(pairs(), places)
    assert found is not None
    assert "models" not in found
    assert len(found["better"]) == 6
