"""What is made where, in which turns, and which servers are refused."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ingestion.errors import UsageError
from orchestration.dbt_runs import PROJECT_DIRECTORY, parsed
from orchestration.spark_engine import REMOTE, WIDE, spark_engine, turns
from tests.end_to_end.command import demoscope

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

GROWS = {"battle_key", "conversation_id", "event_id", "participant_key", "position"}
# Keyed by events or people, and still small, or not the engine's.
SMALL = {
    "fct_replicate_weight": "made after the ratings",
    "int_battles__sampled": "made after the ratings",
    "int_benchmarks__current": "a row per reported score",
    "int_events__revised": "a row per correction or retraction; made by recursion",
}
TURNS_MAX = 10


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> "Manifest":
    root: Path = tmp_path_factory.mktemp("parsed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEMOSCOPE_HOME", str(root))
        return parsed(PROJECT_DIRECTORY, root)


def test_no_turn_reads_what_is_made_later(manifest: "Manifest") -> None:
    made: set[str] = set()
    nodes = {node.name: node for key, node in manifest.nodes.items() if key.startswith("model.")}
    before = {name for turn in turns(manifest) for name in turn.names}
    for turn in turns(manifest):
        for name in turn.names:
            assert (WIDE in nodes[name].tags) == turn.is_wide
            assert {key.split(".")[-1] for key in nodes[name].depends_on_nodes} & before <= made
            made.add(name)
    assert made == before
    assert {name for name, node in nodes.items() if WIDE in node.tags} <= made
    assert len(turns(manifest)) <= TURNS_MAX


def test_nothing_of_the_ratings_is_made_before_them(manifest: "Manifest") -> None:
    made = {name for turn in turns(manifest) for name in turn.names}
    assert {"fct_cell_count", "fct_weighted_judgment"} <= made
    assert not {"rpt_leaderboard", "int_battles__sampled"} & made


def test_a_table_that_is_keyed_by_events_or_people_is_wide(manifest: "Manifest") -> None:
    keyed = set()
    for node in manifest.nodes.values():
        about: Any = getattr(node, "test_metadata", None)
        sets = about.kwargs.get("unique", []) if about else []
        if any(GROWS & set(columns) for columns in sets):
            table = manifest.nodes[str(getattr(node, "attached_node", ""))]
            if WIDE not in table.tags:
                keyed.add(table.name)
    assert keyed == set(SMALL)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("sc://cluster.example.org:15002", "not a server on this machine"),
        ("http://127.0.0.1:15002", "not a server on this machine"),
        ("sc://127.0.0.1:9", "no server answers"),
    ],
)
def test_a_server_elsewhere_or_nowhere_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, said: str
) -> None:
    monkeypatch.setenv(REMOTE, address)
    with pytest.raises(UsageError, match=said), spark_engine(tmp_path):
        pass


def test_who_has_no_engine_is_told_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(REMOTE, raising=False)
    monkeypatch.setitem(sys.modules, "pysail.spark", None)
    with pytest.raises(UsageError) as refused, spark_engine(tmp_path):
        pass
    assert "make setup-spark" in str(refused.value.remedy)


def test_a_directory_that_no_sql_can_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="quotes"), spark_engine(tmp_path / "it's"):
        pass


def test_an_engine_that_there_is_not(home: Path) -> None:
    done = demoscope(home, "build", "--engine", "sparks")
    assert done.returncode == 2
    assert "spark" in done.stderr
