"""Which column of a file is which column of a contract, by its name and by what stands in it."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingestion.contracts import CONTRACTS, SLUG_PATTERN
from ingestion.drafting.moments import Moments, are_clock_times, find_moments, repeated_hour
from ingestion.drafting.verdicts import MOST_VALUES, Verdicts, find_verdicts, is_a_name
from ingestion.drafting.words import CALLED, DIMENSIONS, dimension_of, slug, stem
from ingestion.sources.mapping import ENVELOPE
from ingestion.sources.scalar_text import is_decimal_comma
from ingestion.visible_text import visible_in_json
from ingestion.vocabulary import EventType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ingestion.drafting.sample import Sample

FILL_IN = "FILL_IN"
SCALE = {f"{number}{end}" for number in range(1, 8) for end in ("", ".0", ",0")}
RATINGS_AT_LEAST = 3
# An id that a few rows share whose contents differ is one all the same: those rows are wrong.
CONFLICTING_MAX = 0.02
# Small numbers that are no ratings.
NO_RATINGS = {
    *(word for name in ("native_id", "item_id", "conversation_id", "age") for word in CALLED[name]),
    *("turn", "position", "order", "page", "round", "wave", "session"),
}
PLAIN = re.compile(r"[A-Za-z_][\w.]*(?: [\w.]+)*")
NULLS = {"null", "Null", "NULL"}
_OF_UK = (
    *("united_kingdom", "great_britain", "gb", "england", "vereinigtes_konigreich"),
    *("reino_unido", "royaume_uni"),
)
_OF_US = (
    *("united_states", "united_states_of_america", "usa", "vereinigte_staaten"),
    *("estados_unidos", "ee_uu", "eeuu", "etats_unis"),
)
COUNTRIES = dict.fromkeys(_OF_UK, "UK") | dict.fromkeys(_OF_US, "US")


@dataclass
class Guesses:
    """The lines of a mapping as they are found.

    Args:
        sample: the first rows.
        event: what a row is.
        zone: whose time it is, where cells don't say; None: nobody knows.
        models: the columns of the two models, of a battle.
        columns: column of the contract -> YAML.
        why: column of the contract -> how it was found.
        outcome: YAML of what the values of the outcome mean; empty where it is said otherwise.
        checks: what a person should look at.
        gaps: what a person has to fill in.
        used: columns of the file that the mapping reads.
    """

    sample: Sample
    event: EventType
    zone: str | None
    models: tuple[str, str] | None
    columns: dict[str, str] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    outcome: str = ""
    checks: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def find(self) -> None:
        """Look for every column of the contract."""
        self._participant()
        if self.models is not None:
            for name, own in zip(("model_a", "model_b"), self.models, strict=True):
                self.take(name, own, "one of two that differ by a side")
        if self.event is EventType.BATTLE_JUDGED:
            self._verdict()
        elif self.event is EventType.EXPERIENCE_RATED:
            self._ratings()
        elif self.event is EventType.BATTLES_TALLIED:
            self._tallies()
        self._time()
        for column in CONTRACTS[self.event].log_columns:
            name = column.source_name
            if name not in self.columns and name not in {*ENVELOPE, "native_id"}:
                self._by_name(name, is_required=column.is_required)
        self._country()
        self._identity()

    def take(self, name: str, column: str, why: str) -> None:
        """Say that a column of the contract is one of the file."""
        yaml = quoted(column)
        if _is_number(self.event, name) and any(map(is_decimal_comma, self.sample.said(column))):
            yaml = f'{{column: {yaml}, decimal: ","}}'
        self.put(name, yaml, why, column)

    def put(self, name: str, yaml: str, why: str, *used: str) -> None:
        """Say where a column of the contract comes from."""
        self.columns[name], self.why[name] = yaml, why
        self.used.update(used)

    def _called(self, name: str) -> str | None:
        """The file's column that is called as a column of the contract usually is."""
        slugs = {slug(own): own for own in reversed(self.sample.columns) if own not in self.used}
        last = {slug(own.rpartition(".")[2]): own for own in reversed(self.sample.columns)}
        for word in (name, *CALLED.get(name, ())):
            for known in (slugs, last):
                own = known.get(word)
                if own is not None and own not in self.used and is_a_name(self.sample, own):
                    return own
        return self._numbered(name) if name.endswith("_id") else None

    def _numbered(self, name: str) -> str | None:
        """The file's column of ids of a thing, whatever it calls them: `Teilnehmer-Nr.`."""
        things = {stem(word) or word for word in (name, *CALLED.get(name, ()))}
        for own in self.sample.columns:
            if own not in self.used and stem(own) in things and is_a_name(self.sample, own):
                return own
        return None

    def _participant(self) -> None:
        own = self._called("participant_id")
        if own is not None:
            self.take("participant_id", own, "its name")
        elif self.event is EventType.BATTLE_JUDGED:
            self.checks.append(
                "participant_id: no column looks like it, so every vote is anonymous and nobody "
                "can be weighted. If one names the people, write `participant_id: COLUMN`."
            )

    def _verdict(self) -> None:
        if self.models is None:
            for name in ("model_a", "model_b", "outcome"):
                self._gap(name)
            self._dimension()
            return
        found = find_verdicts(self.sample, self.models)
        self.used.update(found.used)
        if found.flags:
            flags = flow(found.flags)
            self.put("outcome", f"{{columns: {flags}}}", "a column of 0 and 1 per verdict")
        elif found.winner is not None:
            name, tie = found.winner
            more = f", tie: {quoted(tie)}" if tie else ""
            self.put("outcome", f"{{winner: {quoted(name)}{more}}}", "it names the winner")
            if tie is None:
                self.checks.append(
                    f"outcome: {name} names the winner, and no column says that nobody won; rows "
                    "in which it names neither model are refused."
                )
        elif len(found.columns) > 1:
            self._questions(found)
            return
        elif found.columns:
            self.take("outcome", found.columns[0], "its values are verdicts")
            self._meanings(found)
        else:
            self._gap("outcome")
        self._dimension()

    def _meanings(self, found: Verdicts) -> None:
        self.outcome = flow({**found.values, **dict.fromkeys(found.unknown, FILL_IN)})
        if found.unknown:
            self.gaps.append(
                f"outcome: which verdict is {_listed(found.unknown)}? Write a, b, tie or both_bad "
                f"in place of {FILL_IN}."
            )
        for text in found.doubtful:
            self.checks.append(f"outcome: {text!r} is taken as {found.values[text]}.")

    def _questions(self, found: Verdicts) -> None:
        """One event per column and row."""
        self.put("outcome", "{each: true}", "what stands in those columns")
        self._each_of("dimension", found.columns)
        self._meanings(found)

    def _each_of(self, name: str, columns: list[str]) -> None:
        given: dict[str, str] = {}
        for own in columns:
            word = self._question(own) if name == "dimension" else _slugged(own)
            given[own] = word if word not in given.values() else _slugged(own)
            if given[own] == _slugged(own) and re.fullmatch(r"[a-z]{1,3}_?\d+", given[own]):
                self.checks.append(
                    f"{name}: {own} is called {given[own]!r}; write what it asks, such as overall "
                    "or trust."
                )
        self.put(name, f"{{each_of: {flow(given)}}}", f"{len(columns)} columns, one per question")
        self.used.update(columns)

    def _question(self, own: str) -> str:
        """What a column asks, by its text where the file has it, else by its name."""
        asked = dimension_of(self.sample.asked.get(own, own))
        return asked if asked in DIMENSIONS else dimension_of(own)

    def _dimension(self) -> None:
        name = "criterion" if self.event is EventType.EXPERIENCE_RATED else "dimension"
        own = self._called(name)
        values = [] if own is None else self.sample.distinct(own)
        if own is None or not values or len(values) > MOST_VALUES:
            self.put(name, "{constant: overall}", "no column looks like it")
            return
        if all(re.fullmatch(SLUG_PATTERN, text) for text in values):
            self.take(name, own, "its name")
            return
        named = {text: dimension_of(text) for text in values}
        counts = Counter(named.values())
        named = {
            text: word if counts[word] == 1 else _slugged(text) for text, word in named.items()
        }
        self.put(name, f"{{column: {quoted(own)}, values: {flow(named)}}}", "its name", own)
        self.checks.append(
            f"{name}: is each value of {own} called right? One that is not listed is refused."
        )

    def _ratings(self) -> None:
        model = self._called("model_id")
        if model is None:
            self._gap("model_id")
        else:
            self.take("model_id", model, "its name")
        scales = [
            own
            for own in self.sample.columns
            if own not in self.used
            and slug(own) not in NO_RATINGS
            and (values := {*self.sample.said(own)})
            and values <= SCALE
            and len(values) >= RATINGS_AT_LEAST
        ]
        if len(scales) > 1:
            has_commas = any(
                is_decimal_comma(text) for own in scales for text in self.sample.said(own)
            )
            more = ', decimal: ","' if has_commas else ""
            self.put("rating", f"{{each: true{more}}}", "what stands in those columns")
            self._each_of("criterion", scales)
            return
        own = scales[0] if scales else self._called("rating")
        if own is None:
            self._gap("rating")
        else:
            self.take("rating", own, "numbers from 1 to 7")
        self._dimension()

    def _tallies(self) -> None:
        """Counts; of ties and of bad pairs a file may have none."""
        self._dimension()
        for name in ("tie_count", "both_bad_count"):
            if self._called(name) is None:
                self.put(name, '{constant: "0"}', "no column looks like it")
                self.checks.append(f"{name}: no column looks like it, so 0 is written.")

    def _time(self) -> None:
        self.columns["occurred_at"], self.why["occurred_at"] = "null", "no column holds times"
        tried: list[str] = []
        while (own := self._called("occurred_at")) is not None:
            self.used.add(own)
            found = find_moments(self.sample.said(own), self.sample.kinds.get(own))
            if found is not None:
                self._time_as(own, found)
                break
            tried.append(own)
        else:
            if self._looks_like_time():
                return
            if tried:
                cells = _listed(self.sample.said(tried[0])[:1])
                self.gaps.append(
                    f"occurred_at: {tried[0]} is written in no form that is known ({cells}); times "
                    "are left out. Say the form: `{column: ..., format: '%d.%m.%Y %H:%M', "
                    "timezone: Europe/Berlin}`."
                )
        self.used -= {*tried}

    def _looks_like_time(self) -> bool:
        """Take the one column whose every cell is a day with a time on it, however it is called."""
        found = []
        for own in self.sample.columns:
            if own not in self.used and are_clock_times(said := self.sample.distinct(own)):
                moments = find_moments(said, self.sample.kinds.get(own))
                found += [] if moments is None else [(own, moments)]
        if len(found) > 1:
            names = [own for own, _ in found]
            self.why["occurred_at"] = f"{' and '.join(names)} hold times"
            forms = [form for _, moments in found for form in moments.formats[:1]]
            form = f", format: {json.dumps(forms[0])}" if forms else ""
            zone = self.zone or "Europe/Berlin"
            self.gaps.append(
                f"occurred_at: {', '.join(map(repr, names))} all hold times, and no name says "
                "which is of the vote; times are left out. Write the one at which people answered: "
                f"occurred_at: {{column: {quoted(names[-1])}{form}, timezone: {zone}}}."
            )
            return True
        if not found:
            return False
        [(own, moments)] = found
        self._time_as(own, moments, "every cell is a time")
        self.checks.append(f"occurred_at: is {own} when people voted? Only its cells say so.")
        return True

    def _time_as(
        self, own: str, found: Moments, why: str = "its name, and every cell is a time"
    ) -> None:
        """Write down how a column holds times, unless days and months can't be told apart."""
        days = {form for form in found.formats if form.startswith(("%d/%m", "%d-%m"))}
        months = {form for form in found.formats if form.startswith(("%m/%d", "%m-%d"))}
        if days and months:
            self.gaps.append(
                f"occurred_at: no row of {own} tells days from months "
                f"({self.sample.said(own)[0]}); times are left out. Write {{column: {quoted(own)}, "
                f"format: '{min(days)}' or '{min(months)}', timezone: Europe/London}}."
            )
            return
        details = [f"column: {quoted(own)}"]
        if found.unit:
            details.append(f"unit: {found.unit}")
        if found.formats:
            details.append(f"format: {json.dumps(found.formats[0])}")
        if found.is_local:
            details.append(f"timezone: {self.zone or 'UTC'}")
        if found.is_local and self.zone is None:
            self.checks.append(
                f"occurred_at: {own} names no zone; UTC is written. Whose time is it? "
                "--timezone Europe/Berlin, say."
            )
        yaml = quoted(own) if len(details) == 1 else f"{{{', '.join(details)}}}"
        self.put("occurred_at", yaml, why, own)
        twice = repeated_hour(self.sample.said(own), found, self.zone) if self.zone else []
        if found.is_local and twice:
            self.checks.append(
                f"occurred_at: {self.zone} has {len(twice):,} of the times twice, as clocks went "
                f"back (first: {twice[0]}). They are refused, unless you write which are meant: "
                "`ambiguous: earlier` or `later`."
            )

    def _by_name(self, name: str, *, is_required: bool) -> None:
        own = self._called(name)
        if own is not None:
            self.take(name, own, "its name")
        elif is_required:
            self._gap(name)

    def _country(self) -> None:
        """Countries under the seeds' names."""
        if self.event is EventType.PARTICIPANT_ENROLLED and "country" not in self.columns:
            self.checks.append(
                "country: no column looks like it, and boards are weighted by country. If all live "
                "in one, write `country: {constant: UK}`."
            )
        own = next((own for own in self.used if quoted(own) == self.columns.get("country")), None)
        values = [] if own is None else self.sample.distinct(own)
        known = {text: COUNTRIES[slug(text)] for text in values if slug(text) in COUNTRIES}
        if own is not None and known:
            names = {text: known.get(text, text) for text in values}
            self.put(
                "country", f"{{column: {quoted(own)}, values: {flow(names)}}}", "its name", own
            )
            self.checks.append("country: list every country that the file has; others are refused.")

    def _identity(self) -> None:
        """What makes a row one event: a column that never repeats, or the fewest that don't."""
        named = [own for own in self.sample.columns if slug(own) in CALLED["native_id"]]
        named.sort(key=lambda own: CALLED["native_id"].index(slug(own)))
        if self.event is EventType.PARTICIPANT_ENROLLED and "participant_id" in self.columns:
            self.put("native_id", self.columns["participant_id"], "a person is enrolled once")
            if not self._is_unique(tuple(self._file_columns("participant_id"))):
                # Of two votes of one person, the times would make two enrolments that differ.
                self.put("occurred_at", "null", "people are in several rows")
                self.checks = [one for one in self.checks if not one.startswith("occurred_at:")]
            return
        if (own := next(filter(self._is_id, named), None)) is not None:
            self.take("native_id", own, "no two rows share it")
            return
        if (own := next(filter(self._is_nearly_id, named), None)) is not None:
            self.take("native_id", own, "its name, and hardly any rows share it")
            return
        people, asked, time = map(self._file_columns, ("participant_id", "item_id", "occurred_at"))
        models = [*self._file_columns("model_id"), *(self.models or ())]
        for name in ("benchmark", "metric", "reported_by"):
            models += self._file_columns(name)
        asked += self._file_columns("conversation_id")
        tried = [[own, *people] for own in named] if people else []
        # Of people, times and models alone none names a vote, whatever the first rows say.
        is_of_people = self.event in {EventType.BATTLE_JUDGED, EventType.EXPERIENCE_RATED}
        known = [asked[:1], [*asked[:1], *models]] if asked else []
        for more in (*known, [*models, *time]):
            tried += [[*people, *more]] if more and (people or time or not is_of_people) else []
        for joined in map(tuple, map(dict.fromkeys, tried)):
            if joined and self._is_unique(joined):
                self._identified(joined)
                return
        self.put("native_id", "{row_number: true}", "no columns tell rows apart")
        self.checks.append(
            "native_id: no columns tell rows apart, so the row's number is its id: the file must "
            "never be re-ordered, and a vote in two files counts twice."
        )

    def _identified(self, joined: tuple[str, ...]) -> None:
        self.used.update(joined)
        if len(joined) == 1:
            self.take("native_id", joined[0], "no two rows share it")
            return
        listed = ", ".join(map(quoted, joined))
        self.put("native_id", f"[{listed}]", "no two rows share all of them")
        self.checks.append(
            f"native_id: do {', '.join(joined)} together name one row in every file to come?"
        )

    def _is_id(self, own: str) -> bool:
        """Whether a column names each row; a copy of a row has the same name, and counts once."""
        rows, cells = self.sample.whole_rows, self.sample.columns[own]
        found = [cells[row] for row in rows]
        if None in found or len({*found}) < len(found):
            return False
        copies = len(self.sample.said(own)) - len(rows)
        if copies:
            self.checks.append(
                f"native_id: {copies:,} of the rows are copies of another, word for word; they are "
                "duplicates, and count once."
            )
        return True

    def _is_nearly_id(self, own: str) -> bool:
        """Whether a column names each row but for a few, which differ in what else they say."""
        rows, cells = self.sample.whole_rows, self.sample.columns[own]
        first: dict[str | None, int] = {}
        conflicts = [
            (first[cells[row]], row) for row in rows if first.setdefault(cells[row], row) != row
        ]
        empty = [row for row in rows if cells[row] is None]
        if not conflicts or empty or len(conflicts) > CONFLICTING_MAX * len(rows):
            return False
        one, other = map(self.sample.number, conflicts[0])
        more = f" (and {len(conflicts) - 1:,} more)" if len(conflicts) > 1 else ""
        self.checks.append(
            f"native_id: {own} names every row but that rows {one} and {other} are both "
            f"{cells[conflicts[0][0]]!r} and differ{more}. The first counts, and a load refuses "
            "the others: give them ids of their own in the file if both are meant."
        )
        return True

    def _is_unique(self, joined: tuple[str, ...]) -> bool:
        cells = list(zip(*(self.sample.columns[own] for own in joined), strict=True))
        return all(None not in one for one in cells) and len(set(cells)) == len(cells)

    def _file_columns(self, name: str) -> list[str]:
        """The file's columns that a column of the contract was found in."""
        yaml = self.columns.get(name, "")
        return [own for own in self.used if yaml == quoted(own) or f"column: {quoted(own)}" in yaml]

    def _gap(self, name: str) -> None:
        self.columns[name], self.why[name] = FILL_IN, "no column looks like it"
        self.gaps.append(f"{name}: no column looks like it. Write its name in place of {FILL_IN}.")


def _is_number(event: EventType, name: str) -> bool:
    return any(one.is_number for one in CONTRACTS[event].log_columns if one.source_name == name)


def _slugged(name: str) -> str:
    return slug(name)[:63].strip("_") or "overall"


def quoted(text: str) -> str:
    """A text as YAML has it: in quotes where it would be read otherwise."""
    is_plain = PLAIN.fullmatch(text) and text.isascii() and text not in NULLS
    return text if is_plain else visible_in_json(json.dumps(text, ensure_ascii=False))


def flow(pairs: Mapping[str, str | None]) -> str:
    """Pairs as YAML in one line."""
    said = (f"{quoted(key)}: {'null' if value is None else value}" for key, value in pairs.items())
    return f"{{{', '.join(said)}}}"


def _listed(texts: list[str]) -> str:
    return ", ".join(map(repr, texts[:MOST_VALUES]))
