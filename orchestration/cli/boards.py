"""`demoscope boards`: what an auditor asks of kept releases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingestion.errors import DemoscopeError, IntegrityError
from ingestion.paths import Home
from orchestration.cli.audit import audit
from orchestration.cli.build import STEPS
from orchestration.cli.choices import shown_labels
from orchestration.cli.disclose import disclose
from orchestration.cli.output import (
    AS_JSON,
    FORMAT,
    Format,
    home_hint,
    print_json,
    print_rows,
    print_table,
    put,
    say,
)
from orchestration.cli.progress import steps
from orchestration.cli.signatures import KEYS, trusted
from publishing.counted import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from orchestration.cli.output import Columns
    from orchestration.difference import Change, Difference
    from publishing.boards.store import Release

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="List, check, reproduce and compare releases: all boards of a build.",
)
RELEASE = Annotated[
    str, typer.Argument(metavar="RELEASE", help="8 or more digits of its id, or `current`.")
]
ID_DIGITS = 12
SIGNED = {
    "checked": "yes",
    "not checked": "not checked",
    "does not hold": "DOES NOT HOLD",
    "none": "no",
}
LISTED: Columns = {
    "release": lambda row: row["release_id"][:ID_DIGITS] + (" *" if row["is_current"] else ""),
    ">position": "{log_position}",
    "valid until": lambda row: row["valid_until"] or "",
    "made at": "{made_at}",
    "code": "{code_version}",
    "signed": lambda row: SIGNED[row["signature"]],
    "sources": lambda row: ", ".join(row["sources"]),
}
LISTED_FIELDS = (
    "release_id", "is_current", "log_position", "valid_until", "design_hash", "sources",
    "is_simulated", "made_at", "code_version", "is_signed", "signature",
)  # fmt: skip
CHANGE_FIELDS = (
    "stratum_id", "dimension", "estimator", "weighting", "model_id", "rank_a", "skill_a", "rank_b",
    "skill_b", "rank_change", "skill_change", "by_cause", "came_by",
)  # fmt: skip


app.command()(audit)
app.command()(disclose)


@app.command("list")
def list_releases(*, key: KEYS = None, output: FORMAT = Format.TABLE) -> None:
    """List the releases that are kept, by log position."""
    from publishing.boards import store

    home = Home.from_environment()
    boards, keys = home.boards, trusted(home, key)
    listed = sorted(
        (_listed(boards, release, keys) for release in store.kept(boards)),
        key=lambda row: (row["log_position"], row["valid_until"] or "", row["made_at"]),
    )
    nothing = f"No release is kept. Build one: demoscope build. {home_hint()}"
    print_rows("boards", listed, output, LISTED, nothing=nothing, fields=lambda: LISTED_FIELDS)
    if output is Format.TABLE and any(row["is_current"] for row in listed):
        put("* current: what `demoscope leaderboard` shows")


def _listed(boards: Path, release: Release, keys: Sequence[Ed25519PublicKey]) -> dict[str, Any]:
    from publishing.boards import store
    from publishing.boards.checking import Signature, signature

    signed = signature(release, keys)
    copied = ("log_position", "valid_until", "design_hash", "sources", "is_simulated")
    return {
        "release_id": release.id,
        "is_current": store.is_current(boards, release),
        **{name: release.subject[name] for name in copied},
        "made_at": release.predicate["made_at"],
        "code_version": release.predicate["made_by"]["code_version"],
        "is_signed": signed is Signature.CHECKED,
        "signature": signed.value,
    }


@app.command()
def show(release: RELEASE = "current", *, key: KEYS = None, as_json: AS_JSON = False) -> None:
    """Say what a release was made from, and check its files; exit 5 where one was changed."""
    from publishing.boards import store
    from publishing.boards.checking import check

    home = Home.from_environment()
    kept = store.by_id(home.boards, release)
    checked = check(kept, trusted(home, key))
    opened, findings = checked.opened, [*checked.findings]
    if key and not (opened and opened.verified):
        findings.append("No key that was named has signed it.")
    said = {} if any("statement.json cannot" in text for text in findings) else kept.predicate
    document = {
        "release_id": kept.id,
        "is_whole": not findings,
        "findings": findings,
        "signature": opened
        and {"key_ids": list(opened.key_ids), "verified_by": list(opened.verified)},
        "row_count": None if checked.document is None else len(checked.document["rows"]),
        "erasures_since": _erasures_since(home, kept) if said else None,
        **said,
    }
    if as_json:
        print_json({"release": document})
    else:
        for name, value in _release_lines(document):
            put(f"{name:<14}{value}")
    if findings:
        raise typer.Exit(IntegrityError.exit_code)


def _erasures_since(home: Home, release: Release) -> int | None:
    """Erasures that took away what it may have used; None without a log that can be read."""
    from ingestion.log import EventLog
    from publishing.boards.checking import taken_from
    from publishing.boards.inputs import require_same_log

    if not home.log.exists():
        return None
    try:
        log = EventLog.open(home.log)
        require_same_log(log, release.subject)
        return len(taken_from(log, release))
    except DemoscopeError:
        return None


def _release_lines(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    from publishing.boards.checking import ATTESTED

    yield "release", document["release_id"]
    if "board" in document:
        subject, log, made_by = document["board"], document["log"], document["made_by"]
        yield "log", log["origin"]
        yield "log position", subject["log_position"]
        yield "log head", subject["log_head_hash"]
        yield "log root", log["root_sha256"]
        yield "valid until", subject["valid_until"] or "no cut"
        yield "study design", subject["design_hash"]
        yield "sources", ", ".join(subject["sources"])
        yield "simulated", "yes" if subject["is_simulated"] else "no"
        yield "made at", document["made_at"]
        yield "code", f"{made_by['code_version']} {made_by['code_sha256']}"
        yield "dependencies", made_by["dependency_lock_sha256"]
        yield "made on", f"Python {made_by['python']}, {made_by['platform']}"
    yield "rows", document["row_count"]
    signature = document["signature"] or {"key_ids": [], "verified_by": []}
    for name in signature["key_ids"]:
        is_checked = name in signature["verified_by"]
        how = "checked" if is_checked else "not checked (--key PUBLIC.pem)"
        yield "signed", f"by {name[:16]}, {how}"
    if not signature["key_ids"]:
        yield "signed", "no"
    if document["erasures_since"]:
        yield "standing", f"{ATTESTED}: erasures took away what it may have used"
    yield from (("WRONG", finding) for finding in document["findings"])
    if not document["findings"]:
        yield "files", "whole: each agrees with the release's id"
    if not signature["verified_by"]:
        yield "vouched for", "rows and inputs, by the id; what else is said above, by nobody"


@app.command()
def reproduce(release: RELEASE = "current", *, key: KEYS = None, as_json: AS_JSON = False) -> None:
    """Make a release again from the log and compare hash with hash; exit 5 where they differ.

    Exit 1 where they differ because people were erased since, and its signature is checked.
    """
    from orchestration.reproduction import reproduce as run
    from publishing.boards import store
    from publishing.boards.checking import ATTESTED

    home = Home.from_environment()
    kept = store.by_id(home.boards, release)
    with steps(STEPS) as step:
        made = run(home, kept, trusted=trusted(home, key), step=step)
    if as_json:
        print_json(
            {
                "release_id": made.release_id,
                "rebuilt_id": made.rebuilt_id,
                "is_reproduced": made.is_reproduced,
                "is_attested": made.is_attested,
                "erasures_since": made.erased_since,
                "findings": list(made.findings),
                "notes": list(made.notes),
                "differences": list(made.differences),
            }
        )
    else:
        end = "reproduced, bit for bit" if made.is_reproduced else "NOT reproduced"
        if made.is_attested:
            end = f"{ATTESTED}: signed as it was published, and made from what is erased now"
        for line in (
            *(f"note: {note}" for note in made.notes),
            *(f"WRONG: {finding}" for finding in made.findings),
            f"release  {made.release_id}",
            f"rebuilt  {made.rebuilt_id}",
            *(f"  {difference}" for difference in made.differences),
            end,
        ):
            put(line)
    if not made.is_reproduced:
        raise typer.Exit(1 if made.is_attested else IntegrityError.exit_code)


@app.command()
def diff(
    a: RELEASE,
    b: RELEASE,
    *,
    dimension: Annotated[str | None, typer.Option(help="Only this dimension.")] = None,
    stratum: Annotated[str | None, typer.Option(help="Only this stratum.")] = None,
    estimator: Annotated[str | None, typer.Option(help="Only this estimator.")] = None,
    weighting: Annotated[str | None, typer.Option(help="Only this weighting.")] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every board, not only the one people see first.")
    ] = False,
    output: FORMAT = Format.TABLE,
) -> None:
    """Explain every rank that changed from release A to release B, one cause at a time."""
    from orchestration.difference import difference
    from publishing.boards import store
    from publishing.boards.view import leaderboard

    home = Home.from_environment()
    releases = store.by_id(home.boards, a), store.by_id(home.boards, b)
    chosen = {"dimension": dimension, "estimator": estimator, "weighting": weighting}
    if every:
        named = {"stratum_id": stratum, **chosen}
        wanted = {name: value for name, value in named.items() if value is not None}
    else:
        head, _ = leaderboard(releases[1], stratum=stratum, **chosen)
        wanted = {"stratum_id": head["stratum"], **{name: head[name] for name in chosen}}
    found = difference(home, *releases, step=_say_cause)
    document = _difference(releases, found, wanted, is_every=every)
    document["decisions"] = [one.as_json() for one in found.decisions]
    document["decisions_not_known"] = found.not_known
    if output is Format.TABLE:
        _print_difference(document, [str(one) for one in found.decisions])
    else:
        changes = document.pop("changes")
        others = document["rank_change_count"]
        nothing = f"No rank changed here; {others:,} on other boards (--all)."
        nothing = nothing if others else "No rank changed."
        print_rows(
            "changes", changes, output, {}, head=document, nothing=nothing,
            fields=lambda: CHANGE_FIELDS,
        )  # fmt: skip


def _say_cause(name: str) -> None:
    changed = f"Release A with B's {name.replace('_', ' ')} ..."
    remade = "The releases by the present code, without who was erased since ..."
    say(remade if name == "remade" else changed)


def _difference(
    releases: tuple[Release, Release], found: Difference, wanted: dict[str, str], *, is_every: bool
) -> dict[str, Any]:
    from publishing.boards.store import KEY

    def is_wanted(change: Change) -> bool:
        key = dict(zip(KEY, change.key, strict=True))
        return all(key[name] == value for name, value in wanted.items())

    of_rank = [change for change in found.changes if change.is_of_rank]
    a, b = ({"release_id": release.id, **release.subject} for release in releases)
    return {
        "a": a,
        "b": b,
        "is_other_code": found.is_other_code,
        "erased_participant_count": found.erased_count,
        "causes": [
            {
                "name": cause.name,
                "label": cause.label,
                "event_count": found.event_counts.get(cause.name),
                "moved_rank_count": found.moved_by(cause.name),
            }
            for cause in found.causes
        ],
        "leaderboard": None if is_every else wanted,
        "rank_change_count": len(of_rank),
        "changes": [one.as_json() for one in sorted(filter(is_wanted, of_rank), key=_by_rank)],
    }


def _by_rank(change: Change) -> tuple[Any, ...]:
    """By board, then by rank in B; a model that is not there any more comes last."""
    rank = float("inf") if change.b is None else change.b[0]
    return (*change.key[:-1], rank, change.key[-1])


def _print_difference(document: dict[str, Any], decisions: list[str]) -> None:
    """Which ranks changed, and by how many places each cause moves a model by itself."""
    _print_causes(document)
    if decisions:
        put("decided otherwise in B, row by row:")
    for one in decisions:
        put(f"  {one}")
    if document["decisions_not_known"]:
        put(f"what was decided otherwise cannot be told: {document['decisions_not_known']}")
    changes = document["changes"]
    where, labels = document["leaderboard"], shown_labels()
    columns: dict[str, Any] = {
        ">rank": lambda row: f"{row['rank_a'] or '-'} > {row['rank_b'] or '-'}",
        "model": "{model_id}",
        ">skill": lambda row: f"{row['skill_change']:+.3f}" if "skill_change" in row else "",
    }
    if where is None:
        columns = {"board": lambda row: "; ".join(labels.board(row)), **columns}
    else:
        put("; ".join(labels.board(where)))
    names = dict.fromkeys(name for row in changes for name in row.get("by_cause", {}))
    columns |= {f">{name}": lambda row, name=name: _effect(row, name) for name in names}
    if any("came_by" in row for row in changes):
        columns["came or went"] = lambda row: (
            f"by {', '.join(row['came_by']) or 'causes together'}" if "came_by" in row else ""
        )
    if changes:
        print_table(changes, columns)
        put("places by each cause alone; minus is up; interaction: what they do only together")
    else:
        put("no rank changed")
    others = document["rank_change_count"] - len(changes)
    if others:
        put(f"{others:,} more ranks changed on other boards (--all)")


def _print_causes(document: dict[str, Any]) -> None:
    for name in ("a", "b"):
        one = document[name]
        until = f", valid until {one['valid_until']}" if one["valid_until"] else ""
        position = one["log_position"]
        put(f"{name.upper()}  {one['release_id'][:ID_DIGITS]}  log position {position}{until}")
    for cause in document["causes"]:
        count = cause["event_count"]
        said = "" if count is None else f": {count:+,} events"
        moved = counted(cause["moved_rank_count"], "rank")
        put(f"  {cause['label']}{said}" + (f": moves {moved} by itself" if count is None else ""))
    if document["is_other_code"]:
        put("  made by other code than this; what that changes is named `remade`")
    if count := document["erased_participant_count"]:
        put(f"  {count:,} erasures since they were made; what they change is named `remade`")


def _effect(row: dict[str, Any], cause: str) -> str:
    return f"{row['by_cause'][cause]['rank_change']:+d}" if "by_cause" in row else ""
