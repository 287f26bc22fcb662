"""No file that a build can load is outside the hash of the code, and a reproduction names it."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestion.errors import IntegrityError
from ingestion.paths import Home
from orchestration.reproduction import code_notes
from publishing.boards import program
from publishing.boards.designs import LEFT_OUT, keep_design, project_with

HIDDEN = (
    "dbt_project/macros/logs/counted.sql",
    "dbt_project/macros/target/counted.sql",
    "dbt_project/macros/cli/counted.sql",
    "dbt_project/macros/__pycache__/counted.sql",
    "dbt_project/macros/dbt_packages/counted.sql",
    "dbt_project/dbt_packages/other/macros/counted.sql",
    "dbt_project/models/assets/counted.yaml",
    "dbt_project/models/counted.py",
    "dbt_project/later_seeds/counted.csv",
    "dbt_project/packages.yml",
    "dbt_project/macros/counted.SQL",
    "dbt_project/seeds/counted.CSV",
    "orchestration/assets/counted.py",
    "orchestration/cli/counted.py",
    "orchestration/logs/counted.py",
    "ingestion/counted.cpython-311-x86_64-linux-gnu.so",
    "ingestion/mappings/counted.yaml",
    "ratings/counted.pyc",
    "expectations/counted.py",
    "publishing/publications/counted.py",
)
NOT_LOADED = (
    "dbt_project/target/compiled.sql",
    "dbt_project/logs/dbt.sql",
    "ratings/__pycache__/counted.cpython-311.pyc",
    "ratings/notes.txt",
)


@pytest.fixture
def tree(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the code that a test may change."""
    root = tmp_path / "tree"
    for name in (*program.PACKAGES, program.PROJECT):
        ignored = shutil.ignore_patterns("__pycache__", "target", "logs")
        shutil.copytree(repository / name, root / name, ignore=ignored)
    shutil.copy(repository / "requirements.lock", root)
    monkeypatch.setattr(program, "ROOT", root)
    monkeypatch.setattr(program, "LOCK_FILE", root / "requirements.lock")
    _forget()
    yield root
    _forget()


def _forget() -> None:
    program.code_hash.cache_clear()
    program.code_listing.cache_clear()


def put(root: Path, name: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text("{% macro is_counted() %}true{% endmacro %}")
    _forget()


@pytest.mark.parametrize("name", HIDDEN)
def test_a_file_that_can_be_loaded_changes_the_hash(tree: Path, tmp_path: Path, name: str) -> None:
    before = program.code_hash()
    program.keep_program(tmp_path)
    put(tree, name)
    assert program.code_hash() != before
    assert program.code_changes(tmp_path, before) == [f"{name} (new)"]


@pytest.mark.parametrize(
    "place", ["dbt_project/dbt_packages", "dbt_project/macros/more", "ratings/x"]
)
def test_a_linked_directory_is_refused(tree: Path, tmp_path: Path, place: str) -> None:
    """dbt reads what lies behind it, and the list of files doesn't have it."""
    (tmp_path / "elsewhere").mkdir()
    (tree / place).symlink_to(tmp_path / "elsewhere")
    _forget()
    with pytest.raises(IntegrityError, match="link to a directory"):
        program.code_hash()


@pytest.mark.parametrize("name", NOT_LOADED)
def test_what_is_written_by_tools_does_not(tree: Path, name: str) -> None:
    before = program.code_hash()
    put(tree, name)
    assert program.code_hash() == before


def test_the_list_has_the_hash_of_the_code(tree: Path, tmp_path: Path) -> None:
    before = program.code_hash()
    assert hashlib.sha256(program.code_listing().encode()).hexdigest() == before
    program.keep_program(tmp_path)
    changed, gone = tree / "ratings" / "gaussian.py", tree / "ratings" / "growth.py"
    changed.write_text("# nothing")
    gone.unlink()
    _forget()
    made_by = {
        "code_version": "0.1.0",
        "code_sha256": before,
        "dependency_lock_sha256": program.lock_hash(),
        "dependencies": program.installed() | {"duckdb": "0.0.1"},
    }
    [code, libraries] = code_notes(tmp_path, made_by)
    assert "ratings/gaussian.py (changed), ratings/growth.py (gone)" in code
    assert "duckdb 0.0.1, here " in libraries
    kept = tmp_path / program.PROGRAMS / f"{before}.txt"
    kept.write_text("forged 00\n")
    assert program.code_changes(tmp_path, before) is None


def test_installed_versions_are_those_of_the_lock() -> None:
    versions = program.installed()
    assert {"duckdb", "dbt-core", "numpy", "pyarrow"} <= versions.keys()
    assert not program.version_changes(versions)


def test_a_copy_of_the_project_has_every_macro(tree: Path, tmp_path: Path) -> None:
    for name in HIDDEN[:5]:
        put(tree, name)
    project, boards = tree / "dbt_project", Home(tmp_path / "home").boards
    keep_design(boards, project)
    design = next((boards / "designs").iterdir()).name
    (project / "seeds" / "seed_more.csv").write_text("a\n1\n")
    copy = project_with(boards, design, project, tmp_path / "scratch")
    for name in HIDDEN[:5]:
        assert (copy / Path(name).relative_to("dbt_project")).exists()
    assert not [name for name in LEFT_OUT if (copy / name).exists()]
