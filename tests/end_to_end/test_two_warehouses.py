"""One file in two warehouses: their keys differ, their figures don't."""

import re
import shutil
from pathlib import Path

import duckdb
import pytest

from ingestion.paths import Home
from ingestion.simulation.parameters import Parameters
from ingestion.simulation.study import simulate
from orchestration.rating_queries import QUERIES
from tests.end_to_end.command import document

# Of a home by nature: its keys, its times, the checkpoints of its log.
OWN_TABLES = {"fct_load", "rpt_log_integrity", "verification"}
OWN_COLUMNS = re.compile("(_key|_id|recorded_at)$")
SAME_IDS = {"model_id", "stratum_id", "cell_id", "provider_id"}
KEYS = r"participant_key|battle_key|conversation_id|event_id"


def test_no_query_numbers_rows_by_a_key() -> None:
    """Keys come of a home's secret; a number may only break a tie by one."""
    for name, query in QUERIES.items():
        assert not re.search(rf"over \(\s*order by (coalesce\()?(\w+\.)?({KEYS})", query), name


@pytest.mark.slow
def test_one_file_has_one_set_of_figures(tmp_path: Path) -> None:
    study = simulate(Parameters(participants=400), tmp_path / "study")
    files = [path for path in study.files if path.suffix == ".jsonl"]
    homes = []
    for name in ("one", "another"):
        homes.append(Home(tmp_path / name))
        document(homes[-1].root, "ingest", *files, "--json")
        document(homes[-1].root, "build", "--json")
    with duckdb.connect() as connection:
        for home, name in zip(homes, ("one", "another"), strict=True):
            # This process may still hold the database, and not have written all of it to its file.
            copy = tmp_path / f"{name}.duckdb"
            for path in home.root.glob(f"{home.database.name}*"):
                shutil.copy(path, tmp_path / path.name.replace(home.database.stem, name))
            connection.execute(f"attach '{copy}' as {name} (read_only)")
        tables = connection.execute(
            """
            select schema_name, table_name,
                list(column_name order by column_index)
            from duckdb_columns() inner join duckdb_tables()
                using (database_name, schema_name, table_name)
            where database_name = 'one' group by all
            """
        ).fetchall()
        compared = 0
        for schema, table, columns in tables:
            chosen = [c for c in columns if c in SAME_IDS or not OWN_COLUMNS.search(c)]
            if table in OWN_TABLES or not chosen:
                continue
            said = ", ".join(f'"{column}"' for column in chosen)
            one, another = (
                f'select {said} from {name}."{schema}"."{table}"' for name in ("one", "another")
            )
            differing = connection.sql(
                f"({one} except all {another}) union all ({another} except all {one}) limit 1"
            ).fetchall()
            assert not differing, (table, dict(zip(chosen, differing[0], strict=True)))
            compared += 1
    assert compared > 100
