"""Which marts are public, which of their columns, and who decides over their rows.

All of it is declared in dbt's yml beside each mart and read from the manifest of the build:

    config: {meta: {published: {}}}                      the mart is public, every row
    published: {disclosed_by: MODEL, matched_by: [...]}  rows that MODEL allows, by these columns
    config: {meta: {published: false}}                   of a column: it stays behind
    config: {meta: {published_as: bigint}}               of a column: its type in a publication

One table more is born here: `publication`, which says of what the others are.

What stays out: which rows those are (dbt_project/models/intermediate/disclosure) and copying them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ingestion.errors import NotFoundError

if TYPE_CHECKING:
    from pathlib import Path

PUBLISHED, PUBLISHED_AS = "published", "published_as"
COUNT_SUFFIX = "_count"


@dataclass(frozen=True)
class PublicColumn:
    """A column as readers see it.

    Args:
        name: its name.
        type: DuckDB's type, lower case.
        description: for the comment on it.
    """

    name: str
    type: str
    description: str


@dataclass(frozen=True)
class PublicTable:
    """A mart as readers see it.

    Args:
        name: of the mart.
        description: begins with its grain.
        columns: those that are public, in order.
        disclosed_by: the dbt model whose column `is_disclosed` decides over rows; None for all.
        matched_by: the columns by which it does.
    """

    name: str
    description: str
    columns: tuple[PublicColumn, ...]
    disclosed_by: str | None = None
    matched_by: tuple[str, ...] = ()


PUBLICATION = PublicTable(
    "publication",
    "One row per publication: which board its tables are of.",
    (
        PublicColumn("board_id", "varchar", "The board: SHA-256 of its canonical form."),
        PublicColumn("title", "varchar", "What stands above it; a simulated one says so first."),
        PublicColumn("is_simulated", "boolean", "Whether any source is a simulation."),
        PublicColumn("sources", "varchar", "The sources that were counted, by comma."),
        PublicColumn("log_position", "bigint", "The last commit of the log that was known."),
        PublicColumn("log_head_hash", "varchar", "SHA-256 of that commit."),
        PublicColumn("recorded_at", "timestamp with time zone", "When it was recorded (UTC)."),
        PublicColumn("valid_until", "varchar", "What happened later does not count; null: no cut."),
        PublicColumn("design_hash", "varchar", "SHA-256 of the study design: dbt's seeds."),
        PublicColumn("disclosed_people_min", "integer", "Fewest people whose figures are shown."),
    ),
)


def public_tables(manifest: dict[str, Any]) -> list[PublicTable]:
    """Every public mart of a dbt manifest, by name."""
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    found = []
    for model in sorted(models, key=lambda model: str(model["name"])):
        rule = meta_of(model).get(PUBLISHED)
        if not isinstance(rule, dict):
            continue
        found.append(
            PublicTable(
                model["name"],
                model["description"],
                tuple(_columns(model)),
                rule.get("disclosed_by"),
                tuple(rule.get("matched_by", ())),
            )
        )
    return found


def manifest_of(root: Path) -> dict[str, Any]:
    """The manifest of the last build in a workspace.

    Raises:
        NotFoundError: nothing was built there.
    """
    path = root / "dbt" / "target" / "manifest.json"
    if not path.exists():
        message = f"There is no {path}: nothing was built here."
        raise NotFoundError(message, remedy="Run: demoscope build")
    manifest: dict[str, Any] = json.loads(path.read_bytes())
    return manifest


def _columns(model: dict[str, Any]) -> list[PublicColumn]:
    return [
        PublicColumn(
            column["name"],
            meta_of(column).get(PUBLISHED_AS) or _public_type(column["name"], column["data_type"]),
            column["description"],
        )
        for column in model["columns"].values()
        if meta_of(column).get(PUBLISHED, True)
    ]


def _public_type(name: str, declared: str) -> str:
    """Counts fit 32 bits: spreadsheets and browsers take 64 for text, or round them."""
    is_count = name.endswith(COUNT_SUFFIX) and declared.lower() == "bigint"
    return "integer" if is_count else declared.lower()


def meta_of(node: dict[str, Any]) -> dict[str, Any]:
    """What a model or column says of itself to us: in dbt's manifest or in a yml file."""
    meta: dict[str, Any] = node.get("config", {}).get("meta") or node.get("meta") or {}
    return meta
