"""The tree keeps its own rules: no trace of one machine, files of a size to read, honest locks."""

import os
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCKS = (
    "requirements-bootstrap.lock",
    "requirements.lock",
    "requirements-dev.lock",
    "requirements-spark.lock",
    "requirements-oracle.lock",
    "requirements-spark-server.lock",
)
# The rooms, where CI and its services look, and the files that people expect at the top.
TOP = {
    *("orchestration", "dbt_project", "ingestion", "expectations", "ratings", "publishing"),
    *("tests", "docs", ".ci", ".github", "Makefile", "pyproject.toml", *LOCKS),
    *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "CITATION.cff", "LICENSE"),
    *(".editorconfig", ".gitignore", ".pre-commit-config.yaml", ".sqlfluff", ".sqlfluffignore"),
}
MOST_LINES = {".py": 700, ".sql": 250}

# Written so that this file passes its own test.
FOREIGN = {
    "a path of one machine": re.compile(
        r"(?<![\w.~)}-])/(?:root|work|farm|opt/pypi|home/\w+|Users/\w+)/"
    ),
    "a registry's address": re.compile(
        r"pypi\.org|pythonhosted\.|registry\.npmjs|deb\.debian|https?://[^\s\")]*/simple\b"
    ),
}


@cache
def tracked() -> tuple[Path, ...]:
    """Files under version control, and those that would be with the next `git add`."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        pytest.skip(f"not a git repository: {listed.stderr.strip()}")
    names = sorted(filter(None, listed.stdout.split("\0")))
    return tuple(path for name in names if (path := ROOT / name).is_file())


def text_of(path: Path) -> str:
    """The file's text; of a binary file nothing."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def requirements(lock: str) -> dict[str, tuple[set[str], int]]:
    """Name -> (versions, hashes) of a lock; a universal lock may name one package several times."""
    found: dict[str, tuple[set[str], int]] = {}
    name = ""
    for line in (ROOT / lock).read_text(encoding="utf-8").splitlines():
        if pin := re.match(r"([A-Za-z0-9][\w.-]*)(?:\[[\w,-]+\])?==([^\s;]+)", line):
            name = canonicalize_name(pin[1])
            versions, hashes = found.get(name, (set(), 0))
            found[name] = (versions | {pin[2]}, hashes)
        elif re.match(r"\s+--hash=sha256:[0-9a-f]{64}\b", line):
            versions, hashes = found[name]
            found[name] = (versions, hashes + 1)
        else:
            assert re.match(r"\s*(#.*)?$", line), f"{lock}: neither pin, hash nor comment: {line}"
    return found


def declared(*extras: str) -> list[Requirement]:
    """Direct dependencies of pyproject.toml, those of the extras with them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    return [
        Requirement(line)
        for line in [
            *project["dependencies"],
            *(line for extra in extras for line in optional[extra]),
        ]
    ]


@pytest.mark.parametrize("what", FOREIGN)
def test_no_file_names_one_machine(what: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in tracked()
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if FOREIGN[what].search(line)
    ]
    assert not found, f"{what}:\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a path of one machine", "|home|ann|x"),
        ("a path of one machine", '"|root|.cache"'),
        ("a path of one machine", "file:||work|main"),
        ("a registry's address", "https:||pypi!org|p|uv"),
        ("a registry's address", "https:||mirror.example|simple|"),
    ],
)
def test_the_patterns_find_what_they_are_for(what: str, text: str) -> None:
    assert FOREIGN[what].search(text.replace("|", "/").replace("!", "."))


@pytest.mark.parametrize(
    "text", ["../shared/data", "path/work/x", "~/work/x", "a/home/page/", "$(CURDIR)/warehouse"]
)
def test_the_patterns_leave_relative_paths_alone(text: str) -> None:
    assert not any(pattern.search(text) for pattern in FOREIGN.values())


def test_nothing_else_lies_at_the_top() -> None:
    # What a command wrote there, such as a simulated study, is committed by one `git add`.
    assert {path.relative_to(ROOT).parts[0] for path in tracked()} == TOP


def test_files_are_of_a_size_to_read() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {lines} lines, {MOST_LINES[path.suffix]} at most"
        for path in tracked()
        if path.suffix in MOST_LINES
        if (lines := len(text_of(path).splitlines())) > MOST_LINES[path.suffix]
    ]
    assert not long, "\n".join(long)


def test_tests_are_modules_not_packages() -> None:
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_ci_can_be_run() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_every_make_target_is_explained() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    phony = set(" ".join(re.findall(r"^\.PHONY:(.*)$", makefile, re.MULTILINE)).split())
    explained = set(re.findall(r"^([a-z-]+):[^#\n]*## \S", makefile, re.MULTILINE))
    assert explained == phony


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_hashes_and_no_addresses(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert " @ " not in text
    assert not re.search(r"^-", text, re.MULTILINE), "an index or another file is named"
    assert [name for name, (_, hashes) in requirements(lock).items() if not hashes] == []


@pytest.mark.parametrize(
    ("lock", "extras"),
    [
        ("requirements.lock", ("build",)),
        ("requirements-spark.lock", ("build", "spark")),
        ("requirements-dev.lock", ("build", "dev")),
    ],
)
def test_a_lock_satisfies_pyproject(lock: str, extras: tuple[str, ...]) -> None:
    locked = requirements(lock)
    stale = [
        str(wanted)
        for wanted in declared(*extras)
        if not any(
            wanted.specifier.contains(version, prereleases=True)
            for version in locked.get(canonicalize_name(wanted.name), (set(), 0))[0]
        )
    ]
    assert not stale, f"{lock} is stale (make lock): {stale}"


def test_the_dev_lock_contains_the_runtime_lock() -> None:
    runtime, dev = requirements("requirements.lock"), requirements("requirements-dev.lock")
    assert {
        name: versions
        for name, (versions, _) in runtime.items()
        if dev.get(name, (set(), 0))[0] != versions
    } == {}
