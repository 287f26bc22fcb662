"""Sentences on what weighted boards go without, and wordings that no seed explains."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from ingestion.errors import BusyError, NotFoundError
from orchestration.comparable import comparable
from orchestration.database import mart_rows
from publishing.boards.labels import who_judged
from publishing.boards.view import EFFECTIVE_PEOPLE_MIN
from publishing.counted import counted, listed
from publishing.meant import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ingestion.paths import Home

LIKENESS_MIN = 0.75
SHOWN = 10
AGE = "age"
LEFT_OUT = """
select
    boards.weighting_label, stratum_id, boards.dimension_label, summed.battle_count,
    summed.battle_left_out_count, summed.models_left_out
from rpt_board_summary as summed
inner join dim_board as boards using (weighting, stratum_id, dimension, estimator)
where
    battle_left_out_count > 0 and estimator = 'trueskill_ep' and stratum_id not like '%/%'
    and weighting <> 'none' and weighting not like 'merged!_by!_%' escape '!'
    and weighting not like '%!_half!_half' escape '!'
order by stratum_id = 'all' desc, battle_left_out_count desc, stratum_id, dimension
"""
STOPPED = """
select country, scheme_label, unrecognised_answers from rpt_weighting_diagnostics
where is_stopped and is_default
order by country
"""
FEW_PEOPLE = """
select
    stratum_id, weighting = 'none' as is_unweighted, weighting_label,
    min(effective_participant_count) as people
from rpt_board_summary
inner join dim_board using (weighting, stratum_id, dimension, estimator)
where has_few_people and stratum_id not like '%/%' and estimator = 'trueskill_ep'
group by weighting, weighting_label, stratum_id
order by stratum_id = 'all' desc, stratum_id, weighting = 'none', weighting
"""
UNKNOWN_COUNTRIES = """
select
    diagnosed.country, diagnosed.participant_count,
    (select string_agg(country, ',' order by sort_order) from seeds.seed_countries) as known,
    (select string_agg(label, ',' order by sort_order) from seeds.seed_countries) as labels
from rpt_weighting_diagnostics as diagnosed
where diagnosed.is_default and not diagnosed.has_targets and diagnosed.country <> 'unknown'
order by diagnosed.country
"""
COLLAPSED = """
select country, scheme_label, collapsed_levels from rpt_weighting_diagnostics
where is_default and collapsed_levels is not null
order by country
"""
UNRECOGNISED = """
select distinct coding, variable, levelled.country, answer
from int_answers__levelled as levelled
inner join seeds.seed_variables as variables using (country, variable)
where level is null
order by coding, answer, levelled.country, variable
"""
UNEXPLAINED = """
with schemes as (
    select country, variable, string_agg(distinct '"' || label || '"', ', ') as labels
    from seeds.seed_weighting_margins
    inner join int_weighting_schemes__chosen using (scheme)
    group by country, variable
)
select
    levelled.country, levelled.question, levelled.answer,
    string_agg(distinct coalesce(labels.label, levelled.variable), '; ') as variables,
    coalesce(string_agg(distinct schemes.labels, ', '), '') as schemes,
    bool_or(shown.variable is not null) as is_shown
from int_answers__levelled as levelled
left join int_variables__shown as shown using (country, variable)
left join schemes using (country, variable)
left join seeds.seed_labels as labels
    on labels.kind = 'variable' and labels.name = levelled.variable
where levelled.level is null
group by levelled.country, levelled.question, levelled.answer
order by levelled.country, levelled.question, levelled.answer
"""
WORDINGS = """
unpivot (
    select country, age, gender, ethnicity, politics, education from int_participants__current
)
on age, gender, ethnicity, politics, education
into name question value wording
"""
PEOPLE = f"""
select country, question, wording, count(*) as people from ({WORDINGS})
group by country, question, wording
order by country, question, wording
"""  # noqa: S608  # a query of ours
KNOWN = """
select coding, source_value as wording, level from seeds.seed_crosswalk
where coding not in ('any') and level <> 'unknown'
union
select coding, level, level from seeds.seed_variables
inner join seeds.seed_targets using (country, variable)
union
select coding, level, level from seeds.seed_variables
inner join seeds.seed_untargeted_levels using (country, variable)
order by coding, wording
"""


@dataclass(frozen=True)
class Proposal:
    """A row that seed_crosswalk may lack.

    Args:
        coding: which coding the row is for.
        source_value: the answer that no seed explains.
        level: what the most alike known wording stands for; empty where none is alike.
        alike: that wording.
        variables: whom it is asked of and what it is called elsewhere, as `UK ethnic4, US race4`.
    """

    coding: str
    source_value: str
    level: str
    alike: str
    variables: str = ""


def weighting_gaps(home: Home) -> list[str]:
    """What weighted boards of the last build go without; empty where it cannot be read now."""
    with suppress(BusyError, NotFoundError):
        stopped = [
            f"nobody in {row['country']} is weighted ({_within(row['scheme_label'])}), because more"
            f" than one answer in fifty is not understood: {row['unrecognised_answers']}. Add rows"
            " to seed_crosswalk (demoscope crosswalk proposes them)."
            for row in mart_rows(home, STOPPED)
        ]
        few = _few_people(mart_rows(home, FEW_PEOPLE))
        collapsed = [
            f"boards of {row['country']} that are weighted ({_within(row['scheme_label'])}) are"
            " provisional: for want of people, levels are weighted together"
            f" ({row['collapsed_levels']})."
            for row in mart_rows(home, COLLAPSED)
        ]
        elsewhere = unknown_countries(home)
        return (
            unexplained(home)
            + stopped
            + elsewhere
            + _left_out(mart_rows(home, LEFT_OUT))
            + few
            + collapsed
        )
    return []


def _within(label: str) -> str:
    """A label within a sentence."""
    return f"{label[:1].lower()}{label[1:]}"


def _few_people(rows: list[dict[str, Any]]) -> list[str]:
    """A sentence per group of people, of all boards of theirs that are worth too few."""
    worth: dict[str, list[str]] = {}
    for row in rows:
        how = (
            "unweighted" if row["is_unweighted"] else f"weighted: {_within(row['weighting_label'])}"
        )
        people = counted(min(round(row["people"]), EFFECTIVE_PEOPLE_MIN - 1), "person", "people")
        worth.setdefault(row["stratum_id"], []).append(f"{people} ({how})")
    return [
        f"boards of {who_judged(stratum)} are provisional: they are worth"
        f" {'; '.join(each)}, fewer than {EFFECTIVE_PEOPLE_MIN}."
        for stratum, each in worth.items()
    ]


def unexplained(home: Home) -> list[str]:
    """A sentence per answer that no seed explains: what it is, and of how many people.

    Raises:
        NotFoundError, BusyError: as of `mart_rows`.
    """
    found = {
        (row["country"], row["question"], row["answer"]): row
        for row in mart_rows(home, UNEXPLAINED)
    }
    if not found:
        return []
    people = Counter[tuple[str, str, str]]()
    rows = mart_rows(home, PEOPLE)
    plain = comparable(row["wording"] for row in rows)
    for row in rows:
        said = (row["country"], row["question"], plain[row["wording"]])
        people[said] += row["people"] if said in found else 0
    ranked = sorted(
        (one for one in found if found[one]["is_shown"]), key=lambda one: (-people[one], one)
    )
    sentences = []
    for country, question, answer in ranked[:SHOWN]:
        who = counted(people[country, question, answer], "person", "people")
        variables = found[country, question, answer]["variables"]
        sentences.append(
            f"{country} {question}: {answer!r} ({who}): no seed explains it ({variables}); add a"
            " row to seed_crosswalk (demoscope crosswalk proposes rows)."
        )
    if len(ranked) > SHOWN:
        more = ranked[SHOWN:]
        who = counted(sum(people[one] for one in more), "person", "people")
        sentences.append(
            f"{len(more):,} more answers ({who}) are explained by no seed: demoscope crosswalk."
        )
    return sentences + _understood_elsewhere(found, people)


def _understood_elsewhere(
    found: Mapping[tuple[str, str, str], dict[str, Any]], people: Counter[tuple[str, str, str]]
) -> list[str]:
    """A sentence per definition that answers don't fit which fit all that boards show."""
    grouped: dict[tuple[str, str, str, str], list[tuple[str, str, str]]] = {}
    for one, row in found.items():
        if not row["is_shown"]:
            key = (row["country"], row["question"], row["variables"], row["schemes"])
            grouped.setdefault(key, []).append(one)
    sentences = []
    for (country, question, variables, schemes), answers in sorted(grouped.items()):
        ranked = sorted(answers, key=lambda one: (-people[one], one))
        named = listed([repr(answer) for *_, answer in ranked], SHOWN)
        who = counted(sum(people[one] for one in answers), "person", "people")
        without = f": only boards weighted by {schemes} go without" if schemes else ""
        sentences.append(
            f"{country} {question}: {named} ({who}) fit no level of {variables!r}{without}."
            " The groups and the weighting that are shown understand them."
        )
    return sentences


def unknown_countries(home: Home) -> list[str]:
    """A sentence per country of people who judged that has no census targets.

    Raises:
        NotFoundError, BusyError: as of `mart_rows`.
    """
    return [_unknown_country(row) for row in mart_rows(home, UNKNOWN_COUNTRIES)]


def _unknown_country(row: dict[str, Any]) -> str:
    country, known = row["country"], row["known"].split(",")
    codes = {
        **dict(zip(row["labels"].split(","), known, strict=True)),
        **{one: one for one in known},
    }
    near = nearest(country.replace(".", ""), codes)
    people = counted(row["participant_count"], "voter")
    meant = f"If {codes[near]} is meant" if near else "If one of those is meant"
    code = codes[near] if near else known[0]
    return (
        f"{people} of country {country!r}, which has no census targets (those with are"
        f" {', '.join(known)}): their verdicts count on unweighted boards only. {meant}, write"
        f" `country: {{column: ..., values: {{{country}: {code}, ...}}}}` into the mapping, with"
        " every other value as it is, take the load back (demoscope log undo) and load it"
        " again; else add the country's rows to seed_countries, seed_targets and"
        " seed_weighting_margins."
    )


def _left_out(rows: list[dict[str, Any]]) -> list[str]:
    """A sentence per weighting and group of people, of the question that loses most."""
    sentences: dict[tuple[str, str], str] = {}
    for row in rows:
        left_out = row["battle_left_out_count"]
        total = row["battle_count"] + left_out
        models = f", and the models {row['models_left_out']}" if row["models_left_out"] else ""
        who, how = who_judged(row["stratum_id"]), _within(row["weighting_label"])
        sentences.setdefault(
            (how, who),
            f"the board of {who}, weighted: {how}, leaves out {left_out:,} of {total:,} verdicts on"
            f" {row['dimension_label']}{models}: of people who are not enrolled or whose country"
            " has no weights. The weighting scheme `everybody` keeps them: make it the default in"
            " seed_weighting_schemes.",
        )
    return list(sentences.values())


def proposals(home: Home) -> list[Proposal]:
    """A row for every answer that no seed explains, by the most alike wording of its coding.

    Raises:
        NotFoundError, BusyError: as of `mart_rows`.
    """
    known: dict[str, list[tuple[str, str]]] = {}
    for row in mart_rows(home, KNOWN):
        known.setdefault(row["coding"], []).append((row["wording"], row["level"]))
    found: dict[tuple[str, str], set[str]] = {}
    for row in mart_rows(home, UNRECOGNISED):
        named = found.setdefault((row["coding"], row["answer"]), set())
        named.add(f"{row['country']} {row['variable']}")
    return [
        replace(
            # A band of years that fits no level is like several: a person has to decide.
            propose(coding, answer, [] if coding.startswith(AGE) else known.get(coding, [])),
            variables=", ".join(sorted(named)),
        )
        for (coding, answer), named in sorted(found.items())
    ]


def propose(coding: str, answer: str, known: Iterable[tuple[str, str]]) -> Proposal:
    """The level of the wording that is most alike, by letters and by words."""
    score, wording, level = max(
        ((_likeness(answer, wording), wording, level) for wording, level in known),
        default=(0.0, "", ""),
    )
    if score < LIKENESS_MIN:
        return Proposal(coding, answer, "", "")
    return Proposal(coding, answer, level, wording)


def _likeness(one: str, other: str) -> float:
    words, others = _words(one), _words(other)
    shared = len(words & others) / max(len(words | others), 1)
    letters = SequenceMatcher(None, " ".join(sorted(words)), " ".join(sorted(others))).ratio()
    return max(shared, letters)


def _words(text: str) -> set[str]:
    plain = "".join(letter if letter.isalnum() else " " for letter in text.casefold())
    return set(plain.split()) - {"and", "or", "the", "of"}
