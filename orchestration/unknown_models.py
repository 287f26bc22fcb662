"""Models that an event names and nothing in the log knows: a mistyped name would change nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

from ingestion.errors import BusyError, NotFoundError
from ingestion.sources.batch import ROW_NUMBER
from ingestion.vocabulary import EventType
from orchestration.database import mart_rows
from orchestration.model_names import END
from publishing.counted import counted

if TYPE_CHECKING:
    import pyarrow as pa

    from ingestion.paths import Home

SHOWN = 5
LIKENESS_MIN = 0.6
ALL_MODELS = """
select model_id, is_registered from dim_model
"""
# Models whose battles count nowhere are none of dim_model, but no mistake.
COMPARED = """
select model_a as model_id from int_battles__current
union
select model_b from int_battles__current
union
select model_a from stg_events__battles_tallied
union
select model_b from stg_events__battles_tallied
"""
REGISTERED = """
select distinct said.model_id from stg_events__models_registered as said
left join int_events__revised as revised on said.event_id = revised.event_id
where revised.retracted_position is null
"""
MEANT = f"""
select alias, model_id from int_models__aliased
where until_position = {END}
"""  # noqa: S608  # a number
NAMED = """
select said.{column} as model_id, count(*) as event_count from {table} as said
left join int_events__revised as revised on said.event_id = revised.event_id
where revised.retracted_position is null and said.{column} is not null
group by said.{column}
order by said.{column}
"""


@dataclass(frozen=True)
class Use:
    """A column in which events name a model that something else has to know.

    Args:
        event_type: of the events.
        column: the column.
        table: dbt's, with the events that stand or were retracted.
        must_be_registered: whether a model that was only compared or rated is not enough.
        effect: what becomes of an event whose model nobody knows.
        is_told_at_load: whether a load tells of it; what it belongs to may come in a later file.
    """

    event_type: EventType
    column: str
    table: str
    effect: str
    must_be_registered: bool = False
    is_told_at_load: bool = True

    @property
    def words(self) -> str:
        """How a sentence calls it."""
        return f"{self.event_type} ({self.column})"


NO_EFFECT = "such events change nothing"
USES = (
    Use(EventType.MODEL_RETIRED, "model_id", "stg_events__models_retired", NO_EFFECT),
    Use(
        EventType.MODEL_PUBLISHED,
        "model_id",
        "stg_events__models_published",
        NO_EFFECT,
        must_be_registered=True,
    ),
    Use(
        EventType.MODEL_PUBLISHED,
        "public_id",
        "stg_events__models_published",
        "the variant is compared with no public model",
    ),
    Use(
        EventType.MODEL_REGISTERED,
        "variant_of",
        "stg_events__models_registered",
        "the variant is of no model that was compared",
    ),
    Use(
        EventType.CONVERSATION_LABELLED,
        "model_id",
        "int_labels__current",
        "such labels stand beside no rating or verdict",
        is_told_at_load=False,
    ),
)


@dataclass
class ModelNotes:
    """The models that a file's events name, each with its first row and how many events do.

    `rated` are those that it rates.
    """

    named: dict[Use, dict[str, tuple[int, int]]] = field(default_factory=dict)
    rated: set[str] = field(default_factory=set)

    def note(self, event_type: EventType, native: pa.Table, logged: pa.Table) -> None:
        """Take rows as the source wrote them, and as the log has them."""
        if event_type is EventType.EXPERIENCE_RATED:
            self.rated.update(logged["model_id"].unique().to_pylist())
        for use in USES:
            if use.event_type is not event_type or not use.is_told_at_load:
                continue
            numbers, names = native[ROW_NUMBER].to_pylist(), logged[use.column].to_pylist()
            found = self.named.setdefault(use, {})
            for number, name in zip(numbers, names, strict=True):
                if name is not None:
                    first, count = found.get(name, (number, 0))
                    found[name] = first, count + 1

    @property
    def is_any(self) -> bool:
        """Whether any was named."""
        return any(self.named.values())

    def warnings(
        self, known: Collection[str], registered: Collection[str], meant: Mapping[str, str]
    ) -> list[str]:
        """Sentences on those that nobody knows.

        Args:
            known: models that the log or the file compares, rates or registers.
            registered: those of them that it registers.
            meant: what names mean by the aliases that stand.
        """
        said = []
        for use, named in self.named.items():
            counts = {name: (count, f"row {first}") for name, (first, count) in named.items()}
            said += _sentence(use, counts, registered if use.must_be_registered else known, meant)
        return said


def unknown_models(home: Home) -> list[str]:
    """Sentences on models that events name and the last build doesn't know.

    Empty where every one is known, and where the database cannot be read now.
    """
    # That somebody else has the database open, or that older code built it, is no failure.
    with suppress(BusyError, NotFoundError):
        return _of_build(home)
    return []


def _of_build(home: Home) -> list[str]:
    named = {}
    for use in USES:
        rows = mart_rows(home, NAMED.format(column=use.column, table=use.table))
        named[use] = {row["model_id"]: (row["event_count"], "") for row in rows}
    if not any(named.values()):
        return []
    known = {row["model_id"] for row in mart_rows(home, ALL_MODELS)}
    meant = {row["alias"]: row["model_id"] for row in mart_rows(home, MEANT)}
    if any(_strange(names, known, meant) for names in named.values()):
        known |= {row["model_id"] for row in mart_rows(home, COMPARED)}
    registered = {row["model_id"] for row in mart_rows(home, REGISTERED)}
    said = []
    for use, names in named.items():
        # Where labels alone were loaded, nothing can be said to be of another model.
        if known or use.is_told_at_load:
            said += _sentence(use, names, registered if use.must_be_registered else known, meant)
    return said


def _strange(names: Collection[str], known: Collection[str], meant: Mapping[str, str]) -> list[str]:
    return [name for name in names if name not in known and meant.get(name, name) not in known]


def _sentence(
    use: Use,
    named: Mapping[str, tuple[int, str]],
    known: Collection[str],
    meant: Mapping[str, str],
) -> list[str]:
    strange = _strange(named, known, meant)
    if not strange:
        return []
    shown = []
    candidates = sorted({*known, *meant})
    for name in strange[:SHOWN]:
        count, row = named[name]
        near = get_close_matches(name, candidates, n=1, cutoff=LIKENESS_MIN)
        parts = [counted(count, "event"), row, f"like {near[0]!a}" if near else ""]
        shown.append(f"{name!a} ({', '.join(part for part in parts if part)})")
    more = f"; and {len(strange) - SHOWN:,} more" if len(strange) > SHOWN else ""
    does = "nobody registered yet" if use.must_be_registered else "the log does not know yet"
    said = (
        f"{use.words} names {counted(len(strange), 'model')} that {does}: {'; '.join(shown)}{more}."
        f" Until then {use.effect}. If a name is misspelt, take the event back (event_retracted, or"
        " demoscope log undo) and load it corrected."
    )
    return [said]
