"""What people connect with reads a publication: DuckDB and older ones, ADBC, SQLAlchemy, polars.

Clients that do not fit beside the pipeline's own libraries get an environment of their own.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import adbc_driver_duckdb
import duckdb
import pytest
from adbc_driver_manager import dbapi

from publishing.publications.writing import DATABASE_FILE, write_files
from tests.publishing.publications.conftest import ABOUT, ROWS, THING

PUBLIC = [row for row in ROWS if row[0] in {"all", "US"}]
COUNT, SKILL, MOST = len(PUBLIC), 6.35, 3_000
BY_DUCKDB = """
import duckdb, json, sys
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    answer = connection.sql("select count(*), cast(round(sum(skill), 2) as varchar), "
                            "max(battle_count) from rpt_thing").fetchall()[0]
    comment = connection.sql("select comment from duckdb_columns() where table_name = 'rpt_thing' "
                             "and column_name = 'skill'").fetchall()[0][0]
print(json.dumps([duckdb.__version__, *answer, comment]))
"""
BY_SQLALCHEMY = """
import json, sys, warnings
import sqlalchemy as sa
warnings.filterwarnings("ignore", message="duckdb-engine doesn't yet support reflection on indices")
engine = sa.create_engine(f"duckdb:///{sys.argv[1]}", connect_args={"read_only": True})
metadata = sa.MetaData()
metadata.reflect(engine)
table = metadata.tables["rpt_thing"]
with engine.connect() as connection:
    count = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar()
kinds = {column.name: str(column.type) for column in table.columns}
print(json.dumps([count, kinds, table.c.skill.comment, table.comment]))
"""
BY_POLARS = """
import json, sys
import polars as pl
frame = pl.scan_parquet(sys.argv[1])
answer = frame.select(pl.len(), pl.col("skill").sum().round(2), pl.col("battle_count").max())
kinds = {name: str(kind) for name, kind in frame.collect_schema().items()}
print(json.dumps([*answer.collect().row(0), kinds]))
"""


@pytest.fixture
def published(open_mart: Callable[..., duckdb.DuckDBPyConnection], out: Path) -> Path:
    """The directory of a publication, its files read-only."""
    write_files(open_mart(), out, [THING], ABOUT)
    for path in out.iterdir():
        path.chmod(0o444)
    return out


def test_duckdb_reads_it_and_cannot_write(published: Path) -> None:
    with duckdb.connect(published / DATABASE_FILE, read_only=True) as connection:
        assert connection.sql("select count(*) from rpt_thing").fetchall() == [(COUNT,)]
        with pytest.raises(duckdb.InvalidInputException, match="read-only"):
            connection.execute("delete from rpt_thing")


def test_adbc_reads_it_and_cannot_write(published: Path) -> None:
    options = {"path": str(published / DATABASE_FILE), "access_mode": "READ_ONLY"}
    connection = dbapi.connect(
        driver=adbc_driver_duckdb.driver_path(),
        entrypoint="duckdb_adbc_init",
        db_kwargs=options,
        autocommit=True,
    )
    with closing(connection), connection.cursor() as cursor:
        cursor.execute("select model_id, battle_count from rpt_thing where stratum_id = 'US'")
        assert cursor.fetch_arrow_table().to_pylist() == [{"model_id": "a=b", "battle_count": 0}]
        with pytest.raises(dbapi.Error, match="read-only"):
            cursor.execute("delete from rpt_thing")


def run_with(tmp_path: Path, requirements: list[str], code: str, file: Path) -> list[object]:
    """Run code in an environment with these requirements and nothing else."""
    environment = tmp_path / "environment"
    uv = Path(sys.executable).with_name("uv")
    python = environment / "bin" / "python"
    subprocess.run([uv, "venv", "--quiet", environment], check=True)
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *requirements], check=True)
    done = subprocess.run(
        [python, "-c", code, file], check=False, capture_output=True, text=True, cwd=tmp_path
    )
    assert (done.returncode, done.stderr) == (0, "")
    answer: list[object] = json.loads(done.stdout)
    return answer


@pytest.mark.slow
@pytest.mark.parametrize("version", ["1.4", "1.5"])
def test_older_clients_read_it(published: Path, tmp_path: Path, version: str) -> None:
    found = run_with(tmp_path, [f"duckdb=={version}.*"], BY_DUCKDB, published / DATABASE_FILE)
    assert str(found[0]).startswith(f"{version}.")
    assert found[1:] == [COUNT, str(SKILL), MOST, "Skill."]


@pytest.mark.slow
def test_sqlalchemy_reflects_it(published: Path, tmp_path: Path) -> None:
    requirements = ["duckdb==2.0.*", "duckdb-engine==0.17.*", "sqlalchemy<2.0.55"]
    count, kinds, column, table = run_with(
        tmp_path, requirements, BY_SQLALCHEMY, published / DATABASE_FILE
    )
    assert (count, column, table) == (COUNT, "Skill.", THING.grain)
    assert kinds == {
        "stratum_id": "VARCHAR",
        "model_id": "VARCHAR",
        "skill": "FLOAT",
        "battle_count": "INTEGER",
        "is_retired": "BOOLEAN",
        "retired_at": "TIMESTAMP",
    }


@pytest.mark.slow
def test_polars_reads_the_parquet_files(published: Path, tmp_path: Path) -> None:
    found = run_with(tmp_path, ["polars>=2"], BY_POLARS, published / "rpt_thing.parquet")
    assert found == [
        COUNT,
        SKILL,
        MOST,
        {
            "stratum_id": "String",
            "model_id": "String",
            "skill": "Float64",
            "battle_count": "Int32",
            "is_retired": "Boolean",
            "retired_at": "Datetime(time_unit='us', time_zone='UTC')",
        },
    ]
