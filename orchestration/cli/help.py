"""What the help of every command ends with: examples to copy, and its exit codes.

Commands are found here by their names, so that one test sees that each has both.
"""

from __future__ import annotations

from typing import Any

from typer import core

ALL_CODES = {
    0: "done",
    1: "could not be done",
    2: "not understood: an option, a value of a closed list, a mapping",
    3: "not there",
    4: "busy, try again",
    5: "stored data was altered",
    130: "stopped by Ctrl-C (143 by SIGTERM, 129 by SIGHUP)",
}
# Where 3 says more than that something is not there.
THREE = {"boards audit": "not there, or nothing could be checked"}
# Where 1 says more than that something could not be done.
ONE = {
    "ingest": "a file was refused; the log has nothing of it",
    "mapping init": "something in the mapping is left to be filled in",
    "build": "a table or a test of dbt failed; the last release stays",
    "boards audit": "a probe found something",
    "boards reproduce": "it differs because people were erased since",
    "doctor": "something is wrong",
    "label run": "some conversations have no label",
    "log verify": "the log cannot be read",
}
EXAMPLES = {
    "ingest": (
        "demoscope ingest --dry-run votes.csv --mapping my-study.yml",
        "demoscope ingest votes.csv people.csv",
        "demoscope ingest events.jsonl --native --json",
    ),
    "mapping init": (
        "demoscope mapping init votes.csv --timezone Europe/Berlin",
        "demoscope mapping init people.csv --event participant_enrolled --out -",
    ),
    "build": ("demoscope build", "demoscope build --as-of 3 --json"),
    "leaderboard": (
        "demoscope leaderboard --limit 10",
        "demoscope leaderboard --stratum US/age/18-34 --dimension trust --format csv",
    ),
    "compare": ("demoscope compare lantern-m quill-9 --stratum UK",),
    "model": ("demoscope model lantern-m", "demoscope model lantern-m --dimension trust --json"),
    "publish": ("demoscope publish", "demoscope publish --postgres postgresql:///boards"),
    "superset": ("demoscope superset dashboard.zip",),
    "site build": ("demoscope site build",),
    "site serve": ("demoscope site serve",),
    "queue": ("demoscope queue --dimension overall --json",),
    "log push": ("demoscope log push s3://votes/study",),
    "log pull": ("demoscope log pull",),
    "boards audit": ("demoscope boards audit", "demoscope boards audit --json"),
    "boards disclose": ("demoscope boards disclose current",),
    "boards list": ("demoscope boards list --json",),
    "boards show": ("demoscope boards show current",),
    "boards reproduce": ("demoscope boards reproduce current",),
    "boards diff": (
        "demoscope boards diff 5a893a1f current",
        "demoscope boards diff 5a893a1f current --all --json",
    ),
    "quality rules": ("demoscope quality rules",),
    "quality participants": ("demoscope quality participants --json",),
    "quality sensitivity": ("demoscope quality sensitivity",),
    "quality bias": ("demoscope quality bias --format csv",),
    "quality votes": ("demoscope quality votes",),
    "quality strike": ("demoscope quality strike --json",),
    "quality appeal": ("demoscope quality appeal 9b2c41d07f3a --reason heard",),
    "benchmarks gap": ("demoscope benchmarks gap",),
    "benchmarks residuals": ("demoscope benchmarks residuals mmlu --format csv",),
    "benchmarks reports": ("demoscope benchmarks reports",),
    "benchmarks unmatched": ("demoscope benchmarks unmatched",),
    "recruit": ("demoscope recruit --json",),
    "crosswalk": ("demoscope crosswalk", "demoscope crosswalk --format csv"),
    "replicates": ("demoscope replicates --out weights.parquet",),
    "log undo": ("demoscope log undo 2", "demoscope log undo 2 --yes"),
    "log checkpoint": ("demoscope log checkpoint",),
    "log prove": ("demoscope log prove 9b2c41d07f3a",),
    "log verify-proof": ("demoscope log verify-proof proof.json --public-key log-public.pub",),
    "log prove-consistency": ("demoscope log prove-consistency new.checkpoint --size 4",),
    "log events": ("demoscope log events --model lantern-m --limit 5",),
    "log export": ("demoscope log export delta tables/",),
    "log compact": ("demoscope log compact",),
    "log erase": ("demoscope log erase p-17 --source panel-2026",),
    "log show": ("demoscope log show", "demoscope log show --format csv"),
    "log verify": ("demoscope log verify", "demoscope log verify --json"),
    "witness key": ("demoscope witness key --state witness/ --name witness.example",),
    "witness sign": (
        "demoscope witness sign request --state witness/ --name witness.example --log-key log.pub",
    ),
    "witness serve": (
        "demoscope witness serve --state witness/ --name witness.example --log-key log.pub",
    ),
    "vault backup": ("demoscope vault backup vault.zip",),
    "vault restore": ("demoscope vault restore vault.zip",),
    "label rubrics": ("demoscope label rubrics",),
    "label run": (
        "demoscope label run sycophancy --conversations c.jsonl --model judge --source s",
    ),
    "simulate": ("demoscope simulate --seed 2",),
    "study": ("demoscope study simulated",),
    "sycophancy": ("demoscope sycophancy rates",),
    "experience": ("demoscope experience ratings --format csv",),
    "doctor": ("demoscope doctor", "demoscope doctor --json"),
}


# What stands for a value of these types; of others it is the name of the option.
WORDS = {int: "N", float: "NUMBER"}


def show_values() -> None:
    """Have help show values by words that tell something, and nothing beside a switch.

    Typer shows the name of Python's type, such as <bool> or <list[str]>, and arguments in braces.
    """
    option: Any = core.TyperOption
    argument: Any = core.TyperArgument
    option.display_type_rich = argument.display_type_rich = _value
    argument.display_name_raw = property(_name)
    argument.get_usage_pieces = _usage


def _value(param: Any, ctx: Any) -> str:
    """What stands for the value of an option; an argument is named by what stands for it."""
    kind = param.type_descriptor
    if kind.is_choice and not param.metavar:
        return str(param.display_type(ctx)).strip("<>")
    if param.param_type_name == "argument" or param.is_flag:
        return ""
    named = "PATH" if kind.is_path else param.name.upper()
    return str(param.metavar or WORDS.get(kind.annotation) or named)


def _usage(param: Any, ctx: Any) -> list[str]:
    """An argument in the first line of help, in brackets where it may be left out."""
    del ctx
    name = _name(param)
    return [name if param.required else f"[{name}]"]


def _name(param: Any) -> str:
    """What stands for an argument."""
    return str(param.metavar or param.name.upper())


def end_of_help() -> str:
    """What the help of `demoscope` itself ends with."""
    codes = ", ".join(f"{code} {words}" for code, words in ALL_CODES.items())
    return f"demoscope COMMAND --help has examples.\n\nExit codes: {codes}."


def epilog(command: str) -> str:
    """Examples and exit codes of a command, a paragraph each."""
    codes = {
        **ALL_CODES,
        1: ONE.get(command, ALL_CODES[1]),
        3: THREE.get(command, ALL_CODES[3]),
    }
    said = ", ".join(f"{code} {words}" for code, words in codes.items())
    examples = "\n\n".join(f"$ {line}" for line in EXAMPLES.get(command, ()))
    return f"Examples:\n\n{examples}\n\nExit codes: {said}."
