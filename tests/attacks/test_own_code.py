"""Code that the code's hash doesn't cover is refused before a release is kept or judged."""

import os
import py_compile
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestion.errors import IntegrityError
from publishing.boards import own_code, program
from publishing.boards.own_code import require_own_code

CHECKED = """
import ratings.tournaments
from publishing.boards.own_code import require_own_code
from publishing.boards.program import code_hash
try:
    require_own_code()
finally:
    print(code_hash(), getattr(ratings.tournaments, "IS_FORGED", False))
"""
FORGED = "IS_FORGED = True\n"


@pytest.fixture(scope="module")
def tree(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program, whose modules are compiled; a test leaves it as it was."""
    root = tmp_path_factory.mktemp("program") / "tree"
    for name in program.PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(repository / name, root / name, ignore=ignored)
    shutil.copytree(repository / "dbt_project" / "macros", root / "dbt_project" / "macros")
    done = run(root)
    assert done.returncode == 0, done.stderr
    return root


def run(*path: Path) -> subprocess.CompletedProcess[str]:
    others = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment = {**others, "PYTHONPATH": os.pathsep.join(map(str, path))}
    command = [sys.executable, "-P", "-c", CHECKED]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def compiled_of(source: Path) -> Path:
    # Not where this process would put it.
    return source.parent / "__pycache__" / f"{source.stem}.{sys.implementation.cache_tag}.pyc"


@pytest.mark.parametrize(
    "mode",
    [
        py_compile.PycInvalidationMode.TIMESTAMP,
        py_compile.PycInvalidationMode.UNCHECKED_HASH,
        py_compile.PycInvalidationMode.CHECKED_HASH,
    ],
)
def test_a_forged_compiled_file_is_refused(
    tree: Path, mode: py_compile.PycInvalidationMode
) -> None:
    source = tree / "ratings" / "tournaments.py"
    true = run(tree).stdout.split()[0]
    forged = tree / "forged.py"
    forged.write_text(source.read_text() + FORGED)
    path = compiled_of(source)
    py_compile.compile(str(source), str(path), doraise=True, invalidation_mode=mode)
    header = path.read_bytes()[:16]
    py_compile.compile(str(forged), str(path), doraise=True)
    path.write_bytes(header + path.read_bytes()[16:])
    done = run(tree)
    # It runs, and the hash is the same.
    assert done.stdout.split() == [true, "True"]
    assert done.returncode != 0
    assert f"{path} is not what {source} compiles to" in done.stderr
    path.unlink()
    done = run(tree)
    assert done.returncode == 0, done.stderr


def test_each_module_is_what_python_compiles_it_to(tree: Path) -> None:
    sources = [path for name in program.PACKAGES for path in sorted((tree / name).rglob("*.py"))]
    assert len(sources) > 300
    for source in sources:
        path = tree / "compiled.pyc"
        py_compile.compile(str(source), str(path), doraise=True)
        assert own_code._is_compiled_from(path.read_bytes(), source), source
        header = path.read_bytes()[:16]
        py_compile.compile(__file__, str(path), doraise=True)
        forged = header + path.read_bytes()[16:]
        assert not own_code._is_compiled_from(forged, source)


def test_a_package_from_elsewhere_is_refused(tree: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(tree / "ratings", other / "ratings")
    done = run(other, tree)
    assert done.returncode != 0
    assert f"ratings is loaded from {other / 'ratings' / '__init__.py'}" in done.stderr


def test_a_stale_compiled_file_that_python_leaves_aside_is_none_of_it(tmp_path: Path) -> None:
    source, compiled = tmp_path / "a.py", tmp_path / "a.pyc"
    source.write_text("A = 1\n")
    py_compile.compile(str(source), str(compiled), doraise=True)
    source.write_text("A = 22\n")
    assert own_code._is_compiled_from(compiled.read_bytes(), source)
    assert own_code._is_compiled_from(b"", source)


@pytest.fixture
def forgotten() -> Iterator[None]:
    own_code._found.clear()
    yield
    own_code._found.clear()


@pytest.mark.usefixtures("forgotten")
def test_this_process_runs_what_is_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    require_own_code()
    own_code._found.clear()
    monkeypatch.setattr(program, "ROOT", tmp_path)
    with pytest.raises(IntegrityError, match="not from this program"):
        require_own_code()
