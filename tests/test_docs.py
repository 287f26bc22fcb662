"""The documentation names only what there is: links, commands, options, make targets, tables."""

import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from orchestration.cli.main import app

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
IDS = [page.name for page in PAGES]

FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
# A command ends where a comment, another command, a pipe or the code begins.
COMMAND = re.compile(
    r"(?<![\w./-])demoscope (?=[a-z])(.*?)(?=\s#|\s{2,}|\s[|&>]|;|`|$)", re.MULTILINE
)
# Said of the log's format, not of the command.
NO_COMMAND = {"demoscope event log"}
TABLE = re.compile(r"(?:dim|fct|rpt|seed)_[a-z_]+")


@cache
def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def code_of(page: Path) -> list[str]:
    """Fenced blocks and inline code."""
    text = text_of(page)
    blocks = [found[1] for found in FENCE.findall(text)]
    return blocks + re.findall(r"`([^`\n]+)`", FENCE.sub("", text))


@cache
def anchors(page: Path) -> set[str]:
    """What headings are called in links, as GitHub makes it."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text_of(page)), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).replace(" ", "-")
        for heading in headings
    }


def commands_of(code: str) -> list[list[str]]:
    return [
        shlex.split(rest) for rest in COMMAND.findall(code) if f"demoscope {rest}" not in NO_COMMAND
    ]


def fault(words: list[str]) -> str | None:
    """What is wrong with a command line as documentation writes it."""
    commands: list[Any] = [get_command(app)]
    rest = list(words)
    while rest and all(hasattr(command, "list_commands") for command in commands):
        names = rest.pop(0).split("|")
        found = [command.get_command(None, name) for command in commands for name in names]
        if None in found:
            return f"no command {' '.join(words)!r}"
        commands = found
    known = {option for command in commands for it in command.params for option in it.opts}
    used = re.findall(r"(?<![\w-])--?[a-z][a-z-]*", " ".join(rest))
    unknown = [option for option in used if option not in known | {"--help"}]
    return f"{' '.join(words)!r} has no {', '.join(unknown)}" if unknown else None


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_links_resolve(page: Path) -> None:
    dead = []
    for link in LINK.findall(FENCE.sub("", text_of(page))):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert not dead


def every_command() -> set[str]:
    """Names of commands, and of those of groups: `log`, `log verify`."""
    whole: Any = get_command(app)
    names = set()
    for name in whole.list_commands(None):
        group = whole.get_command(None, name)
        below = group.list_commands(None) if hasattr(group, "list_commands") else []
        names |= {f"{name} {one}" for one in below} or {name}
    return names


def test_the_readme_lists_every_command() -> None:
    [listed] = [
        block for _, block in FENCE.findall(text_of(PAGES[0])) if "demoscope boards list|" in block
    ]
    named = set()
    for words in commands_of(listed):
        named |= {words[0]} | {f"{words[0]} {one}" for one in " ".join(words[1:2]).split("|")}
    assert every_command() <= named


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_commands_exist_with_their_options(page: Path) -> None:
    faults = [fault(words) for code in code_of(page) for words in commands_of(code)]
    assert not [found for found in faults if found]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("demoscope leaderboard --stratum US", None),
        ("demoscope log show|verify        demoscope simulate", None),
        ("demoscope ingest PATH... [--mapping NAME|FILE] [--json]", None),
        ("demoscope proclaim", "no command"),
        ("demoscope log rewind", "no command"),
        ("demoscope build --quickly", "has no --quickly"),
    ],
)
def test_a_wrong_command_is_found(line: str, expected: str | None) -> None:
    faults = [found for words in commands_of(line) if (found := fault(words))]
    assert bool(faults) == (expected is not None)
    assert all(expected and expected in found for found in faults)


def lacking(words: list[str]) -> list[str]:
    """What a command can't do without, and a line to be copied leaves out."""
    command: Any = get_command(app)
    rest = list(words)
    while hasattr(command, "list_commands"):
        command = command.get_command(None, rest.pop(0))
    given, _, _ = command.make_parser(command.context_class(command)).parse_args(rest)
    return [it.opts[0] for it in command.params if it.required and not given.get(it.name)]


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_commands_to_copy_have_the_options_they_need(page: Path) -> None:
    shown = [block for form, block in FENCE.findall(text_of(page)) if form in {"sh", "console"}]
    commands = [words for block in shown for words in commands_of(block.replace("\\\n", " "))]
    assert not [words for words in commands if lacking(words)]


def test_an_option_that_is_needed_is_missed() -> None:
    [words] = commands_of("demoscope witness sign request --name witness.example")
    assert lacking(words) == ["--state", "--log-key"]


def test_the_documentation_names_commands() -> None:
    named = {words[0] for page in PAGES for code in code_of(page) for words in commands_of(code)}
    assert {"ingest", "build", "leaderboard", "log", "simulate", "study", "doctor"} <= named


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_make_targets_exist(page: Path) -> None:
    makefile = text_of(ROOT / "Makefile").replace("\\\n", " ")
    targets = set(" ".join(re.findall(r"^\.PHONY:(.*)$", makefile, re.MULTILINE)).split())
    lines = [
        words
        for code in code_of(page)
        for words in re.findall(r"^make ((?:[a-z-]+(?: |$))+)", code, re.MULTILINE)
    ]
    assert {target for words in lines for target in words.split()} <= targets


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_tables_exist(page: Path) -> None:
    project = ROOT / "dbt_project"
    known = {path.stem for path in project.rglob("*") if path.suffix in {".sql", ".csv"}}
    inline = re.findall(r"`([^`\n]+)`", FENCE.sub("", text_of(page)))
    named = {
        code.removesuffix(".csv") for code in inline if TABLE.fullmatch(code.removesuffix(".csv"))
    }
    assert named <= known


def test_each_promise_names_a_test_that_is_there() -> None:
    rows = re.findall(
        r"^\| .+ \| `(tests/[\w/]+\.py)::(\w+)` \|$",
        text_of(ROOT / "docs" / "threat-model.md").partition("## Promises")[2],
        re.MULTILINE,
    )
    assert len(rows) >= 20
    assert len(rows) == text_of(ROOT / "docs" / "threat-model.md").count("`tests/")
    missing = [
        f"{file}::{name}"
        for file, name in rows
        if not (ROOT / file).exists() or f"def {name}(" not in text_of(ROOT / file)
    ]
    assert missing == []


def test_the_threat_model_is_linked() -> None:
    for page in (ROOT / "README.md", ROOT / "SECURITY.md", ROOT / "docs" / "index.md"):
        assert "threat-model.md)" in text_of(page), page.name
