"""Verdicts of simulated studies, clean and attacked, as the signals of vote quality read them."""

from typing import Any, NamedTuple

import numpy as np

from ingestion.simulation.attacks import plant
from ingestion.simulation.battles import OUTCOMES, draw_battles, draw_participants
from ingestion.simulation.parameters import EPOCH, SECOND, Parameters
from ingestion.simulation.population import read_population
from ingestion.simulation.truth import Truth, draw_truth
from ratings.compiled import FloatArray, IndexArray
from ratings.counts import PairCounts
from ratings.draw_margin import fit_draw_margin
from ratings.posterior import Posterior
from ratings.vote_origins import copied_profiles
from ratings.vote_signals import FEWEST_VOTES, Signal, Votes, signals

# A study of people who judge several battles each, so that there is something to look at.
ACTIVE: dict[str, Any] = {"participants": 300, "battles_per_participant": 10.0}


class Verdicts(NamedTuple):
    """N verdicts of one dimension, by person and time: as ``Votes.of`` takes them."""

    person: IndexArray
    left: IndexArray
    right: IndexArray
    said: IndexArray
    at: FloatArray

    @property
    def counts(self) -> PairCounts:
        """Of all, of 28 models or fewer."""
        size = max(int(self.left.max()), int(self.right.max())) + 1
        names = tuple(f"m{number:03d}" for number in range(size))
        won = [(self.said == code).astype(np.float64) for code in range(3)]
        return PairCounts.from_indices(names, self.left, self.right, *won)

    def joined(self, other: "Verdicts") -> "Verdicts":
        """With those of other people, whose numbers follow."""
        apart = int(self.person.max()) + 1
        moved = other._replace(person=other.person + apart)
        return Verdicts(*(np.concatenate(both) for both in zip(self, moved, strict=True)))

    def only(self, rows: Any) -> "Verdicts":
        """Some of them."""
        return Verdicts(*(column[rows] for column in self))


def truth_of(seed: int, **asked: Any) -> Truth:
    """Of an active study."""
    return draw_truth(Parameters(**(ACTIVE | {"seed": seed} | asked)), read_population())


def verdicts_of(truth: Truth, dimension: int = 0) -> Verdicts:
    """What the study's own people say."""
    parts = []
    for participants in draw_participants(truth):
        battles = draw_battles(truth, participants)
        person = participants.numbers[battles.participant]
        said = battles.outcomes[:, dimension]
        at = battles.judged_at / SECOND
        parts.append(Verdicts(person, battles.left, battles.right, said, at))
    return Verdicts(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def planted_verdicts(truth: Truth, attack: str, size: int | None = None) -> Verdicts:
    """What an attack's voters say on the first dimension."""
    from datetime import datetime

    models = {model.model_id: place for place, model in enumerate(truth.parameters.models)}
    first = truth.parameters.dimensions[0]
    rows = [
        (
            int(event["participant_id"][1:]),
            models[event["model_a"]],
            models[event["model_b"]],
            [outcome.value for outcome in OUTCOMES].index(event["outcome"]),
            (datetime.fromisoformat(event["occurred_at"]) - EPOCH).total_seconds(),
        )
        for event in plant(attack, truth, size).events
        if event.get("dimension") == first
    ]
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    return Verdicts(*columns)


def fitted(verdicts: Verdicts) -> Posterior:
    """The board."""
    return fit_draw_margin(verdicts.counts, is_spread_learnt=True)


def found_in(verdicts: Verdicts, posterior: Posterior, seed: int = 1) -> list[Signal]:
    """The signals of all people with enough verdicts; places are of those."""
    enough = np.bincount(verdicts.person) >= FEWEST_VOTES
    kept = verdicts.only(enough[verdicts.person])
    number = np.cumsum(enough) - 1
    order = np.lexsort((kept.at, kept.person))
    kept = kept.only(order)
    person = number[kept.person]
    votes = Votes.of(posterior, verdicts.counts, person, kept.left, kept.right, kept.said, kept.at)
    return signals(votes, seed)


def profile_signal(truth: Truth, attack: str | None = None, size: int | None = None) -> Signal:
    """Of the answers of those who judge, and of an attack's voters."""
    rows: list[tuple[Any, ...]] = []
    names = ("age", "gender", "ethnicity", "politics", "education")
    for participants in draw_participants(truth):
        judging = np.flatnonzero(participants.battle_counts)
        columns = [participants.answers[name][judging].tolist() for name in names]
        countries = [truth.population.countries[one].name for one in participants.country[judging]]
        rows += zip(countries, *columns, strict=True)
    if attack is not None:
        rows += [
            (event["country"], *(event.get(name) for name in names))
            for event in plant(attack, truth, size).events
            if "country" in event
        ]
    codes = [_codes(column) for column in zip(*rows, strict=True)]
    return copied_profiles(codes[0], np.column_stack(codes[1:]))


def _codes(values: tuple[Any, ...]) -> IndexArray:
    known = {value: code for code, value in enumerate(sorted(set(values) - {None}))}
    return np.array([known.get(value, -1) for value in values])
