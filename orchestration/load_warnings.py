"""What may be wrong with a load that went well: people who do not join, names that look alike.

Participants' ids are at hand only while a file is loaded, so only here can two spellings of one id
be told. Warnings are kept with the load and name no person: they give row numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.log.reader import read, register
from ingestion.lookalikes import lookalikes
from ingestion.sources.batch import ROW_NUMBER
from ingestion.vocabulary import SIMULATED_SOURCE_PREFIX, AliasReach, EventType
from orchestration.benchmark_warnings import ScoreNotes
from orchestration.model_names import END, Statement, current, meanings, statements
from orchestration.unknown_models import ModelNotes
from orchestration.voters import Voters
from publishing.counted import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from ingestion.log import EventLog
    from ingestion.subjects.log_form import Naming

TRIED = 1_000
SHOWN = 5
MOST_ZEROS = 6
MODELS = ("model_a", "model_b")
VOTING = """
select subject_id, any_value(source order by source), count(*) from raw.battle_judged
where subject_id is not null
group by subject_id
"""
AFTER_THE_LOG = 2**62
"""A position that no log reaches."""
COMPARED = (EventType.BATTLE_JUDGED, EventType.BATTLES_TALLIED)


@dataclass
class Foreseen:
    """What dry runs would have brought into the log so far, as far as names of models go."""

    statements: list[Statement] = field(default_factory=list)
    compared: set[str] = field(default_factory=set)
    registered: set[str] = field(default_factory=set)
    rated: set[str] = field(default_factory=set)

    def add(self, event_type: EventType, logged: pa.Table) -> None:
        """Take rows that a load would have committed, in the form in which the log has them."""
        if event_type in COMPARED:
            for name in MODELS:
                self.compared.update(logged[name].unique().to_pylist())
        elif event_type is EventType.MODEL_REGISTERED:
            self.registered.update(logged["model_id"].unique().to_pylist())
        elif event_type is EventType.EXPERIENCE_RATED:
            self.rated.update(logged["model_id"].unique().to_pylist())
        elif event_type is EventType.MODEL_ALIASED:
            columns = (logged[name].to_pylist() for name in ("alias", "model_id", "applies_to"))
            for alias, model, reach in zip(*columns, strict=True):
                place = AFTER_THE_LOG + len(self.statements)
                self.statements.append(Statement(place, alias, model, reach == AliasReach.LATER))


@dataclass
class Noted:
    """Who voted in a file or was enrolled, with the first row of each, its models and its aliases.

    `enrolled` are people whose enrolment the log does not have, with their source.
    """

    voters: Voters = field(default_factory=Voters)
    sources: set[str] = field(default_factory=set)
    people: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    models: set[str] = field(default_factory=set)
    enrolled: dict[str, str] = field(default_factory=dict)
    aliases: list[tuple[int, str, str]] = field(default_factory=list)
    registered: dict[str, set[str]] = field(default_factory=dict)
    scores: ScoreNotes = field(default_factory=ScoreNotes)
    about_models: ModelNotes = field(default_factory=ModelNotes)
    foreseen: Foreseen = field(default_factory=Foreseen)

    def note(self, event_type: EventType, native: pa.Table, logged: pa.Table) -> None:
        """Take rows as the source wrote them, and as the log has them."""
        if event_type in COMPARED:
            self.sources.update(logged["source"].unique().to_pylist())
            for name in MODELS:
                self.models.update(logged[name].unique().to_pylist())
        self.about_models.note(event_type, native, logged)
        if event_type is EventType.BENCHMARK_REPORTED:
            self.scores.note(native, logged)
        if event_type is EventType.MODEL_ALIASED:
            columns = (native[ROW_NUMBER], logged["alias"], logged["model_id"])
            self.aliases += zip(*(column.to_pylist() for column in columns), strict=True)
        if event_type is EventType.MODEL_REGISTERED:
            models, sources = (logged[name].to_pylist() for name in ("model_id", "source"))
            for model, source in zip(models, sources, strict=True):
                self.registered.setdefault(model, set()).add(source)
        if event_type is EventType.BATTLE_JUDGED:
            self.voters.vote_count += len(logged)
            self.voters.add(_people(native, logged))
        if event_type is EventType.PARTICIPANT_ENROLLED:
            rows = _people(native, logged).select(["key", "id", "source", "row"]).columns
            for key, *first in zip(*(column.to_pylist() for column in rows), strict=True):
                self.people.setdefault(key, tuple(first))

    def enrol(self, event_type: EventType, logged: pa.Table) -> None:
        """Take rows that are not committed."""
        if event_type is EventType.PARTICIPANT_ENROLLED:
            people, sources = (logged[name].to_pylist() for name in ("subject_id", "source"))
            self.enrolled.update(zip(people, sources, strict=True))

    def large_shares(self) -> list[str]:
        """Sentences on people to whom much of the file's votes is attributed."""
        total = self.voters.vote_count
        return [
            f"One participant (row {row}) has {count:,} of {total:,} votes ({count / total:.1%}). "
            "If it stands for nobody, or for many people, list its word as `missing:` in the "
            "mapping."
            for row, count in self.voters.large_shares()
        ]


def _people(native: pa.Table, logged: pa.Table) -> pa.Table:
    """The people of some rows, each once with what its first row says and how many there are."""
    people = logged["subject_id"].combine_chunks().dictionary_encode()
    places = np.flatnonzero(people.is_valid())
    codes = people.indices.drop_null().to_numpy()
    first = np.empty(len(people.dictionary), np.int64)
    # Of several that are written to one place the last stays.
    first[codes[::-1]] = places[::-1]
    said = {"id": native["subject_id"], "source": logged["source"], "row": native[ROW_NUMBER]}
    return pa.table(
        {
            "key": people.dictionary,
            **{name: column.take(pa.array(first)) for name, column in said.items()},
            "count": np.bincount(codes, minlength=len(first)),
        }
    )


def warnings_of(noted: Noted, log: EventLog, names: Naming) -> list[str]:
    """Sentences on what looks like a mistake; none where nothing does."""
    named = noted.models or noted.aliases or noted.registered or noted.scores.models
    about_models = noted.about_models
    if not (named or noted.people or about_models.is_any):
        return []
    with duckdb.connect() as connection:
        register(connection, log, log.resolve(None))
        models = " union ".join(
            f"select {model} from raw.{kind}"  # noqa: S608  # names of contracts
            for kind in COMPARED
            for model in MODELS
        )
        known = {name for (name,) in connection.sql(models).fetchall()}
        registered = "select model_id from raw.model_registered"
        registered_ids = {name for (name,) in connection.sql(registered).fetchall()}
        rated: set[str] = set()
        if about_models.is_any:
            ratings = "select distinct model_id from raw.experience_rated"
            rated = {name for (name,) in connection.sql(ratings).fetchall()}
        people = "select distinct subject_id, source from raw.participant_enrolled"
        enrolled = noted.enrolled | dict(connection.sql(people).fetchall())
        voting = connection.sql(VOTING).fetchall() if noted.people else []
        voted = {key: source for key, source, _ in voting}
        counts = {key: count for key, _, count in voting}
        comparing = " union ".join(
            f"select source from raw.{kind}"  # noqa: S608  # names of contracts
            for kind in COMPARED
        )
        sources = {source for (source,) in connection.sql(comparing).fetchall()}
    known |= noted.foreseen.compared
    registered_ids |= noted.foreseen.registered
    # Of a load that is refused the log has nothing, and its own names are no mistake.
    all_registered = registered_ids | noted.registered.keys()
    all_known = known | noted.models | all_registered | about_models.rated
    all_known |= rated | noted.foreseen.rated
    said = [*statements(log), *noted.foreseen.statements]
    meant = current(said)
    return [
        *_unmatched(noted, enrolled, names),
        *(
            _unheard(noted, voted, enrolled, names)
            or _missing(noted, voted, counts, enrolled, names)
        ),
        *_mixed(noted.sources, sources),
        *_alike(noted.models, known, meant),
        *_aliases(noted.aliases, said, known | registered_ids),
        *_registered_before(noted.registered, log),
        *about_models.warnings(all_known, all_registered, meant),
        *noted.scores.warnings({meant.get(name, name) for name in known}, meant),
    ]


def _aliases(
    aliases: list[tuple[int, str, str]], said: list[Statement], known: set[str]
) -> list[str]:
    """Sentences on the aliases of this file that do not do what it says."""
    if not aliases:
        return []
    last = {one.alias: one.model_id for one in said}
    meant = meanings(said)
    left_out = {one.alias for one in meant if one.is_left_out}
    named = {alias for _, alias, _ in aliases}
    other = [
        f"{alias!a} means {last[alias]!a}, not {model!a} (row {number})"
        if alias in last
        else f"{alias!a} (row {number}) was taken back"
        for number, alias, model in aliases
        if last.get(alias) != model
    ]
    found = []
    if other:
        found.append(
            f"Of {len(other):,} aliases another statement stands: {listed(other, SHOWN, '; ')}. "
            "What is said later counts; to go back to an earlier one, take the later one back "
            "(demoscope log undo)."
        )
    if left_out:
        circle = sorted(map(ascii, left_out))
        found.append(
            f"Aliases go in a circle, so the oldest statement of each is left out, the one on "
            f"{listed(circle, SHOWN, '; ')}. Take it back: demoscope log undo."
        )
    ends = {one.alias: one.model_id for one in meant if one.until_position == END}
    strange = sorted({end for name in named if (end := ends.get(name)) and end not in known})
    if strange:
        found.append(
            f"Aliases mean {len(strange):,} models that the log does not know yet: "
            f"{listed(list(map(ascii, strange)), SHOWN, '; ')}. Check their spelling."
        )
    return found


def _registered_before(named: Mapping[str, Collection[str]], log: EventLog) -> list[str]:
    """A sentence on models of this file whose registration by another source stands (dim_model).

    Args:
        named: by model, the sources that register it in the file.
        log: with the file's events.
    """
    first: dict[str, str] = {}
    if named:
        for row in log.retractions.standing(read(log, EventType.MODEL_REGISTERED)).to_pylist():
            first.setdefault(row["model_id"], row["source"])
    others = sorted(
        (model, first[model])
        for model, sources in named.items()
        if model in first and set(sources) - {first[model]}
    )
    if not others:
        return []
    shown = listed([f"{model!a} by {source}" for model, source in others], SHOWN, "; ")
    said = (
        f"Of {len(others):,} models another source's registration stands, because it came first: "
        f"{shown}. This file's are kept, not shown. If the first one is wrong, take it back: "
        "demoscope log undo."
    )
    return [said]


def _alike(new: set[str], known: set[str], meant: dict[str, str]) -> list[str]:
    """A sentence on the names of this file that look like others of it or of the log.

    Names of which an alias says that they mean one model are none of them.
    """
    groups = [
        group
        for group in lookalikes(new | known)
        if new.intersection(group) and len({meant.get(name, name) for name in group}) > 1
    ]
    if not groups:
        return []
    shown = listed([" = ".join(map(ascii, group)) for group in groups], SHOWN, "; ")
    said = (
        f"Models whose names differ only by case, blanks, width, look or how a number is written "
        f"count as different ({len(groups):,}): {shown}. If one is meant, write it one way in the "
        "file, or say so in a file of aliases."
    )
    return [said]


def _unmatched(noted: Noted, enrolled: dict[str, str], names: Naming) -> list[str]:
    """Sentences on voters without an enrolment; none where nobody is enrolled at all."""
    if not enrolled or not noted.voters.pieces:
        return []
    voters = noted.voters.all()
    is_known = pc.is_in(voters["key"], pa.array(enrolled.keys(), pa.string()))
    missing = voters.filter(pc.invert(is_known))
    if not len(missing):
        return []
    battles, total = (pc.sum(rows["count"]).as_py() for rows in (missing, voters))
    said = (
        f"{len(missing):,} of {len(voters):,} voters have no enrolment, so {battles:,} of "
        f"{total:,} votes count on unweighted boards only."
    )
    elsewhere: dict[str, list[int]] = {}
    spelled: list[int] = []
    columns = missing.slice(0, TRIED).select(["id", "source", "row"]).columns
    tried = list(zip(*(column.to_pylist() for column in columns), strict=True))
    for own in sorted({source for _, source, _ in tried}):
        rows = [(native, row) for native, source, row in tried if source == own]
        whose = names.participants_of or own
        for other in sorted({whose, *enrolled.values()}):
            spellings = _spellings if other != whose else _other_spellings
            found = _found(rows, other, spellings, enrolled, names)
            if other == whose:
                spelled += found
            elif found:
                elsewhere.setdefault(other, []).extend(found)
    if spelled:
        said += (
            f" {len(spelled):,} of them would be enrolled if case, blanks or leading zeros of "
            f"their ids were changed, such as in {_rows(spelled)}."
        )
    for other, found in elsewhere.items():
        said += (
            f" {len(found):,} of them are enrolled under {other}: one `source:`? If so, write "
            f"`participants_of: {other}` into the mapping."
        )
    return [said]


def _unheard(
    noted: Noted, voted: dict[str, str], enrolled: dict[str, str], names: Naming
) -> list[str]:
    """Sentences on people of this file who may be the voters that nobody enrolled."""
    strangers = {key: source for key, source in voted.items() if key not in enrolled}
    silent = [noted.people[key] for key in noted.people if key not in voted]
    if not strangers or not silent:
        return []
    said = []
    for own in sorted({source for _, source, _ in silent}):
        rows = [(native, row) for native, source, row in silent[:TRIED] if source == own]
        whose = names.participants_of or own
        for other in sorted({whose, *strangers.values()}):
            spellings = _spellings if other != whose else _other_spellings
            found = _found(rows, other, spellings, strangers, names)
            if found and other == whose:
                said.append(
                    f"{len(found):,} would have voted if case, blanks or leading zeros of their "
                    f"ids were changed, such as in {_rows(found)}."
                )
            elif found:
                said.append(
                    f"{len(found):,} voted under {other}: one `source:`? If so, take the load of "
                    f"the votes back (demoscope log undo), write `participants_of: {own}` into its "
                    "mapping and load it again."
                )
    if not said:
        return []
    count = f"{len(strangers):,} voters of the log have no enrolment, and of {len(silent):,} people"
    return [" ".join([f"{count} of this file there are no votes.", *said])]


def _missing(
    noted: Noted,
    voted: dict[str, str],
    counts: dict[str, int],
    enrolled: dict[str, str],
    names: Naming,
) -> list[str]:
    """A sentence on voters whom a file of people leaves out; a file of votes has its own."""
    if noted.voters.pieces or not noted.people:
        return []
    own = {source for _, source, _ in noted.people.values()} | {names.participants_of}
    voters = [key for key, source in voted.items() if source in own]
    missing = [key for key in voters if key not in enrolled]
    if not missing:
        return []
    votes, all_votes = (sum(counts[key] for key in keys) for keys in (missing, voters))
    said = (
        f"{len(missing):,} of {len(voters):,} voters of the log have no enrolment yet, so "
        f"{votes:,} of {all_votes:,} votes count on unweighted boards only."
    )
    return [said]


def _mixed(own: set[str], known: set[str]) -> list[str]:
    """A sentence where real and simulated verdicts meet in one home."""
    simulated = {name for name in own | known if name.startswith(SIMULATED_SOURCE_PREFIX)}
    real = (own | known) - simulated
    if not (own and simulated and real) or own >= simulated | real:
        return []
    others = ", ".join(sorted(known - own))
    kind = "simulated" if own <= simulated else "real"
    said = (
        f"These verdicts ({', '.join(sorted(own))}) are {kind}, and this home holds others that are"
        f" not ({others}): boards count both, and are marked SIMULATED. If that is not meant, take"
        " the load back (demoscope log undo) and name another home: DEMOSCOPE_HOME=DIR."
    )
    return [said]


def _found(
    rows: list[tuple[str, int]],
    source: str,
    spellings: Callable[[str], set[str]],
    enrolled: dict[str, str],
    names: Naming,
) -> list[int]:
    """The rows of those ids of which a spelling is enrolled under a source."""
    of_row: dict[str, set[int]] = {}
    for native, row in rows:
        for one in spellings(native):
            of_row.setdefault(one, set()).add(row)
    if not of_row:
        return []
    keys = names.subject_ids(source, pa.array(list(of_row), pa.string())).to_pylist()
    pairs = zip(keys, of_row.values(), strict=True)
    return sorted(set[int]().union(*(numbers for key, numbers in pairs if key in enrolled)))


def _spellings(native: str) -> set[str]:
    """How else somebody may have written an id, and as it is."""
    bare = "".join(native.split())
    trimmed = native.strip()
    forms = {native, trimmed, bare, bare.lstrip("0")}
    if bare.isdigit():  # a spreadsheet leaves out the zeros before a number
        forms |= {bare.zfill(len(bare) + more) for more in range(1, MOST_ZEROS + 1)}
    return {
        form for one in forms for form in (one, one.lower(), one.upper(), one.capitalize()) if form
    }


def _other_spellings(native: str) -> set[str]:
    return _spellings(native) - {native}


def _rows(numbers: Iterable[int]) -> str:
    shown = sorted(numbers)[:3]
    return ("row " if len(shown) == 1 else "rows ") + ", ".join(map(str, shown))
