"""Which marts are public, which of their columns, and what decides over their rows.

All of it is declared in dbt's yml beside each mart:

    published: {grain: [...]}             the mart is public, and rests on the people of these keys
    published: {rests_on_people: false}   the mart is public, and no figure in it is of people

and beside each column of it, where it isn't as its name and type say (docs/disclosure.md):

    published: false              it stays behind
    published_as: bigint          its type in a publication
    rests_on_people: false        shown as it is
    share_of: [COLUMN, ...]       a share of these counts
    in_steps_of: COLUMN           a rate among these, in steps that ten of them make
    among_models: WAY             a figure of a model among those of its board (AMONG_MODELS)

From the grain follows which tables decide over the rows (DECIDERS). A public mart that says
neither, or whose grain has a key that nothing decides over, is refused.

One table more is born here: `publication`, which says what the others are of.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import yaml

from ingestion.errors import DemoscopeError
from ingestion.tables import SQL_TYPES, Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

# A safe loader too, and ten times as fast where yaml was built with its library in C.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
PUBLISHED, PUBLISHED_AS = "published", "published_as"
COUNT_SUFFIX = "_count"
ARROW_TYPES = {name: kind for kind, name in SQL_TYPES.items()}

BOARD = ("weighting", "stratum_id", "dimension", "estimator")
AXIS = ("country", "axis", "dimension")
INCIDENT = (
    "weighting", "stratum_id", "judge", "judge_version", "rubric_version",
    "model_id", "hazard", "topic", "severity",
)  # fmt: skip
SYCOPHANCY = (
    "weighting", "stratum_id", "judge", "judge_version", "rubric_version", "label", "model_id",
)  # fmt: skip
SYCOPHANCY_EFFECT = (
    "weighting", "stratum_id", "judge", "judge_version", "rubric_version", "outcome", "level",
)  # fmt: skip
DECISIVENESS = ("stratum_id", "dimension", "kind", "level")
MONTH = ("stratum_id", "dimension", "model_id", "month")
LEVEL = ("country", "scheme", "variable", "level")
# What these say rests on fewer than their stratum and dimension: on those whom each row counts.
COUNTED_BY_ROW = (INCIDENT, SYCOPHANCY, SYCOPHANCY_EFFECT, DECISIVENESS, MONTH)
RATED = ("stratum_id", "criterion", "model_id")
TOPIC = ("weighting", "stratum_id", "dimension", "topic")
# Of keys the table that decides over their rows; of several the first all of whose keys are there.
DECIDERS: tuple[tuple[tuple[str, ...], str], ...] = (
    (BOARD, "int_boards__disclosed"),
    (RATED, "int_ratings__disclosed"),
    (("stratum_id", "dimension"), "int_strata__disclosed"),
    (("stratum_id",), "int_coverage__disclosed"),
    (AXIS, "int_axes__disclosed"),
    (LEVEL, "int_levels__disclosed"),
    (("country", "scheme"), "int_weightings__disclosed"),
    (INCIDENT, "int_incidents__disclosed"),
    (SYCOPHANCY, "int_sycophancy__disclosed"),
    (SYCOPHANCY_EFFECT, "int_sycophancy_effects__disclosed"),
    (DECISIVENESS, "int_decisiveness__disclosed"),
    (MONTH, "int_months__disclosed"),
    (TOPIC, "int_topics__disclosed"),
    ((*TOPIC, "model_id"), "int_safety_boards__disclosed"),
)
# The history of ranks: its rows of earlier releases were published with them (history.py).
HISTORY = "rpt_rank_history"
# The keys that a grain may have beside those of a board or an axis: models are decided over apart.
MODEL, PAIR = ("model_id",), ("model_a", "model_b")
WITH_MODELS = {(BOARD, MODEL), (BOARD, PAIR), (AXIS, MODEL)}
# Keys that part what is said of the same people.
PARTING = (
    "release_id", "check_name", "benchmark", "metric", "weighting", "axis", "part", "relation",
    "other_dimension",
)  # fmt: skip
PARTS: dict[tuple[str, ...], tuple[str, ...]] = {
    RATED: ("against_criterion", "compared_with"),
}
# How a model's figure is counted anew where another model of its board stays behind.
AMONG_MODELS = ("centred", "ranked", "shared", "averaged", "compared", "blank")


class DeclarationError(DemoscopeError):
    """A public mart doesn't say whom it rests on."""


@dataclass(frozen=True, kw_only=True)
class PublicTable(Table):
    """A mart as readers see it: its public columns, in order.

    Args:
        disclosed_by: the dbt table whose column `is_disclosed` decides over rows; None for a mart
            that rests on no people.
        matched_by: the columns by which it does.
        models: the columns of its grain that name models.
        metas: what its columns say of themselves, by name.
    """

    disclosed_by: str | None = None
    matched_by: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    metas: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


PUBLICATION = PublicTable(
    name="publication",
    grain="One row per publication: which release its tables are of.",
    columns=tuple(
        Column(name=name, type=ARROW_TYPES[kind], description=description)
        for name, kind, description in (
            ("release_id", "varchar", "The release: SHA-256 of its canonical form."),
            ("title", "varchar", "What stands above it; a simulated one says so first."),
            ("is_simulated", "boolean", "Whether any source is a simulation."),
            ("sources", "varchar", "The sources that were counted, by comma."),
            ("log_position", "bigint", "The last commit of the log that was known."),
            ("log_head_hash", "varchar", "SHA-256 of that commit."),
            ("recorded_at", "timestamp with time zone", "When it was recorded (UTC)."),
            ("valid_until", "varchar", "What happened later does not count; null: no cut."),
            ("design_hash", "varchar", "SHA-256 of the study design: dbt's seeds."),
            ("is_signed", "boolean", "Whether the release is signed by who published it, checked."),
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
        declared = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506 (a safe one)
        marts += declared.get("models", [])
    return sorted(marts, key=lambda mart: str(mart["name"]))


def public_tables(marts: Iterable[dict[str, Any]]) -> list[PublicTable]:
    """Those of the marts that are public.

    Raises:
        DeclarationError: one doesn't say whom it rests on, or by keys that nothing decides over.
    """
    return [
        _public_table(mart, rule)
        for mart in marts
        if isinstance(rule := meta_of(mart).get(PUBLISHED), dict)
    ]


def _public_table(mart: dict[str, Any], rule: dict[str, Any]) -> PublicTable:
    columns = [column for column in mart["columns"] if meta_of(column).get(PUBLISHED, True)]
    table = PublicTable(
        name=mart["name"],
        grain=mart["description"],
        columns=tuple(map(_public, columns)),
        metas={column["name"]: meta_of(column) for column in columns},
    )
    if rule == {"rests_on_people": False}:
        return table
    grain = rule.get("grain", ())
    for keys, decider in DECIDERS:
        models = tuple(key for key in grain if key not in (*keys, *PARTING, *PARTS.get(keys, ())))
        if set(keys) <= set(grain) and (not models or (keys, models) in WITH_MODELS):
            return replace(table, disclosed_by=decider, matched_by=keys, models=models)
    message = f"{mart['name']} is public, and nothing decides which of its rows rest on too few."
    remedy = (
        "Say in its yml `published: {grain: [...]}` with keys of DECIDERS in"
        " publishing/publications/catalogue.py, or {rests_on_people: false}."
    )
    raise DeclarationError(message, remedy=remedy)


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
