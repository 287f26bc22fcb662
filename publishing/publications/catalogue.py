"""Which marts are public, which of their columns, and who decides over their rows.

All of it is declared in dbt's yml beside each mart:

    config: {meta: {published: {}}}                      the mart is public, every row
    published: {disclosed_by: MODEL, matched_by: [...]}  rows that MODEL allows, by these columns
    config: {meta: {published: false}}                   of a column: it stays behind
    config: {meta: {published_as: bigint}}               of a column: its type in a publication

One table more is born here: `publication`, which says of what the others are.

What stays out: which rows those are (dbt_project/models/intermediate/disclosure) and copying them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from orchestration.dbt_runs import PROJECT_DIRECTORY

if TYPE_CHECKING:
    from collections.abc import Iterable

MARTS = PROJECT_DIRECTORY / "models" / "marts"
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
        PublicColumn("is_signed", "boolean", "Whether the board's statement is signed."),
        PublicColumn("code_version", "varchar", "Version of the code that made the board."),
        PublicColumn("code_sha256", "varchar", "SHA-256 over that code."),
        PublicColumn(
            "dependency_lock_sha256", "varchar", "SHA-256 of its requirements.lock; null without."
        ),
        PublicColumn(
            "provisional_battle_count", "integer", "A model with fewer battles is provisional."
        ),
        PublicColumn("disclosed_people_min", "integer", "Fewest people whose figures are shown."),
    ),
)


def declared_marts() -> list[dict[str, Any]]:
    """Every mart, by name, as the yml files say that describe them."""
    marts: list[dict[str, Any]] = []
    for path in MARTS.rglob("*.yml"):
        marts += yaml.safe_load(path.read_text(encoding="utf-8")).get("models", [])
    return sorted(marts, key=lambda mart: str(mart["name"]))


def public_tables(marts: Iterable[dict[str, Any]]) -> list[PublicTable]:
    """Those of the marts that are public."""
    return [
        PublicTable(
            mart["name"],
            mart["description"],
            tuple(_columns(mart)),
            rule.get("disclosed_by"),
            tuple(rule.get("matched_by", ())),
        )
        for mart in marts
        if isinstance(rule := meta_of(mart).get(PUBLISHED), dict)
    ]


def _columns(mart: dict[str, Any]) -> list[PublicColumn]:
    return [
        PublicColumn(
            column["name"],
            meta_of(column).get(PUBLISHED_AS) or _public_type(column["name"], column["data_type"]),
            column["description"],
        )
        for column in mart["columns"]
        if meta_of(column).get(PUBLISHED, True)
    ]


def _public_type(name: str, declared: str) -> str:
    """Counts fit 32 bits: spreadsheets and browsers take 64 for text, or round them."""
    is_count = name.endswith(COUNT_SUFFIX) and declared.lower() == "bigint"
    return "integer" if is_count else declared.lower()


def meta_of(declared: dict[str, Any]) -> dict[str, Any]:
    """What a mart or column says of itself to us."""
    meta: dict[str, Any] = declared.get("config", {}).get("meta", {})
    return meta
