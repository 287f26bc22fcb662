"""Strikes and exclusions from what the rules hit, and appeals against them, as events in the log.

A strike's id is made of rule, version, participant and conversation: the same hit is the same event
however often it is issued, and one that was retracted stays so. dbt holds the rules, finds who is
hit, and applies the events to state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ingestion.errors import NotFoundError, UsageError
from ingestion.sources.generated_events import GeneratedEvents
from ingestion.vocabulary import EventType
from orchestration.database import mart_rows
from orchestration.event_search import Search, find_events
from orchestration.loading import load_generated
from publishing.meant import did_you_mean

if TYPE_CHECKING:
    from ingestion.paths import Home
    from orchestration.load_report import LoadReport

SOURCE = "demoscope.quality"
VERSION_MARK = "@"
APPEALABLE = (EventType.STRIKE_ISSUED, EventType.PARTICIPANT_EXCLUDED)

POLICIES = """
select policy, version, is_default, strikes_to_exclude
from seeds.seed_quality_policies
order by sort_order, version
"""
OPEN_HITS = """
select hits.*
from fct_quality_hit as hits
inner join seeds.seed_quality_policy_rules as members using (rule, rule_version)
where members.policy = $policy and members.policy_version = $version and hits.state = 'open'
    and ($participant is null or hits.participant_key = $participant)
order by hits.participant_key, hits.rule, hits.rule_version, hits.conversation_id nulls last
"""
EXCLUSIONS = """
select participant_key, strike_count + open_hit_count as strike_count
from int_policies__applied
where policy = $policy and policy_version = $version and is_excluded and not has_exclusion
    and ($participant is null or participant_key = $participant)
order by participant_key
"""
PARTICIPANT = "select 1 from rpt_participant_quality where participant_key = $participant"


@dataclass(frozen=True, kw_only=True)
class Strikes:
    """What a quality policy says as of the last build: events in native form, by participant."""

    policy: str
    version: str
    strikes: list[dict[str, Any]]
    exclusions: list[dict[str, Any]]

    @property
    def name(self) -> str:
        """`name@version`."""
        return f"{self.policy}{VERSION_MARK}{self.version}"


def find_strikes(home: Home, policy: str | None, participant: str | None) -> Strikes:
    """Every open hit as a strike, and an exclusion of each participant who has enough.

    The policy is `name` or `name@version`, None for the default; the participant is a pseudonym,
    None for everybody.

    Raises:
        NotFoundError: no such quality policy, version or participant, or nothing is built.
        UsageError: a quality policy of several versions is named without one.
    """
    name, version = _policy(home, policy)
    chosen = {"policy": name, "version": version, "participant": participant}
    if participant is not None and not mart_rows(home, PARTICIPANT, {"participant": participant}):
        message = f"There is no participant {participant!r}."
        raise NotFoundError(message, remedy="demoscope quality participants lists pseudonyms.")
    return Strikes(
        policy=name,
        version=version,
        strikes=[_strike(hit) for hit in mart_rows(home, OPEN_HITS, chosen)],
        exclusions=[_exclusion(row, name, version) for row in mart_rows(home, EXCLUSIONS, chosen)],
    )


def issue(home: Home, found: Strikes) -> LoadReport | None:
    """Write them to the log in one commit, strikes first; None where there is nothing to say."""
    if not found.strikes and not found.exclusions:
        return None
    rows = {
        EventType.STRIKE_ISSUED: found.strikes,
        EventType.PARTICIPANT_EXCLUDED: found.exclusions,
    }
    return load_generated(home, GeneratedEvents(f"quality policy {found.name}", SOURCE, rows))


def appeal(home: Home, event_id: str, reason: str) -> tuple[dict[str, Any], LoadReport]:
    """Retract a strike or an exclusion, named by its event id in the log or the beginning of it.

    Returns:
        The event that is retracted, and the load.

    Raises:
        NotFoundError: there is no such strike or exclusion.
        UsageError: several events begin so, or no reason is given.
    """
    if not reason.strip():
        raise UsageError("An appeal needs a reason.", remedy="Say why: --reason TEXT")
    begun = find_events(home, Search(event_id=event_id), limit=2)
    found = [event for event in begun if event["event_id"].startswith(event_id)]
    if not found:
        message = f"No event {event_id!r} is in the log."
        raise NotFoundError(message, remedy="fct_quality_hit has each strike's id.")
    if len(found) > 1:
        raise UsageError(f"Several events begin with {event_id!r}.", remedy="Give more digits.")
    [event] = found
    if event["event_type"] not in APPEALABLE:
        message = f"{event['event_id']} is a {event['event_type']}: no strike and no exclusion."
        raise UsageError(message, remedy="Other events are retracted by a file: event_retracted.")
    target = event["event_id"]
    row = {"native_id": f"{target}/{reason}", "target_event_id": target, "reason": reason}
    events = GeneratedEvents("appeal", SOURCE, {EventType.EVENT_RETRACTED: [row]})
    return event, load_generated(home, events)


def _policy(home: Home, asked: str | None) -> tuple[str, str]:
    known = mart_rows(home, POLICIES)
    name, _, version = (asked or "").partition(VERSION_MARK)
    found = [
        row
        for row in known
        if (row["is_default"] if asked is None else row["policy"] == name)
        and version in {"", row["version"]}
    ]
    listed = ", ".join(f"{row['policy']}{VERSION_MARK}{row['version']}" for row in known)
    if not found:
        message = f"There is no quality policy {asked!r}."
        meant = did_you_mean(name, [row["policy"] for row in known])
        raise NotFoundError(message, remedy=f"{meant}There are: {listed}.")
    if len(found) > 1:
        raise UsageError(f"{name!r} has several versions.", remedy=f"Name one: {listed}.")
    return found[0]["policy"], found[0]["version"]


def _strike(hit: dict[str, Any]) -> dict[str, Any]:
    rule, person, held = hit["rule"], hit["participant_key"], hit["conversation_id"]
    seen = f"{hit['measure']} {hit['measured_value']:.6g} over {hit['basis_count']}"
    return {
        "native_id": f"{rule}{VERSION_MARK}{hit['rule_version']}/{person}/{held or 'all'}",
        "participant_id": person,
        "rule": rule,
        "rule_version": hit["rule_version"],
        "evidence": f"{seen}: {hit['comparison'].replace('_', ' ')} {hit['threshold']:g}",
        "conversation_id": held,
    }


def _exclusion(row: dict[str, Any], policy: str, version: str) -> dict[str, Any]:
    person = row["participant_key"]
    return {
        "native_id": f"{policy}{VERSION_MARK}{version}/{person}",
        "participant_id": person,
        "reason": f"{row['strike_count']} strikes under {policy}{VERSION_MARK}{version}.",
        "policy": policy,
        "policy_version": version,
    }
