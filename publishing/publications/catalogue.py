"""Which marts are public, which of their columns, and what decides over their rows.

All of it is declared in dbt's yml beside each mart:

    config: {meta: {published: {}}}                      the mart is public, every row
    published: {disclosed_by: TABLE, matched_by: [...]}  rows that TABLE allows, by these columns
    config: {meta: {published: false}}                   of a column: it stays behind
    config: {meta: {published_as: bigint}}               of a column: its type in a publication

One table more is born here: `publication`, which says what the others are of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from ingestion.tables import SQL_TYPES, Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PUBLISHED, PUBLISHED_AS = "published", "published_as"
COUNT_SUFFIX = "_count"
ARROW_TYPES = {name: kind for kind, name in SQL_TYPES.items()}


@dataclass(frozen=True, kw_only=True)
class PublicTable(Table):
    """A mart as readers see it: its public columns, in order.

    Args:
        disclosed_by: the dbt table whose column `is_disclosed` decides over rows; None for all.
        matched_by: the columns by which it does.
    """

    disclosed_by: str | None = None
    matched_by: tuple[str, ...] = ()


PUBLICATION = PublicTable(
    name="publication",
    grain="One row per publication: which release its tables are of.",
    columns=tuple(
        Column(name=name, type=ARROW_TYPES[kind], description=description)
        for name, kind, description in (
            ("board_id", "varchar", "The release: SHA-256 of its canonical form."),
            ("title", "varchar", "What stands above it; a simulated one says so first."),
            ("is_simulated", "boolean", "Whether any source is a simulation."),
            ("sources", "varchar", "The sources that were counted, by comma."),
            ("log_position", "bigint", "The last commit of the log that was known."),
            ("log_head_hash", "varchar", "SHA-256 of that commit."),
            ("recorded_at", "timestamp with time zone", "When it was recorded (UTC)."),
            ("valid_until", "varchar", "What happened later does not count; null: no cut."),
            ("design_hash", "varchar", "SHA-256 of the study design: dbt's seeds."),
            ("is_signed", "boolean", "Whether the release's statement is signed."),
            ("code_version", "varchar", "Version of the code that made the release."),
            ("code_sha256", "varchar", "SHA-256 over that code."),
            ("dependency_lock_sha256", "varchar", "SHA-256 of its requirements.lock, if any."),
            ("provisional_battle_count", "integer", "A model with fewer battles is provisional."),
            ("disclosed_people_min", "integer", "Fewest people whose figures are shown."),
        )
    ),
)


def declared_marts(project: Path) -> list[dict[str, Any]]:
    """Every mart of a dbt project, by name, as the yml files say that describe them."""
    marts: list[dict[str, Any]] = []
    for path in (project / "models" / "marts").rglob("*.yml"):
        marts += yaml.safe_load(path.read_text(encoding="utf-8")).get("models", [])
    return sorted(marts, key=lambda mart: str(mart["name"]))


def public_tables(marts: Iterable[dict[str, Any]]) -> list[PublicTable]:
    """Those of the marts that are public."""
    return [
        PublicTable(
            name=mart["name"],
            grain=mart["description"],
            columns=tuple(
                _public(column)
                for column in mart["columns"]
                if meta_of(column).get(PUBLISHED, True)
            ),
            disclosed_by=rule.get("disclosed_by"),
            matched_by=tuple(rule.get("matched_by", ())),
        )
        for mart in marts
        if isinstance(rule := meta_of(mart).get(PUBLISHED), dict)
    ]


def _public(column: dict[str, Any]) -> Column:
    """Counts fit 32 bits: spreadsheets and browsers take 64 for text, or round them."""
    name, declared = column["name"], column["data_type"].lower()
    is_count = name.endswith(COUNT_SUFFIX) and declared == "bigint"
    shown = meta_of(column).get(PUBLISHED_AS) or ("integer" if is_count else declared)
    return Column(name=name, type=ARROW_TYPES[shown], description=column["description"])


def meta_of(declared: dict[str, Any]) -> dict[str, Any]:
    """What a mart or column says of itself to us."""
    meta: dict[str, Any] = declared.get("config", {}).get("meta", {})
    return meta
