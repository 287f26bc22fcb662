"""Tables that Sail makes are those that DuckDB makes, each value to the bit, and so is the release.

Whatever is tagged `wide` is made by both engines from the same log and compared both ways: of a
simulated study, and of a small one in which everything happens that the log can undo. Where
SPARK_REMOTE names a server it is Apache Spark's, in place of Sail: `make parity-spark`.
"""

import os
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion.log import EventLog
from ingestion.log.held_files import path_literal
from ingestion.paths import Home
from ingestion.simulation.parameters import Parameters
from ingestion.simulation.study import simulate
from orchestration.building import Workspace, build, transform
from orchestration.database import open_database
from orchestration.dbt_runs import DUCKDB, SPARK, run_dbt
from orchestration.loading import load_file
from orchestration.spark_engine import REMOTE, spark_engine
from publishing.boards.inputs import Cut
from tests.end_to_end.command import demoscope
from tests.end_to_end.history import PEOPLE, Study, about, battle, write_history

pytest.importorskip("pysail", reason="no engine of Spark's protocol: make setup-spark")
from pysail.spark import SparkConnectServer
from pyspark.sql import SparkSession

FILES = ("models", "participants", "conversations", "labels", "battles", "judged")
UNTIL = "2025-07-16T00:00:00+00:00"
# Small, and DuckDB's alone. Why, in words of docs/scale.md.
NOT_PORTABLE = {
    "int_events__revised": "recursion",
    "int_models__aliased": "recursion",
    "int_quota_cells__crossed": "recursion",
    "int_quota_cells__targeted": "recursion",
    "int_variants__registered": "recursion",
    "int_weighting_cells__raked": "recursion",
    "int_weighting_cells__bounded": "Python",
    "int_variants__published": "a fault of Sail 0.7.2",
    "rpt_rank_comparison": "exp() differs in the last bit",
    "rpt_weighting_diagnostics": "integers beyond 64 bits",
}
# Apache Spark alone makes these, too.
ON_SPARK = {"int_models__aliased", "int_quota_cells__crossed", "int_variants__published"}


def relations(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, list[Any]]:
    """Every table and view of dbt, with its columns and their types."""
    query = (
        "select table_name, list([column_name, data_type] order by column_name)"
        " from information_schema.columns"
        f" where table_catalog = '{database}' and table_schema = 'main' group by table_name"
    )
    return dict(connection.sql(query).fetchall())


def to_the_bit(relation: str, columns: list[Any]) -> str:
    """Rows as they can be compared: doubles in hexadecimal, since -0.0 equals 0.0."""
    shown = ", ".join(
        f"printf('%a', \"{name}\")" if kind == "DOUBLE" else f'"{name}"' for name, kind in columns
    )
    return f"select {shown} from {relation}"


def difference(one: Path, other: Path) -> dict[str, Any]:
    """Per table that isn't the same in both databases, what one of them alone has."""
    found: dict[str, Any] = {}
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for name, path in (("one", one), ("other", other)):
            connection.execute(f"attach {path_literal(path)} as {name} (read_only)")
        ours, theirs = relations(connection, "one"), relations(connection, "other")
        assert ours.keys() == theirs.keys()
        for table, columns in ours.items():
            if columns != theirs[table]:
                found[table] = [pair for pair in columns if pair not in theirs[table]]
                continue
            a = to_the_bit(f"one.main.{table}", columns)
            b = to_the_bit(f"other.main.{table}", columns)
            rows = connection.sql(f"({a} except all {b}) union all ({b} except all {a})").limit(3)
            if rows.fetchall():
                found[table] = rows.fetchall()
    return found


def copied(database: Path, directory: Path) -> Path:
    """A copy of a database, which dbt keeps open in this process."""
    with open_database(database) as connection:
        connection.execute("checkpoint")
    directory.mkdir(exist_ok=True)
    return Path(shutil.copy(database, directory / "copy.duckdb"))


def transformed(home: Home, root: Path, engine: str) -> Path:
    """A copy of the database of all that is made before the ratings, of what happened by UNTIL."""
    log = EventLog.open(home.log)
    workspace = Workspace(root)
    cut = Cut(log.resolve(None), UNTIL)
    transform(workspace, log, cut, loads=home.loads, is_tested=False, engine=engine)
    return copied(workspace.database, root)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Home:
    root = tmp_path_factory.mktemp("simulated")
    made = simulate(Parameters(participants=300, seed=5), root / "study")
    home = Home(root / "home")
    for file in made.files:
        load_file(home, str(file))
    return home


def happening(study: Study) -> None:
    """What write_history leaves out: no country, tallies, strikes, aliases, variants, again."""

    def event(kind: str, native_id: str, **columns: Any) -> dict[str, Any]:
        return {"event_type": kind, "source": "panel", "native_id": native_id, **columns}

    def model(native_id: str, model_id: str, **columns: Any) -> dict[str, Any]:
        return event("model_registered", native_id, model_id=model_id, **columns)

    talk = {"conversation_id": "talk-1", "participant_id": PEOPLE[4]}
    study.commit(
        [
            event("participant_enrolled", "nowhere", participant_id="p90", age="41"),
            event("participant_enrolled", "elsewhere", participant_id="p91", country="FR"),
            battle(90, month=4) | {"participant_id": "p90"},
            battle(91, month=4) | {"participant_id": "p91"},
            battle(92, month=4) | {"participant_id": "p92"},
            battle(93, month=4) | {"model_a": "beryl", "topic": "code"},
            battle(94, month=4) | {"conversation_id": "talk-1", "participant_id": PEOPLE[4]},
            model("m1", "aurora", display_name="Aurora", provider="Dawn, Inc."),
            model("m2", "aurora", display_name="Aurora 2", licence="open"),
            model("m3", "dune", is_private="true", provider="Dawn Inc", family="sand"),
            event("model_retired", "m4", model_id="cobalt", reason="Too old."),
            event("model_aliased", "m5", alias="beryl", model_id="basalt"),
            event("model_aliased", "m6", alias="gold", model_id="beryl", applies_to="later"),
            event("model_published", "m7", model_id="dune", public_id="gold"),
            event("conversation_recorded", "talk", turn_count=5, median_turn_ms=900, **talk),
            event("conversation_recorded", "mute", turn_count=0, **talk)
            | {"conversation_id": "talk-2", "participant_id": "p92"},
            event(
                "battles_tallied", "t1", dimension="overall", model_a="dune", model_b="aurora",
                win_a_count=5, win_b_count=7, tie_count=2, both_bad_count=1,
            ),
            event(
                "battles_tallied", "t2", dimension="honesty", model_a="aurora", model_b="basalt",
                win_a_count=3, win_b_count=1, tie_count=0, both_bad_count=0,
            ),
            *(
                event(
                    "strike_issued", f"s{number}", participant_id=PEOPLE[5], rule="pasted",
                    rule_version="1", evidence="All of it.",
                )
                for number in range(3)
            ),
            *(
                event("experience_rated", f"e{number}", participant_id=PEOPLE[number],
                      model_id="aurora", criterion="warmth", rating=str(1 + number % 7))
                for number in range(6)
            ),
        ]
    )  # fmt: skip
    study.commit(
        [
            about("event_retracted", "chain-0", study.battle_id(11)),
            about("event_retracted", "strike-0", study.id_of("s0", "panel")),
            about("event_retracted", "alias-0", study.id_of("m6", "panel")),
            about("event_retracted", "again", study.battle_id(12)),
        ]
    )
    for depth in range(5):
        target = study.id_of(f"chain-{depth}")
        study.commit([about("event_retracted", f"chain-{depth + 1}", target)])
    # Said again after it was retracted: the next generation of its id.
    study.commit([battle(12, month=6)])


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Home:
    root = tmp_path_factory.mktemp("history")
    study = Study(root / "home", root / "inputs")
    write_history(study)
    happening(study)
    erased = demoscope(root / "home", "log", "erase", PEOPLE[3], "--level", "2", "--yes")
    assert erased.returncode == 0, erased.stderr
    return Home(root / "home")


@pytest.fixture(scope="module")
def built(history: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The history's database as DuckDB builds it alone, with the release's id beside."""
    root = tmp_path_factory.mktemp("built")
    (root / "release").write_text(build(history).id)
    return copied(history.database, root)


def test_a_simulated_study_up_to_a_day(simulated: Home, tmp_path: Path) -> None:
    ours = transformed(simulated, tmp_path / "duckdb", DUCKDB)
    theirs = transformed(simulated, tmp_path / "spark", SPARK)
    assert difference(ours, theirs) == {}
    with duckdb.connect(ours, read_only=True) as connection:
        [(some,)] = connection.sql("select count(*) from fct_battle").fetchall()
        [(all_of_them,)] = connection.sql("select count(*) from raw.battle_judged").fetchall()
    assert 0 < some < all_of_them


def test_a_history_and_its_release(history: Home, built: Path, tmp_path: Path) -> None:
    release = build(history, engine=SPARK)
    assert release.id == (built.parent / "release").read_text()
    assert difference(built, copied(history.database, tmp_path)) == {}


def test_each_table_by_itself_on_a_server_that_is_named(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From DuckDB's tables the engine makes every other that is said to be portable."""
    left_out = set(NOT_PORTABLE)
    server = SparkConnectServer()
    if os.environ.get(REMOTE):
        left_out -= ON_SPARK
    else:
        server.start(background=True)
        monkeypatch.setenv(REMOTE, "sc://{}:{}".format(*(server.listening_address or ())))
    found = set()
    with spark_engine(tmp_path) as engine, duckdb.connect(built, read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        query = "select table_schema, table_name from information_schema.tables"
        engine.show(connection, connection.sql(query).fetchall())
        columns = relations(connection, "copy")
        command = ["compile", "--select", "resource_type:model"]
        for result in run_dbt(command, root=tmp_path, target=SPARK):
            name = result.node.name
            if str(result.node.resource_type) != "model" or name in left_out:
                continue
            query = str(getattr(result.node, "compiled_code", ""))
            theirs = SparkSession.builder.getOrCreate().sql(query).toArrow()
            connection.register("theirs", theirs)
            # Whole numbers may be narrower by themselves: DuckDB casts them to what is promised.
            cast = ", ".join(
                f'cast("{column}" as {kind}) as "{column}"' for column, kind in columns[name]
            )
            a = to_the_bit(f"main.{name}", columns[name])
            b = to_the_bit(f"(select {cast} from theirs)", columns[name])
            rows = f"({a} except all {b}) union all ({b} except all {a})"
            if connection.sql(rows).limit(1).fetchall():
                found.add(name)
    if server.running:
        server.stop()
    assert found == set()
