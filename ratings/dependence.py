"""Which verdicts of a flat board are taken to be alike, and the intervals that follow.

One person's verdicts are alike, and so are those on one prompt (an *item*). The posterior's own
covariance takes all as independent. Where judges are known the sandwich over participants takes its
place; where items are known as well and several people judged them, that over both (two-way:
Cameron, Gelbach, Miller 2011, Journal of Business & Economic Statistics 29; as a jackknife:
MacKinnon, Nielsen, Webb 2024, arXiv 2406.08880).

A verdict whose judge is unknown is a participant of its own: it is taken as independent, and
counted. A verdict without an item adds nothing to what items share.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ratings.compiled import MANY_MODELS, FloatArray, compiled
from ratings.counts import COUNT_COLUMNS, PairCounts, ParticipantCounts, amounts
from ratings.growth import interval_design_effect
from ratings.interval_basis import FEW, INDEPENDENT, PARTICIPANTS, PARTICIPANTS_AND_ITEMS
from ratings.posterior import Posterior
from ratings.prior_pull import unequal_pull
from ratings.sandwich import Sandwich, design_effect, sandwich

# Fewer tell too little about how far people differ: three gave 0.7 of the model's own sd.
FEW_PARTICIPANTS = 10
SWEEPS = 60
# Intervals are widened until they are this share of what is wanted.
WITHIN, ROUNDS = 0.999, 20
# Off the diagonal, the share of the diagonal that is rounding.
ROUNDING = 1e-14


@dataclass(frozen=True, eq=False)
class Items:
    """The verdicts of a board that name an item, over its pairs.

    ``each``: an item stands for a participant; ``crossed``: those of one person on one item stand
    for one; ``singles``: those of nobody known.
    """

    each: ParticipantCounts
    crossed: ParticipantCounts
    singles: PairCounts

    @property
    def is_shared(self) -> bool:
        """Whether some item was judged by several people; else an item is part of a person."""
        by_both = self.crossed.participant_count + self.singles.battle_total
        return self.each.participant_count < by_both


@dataclass(frozen=True, eq=False)
class Judges:
    """Who judged the battles of a board, over its pairs: ``people`` known, and ``singles``.

    ``singles``: verdicts of nobody known. ``items``: None where none is shared by several people.
    """

    people: ParticipantCounts
    singles: PairCounts
    items: Items | None = None

    @property
    def item_count(self) -> int | None:
        """Different items; None where none is shared."""
        return None if self.items is None else self.items.each.participant_count

    @property
    def unattributed_count(self) -> int:
        """Verdicts whose judge is unknown."""
        return round(self.singles.battle_total)

    @property
    def effective_participant_count(self) -> float:
        """Participants that would count for as much if all weighed the same (Kish 1965)."""
        alone = self.singles.battle_total
        weights = self.people.weights
        squares = float((weights**2).sum()) + alone
        return (float(weights.sum()) + alone) ** 2 / squares if squares > 0.0 else 0.0


@dataclass(frozen=True, eq=False)
class Dependence:
    """What a board's intervals rest on.

    ``covariance`` (M, M): 1.96 of its standard deviations are a 95% interval. ``model_sd`` (M): of
    centred skills, all verdicts taken as independent. ``design_effect``: mean ratio of the
    sandwich's variance to the model's, None without one. ``growth``: design effect and degrees of
    freedom as ``growth.Flat`` has them.
    """

    basis: str
    covariance: FloatArray
    model_sd: FloatArray | None
    participant_count: int
    effective_participant_count: float | None
    unattributed_count: int
    item_count: int | None
    design_effect: float | None
    growth: tuple[float, float]


def judges_of(
    counts: PairCounts, people: pa.Table | None = None, items: pa.Table | None = None
) -> Judges:
    """Who judged ``counts``, in whole verdicts.

    ``people``: participant_id and the columns of ``PairCounts.from_arrow``; ``items``: the verdicts
    with an item, in the same columns and item_id, a whole number; participant_id may be null there.
    """
    known = _nobody(counts) if people is None else _over(counts, people)
    left = np.maximum(counts.outcomes - _sums(counts, known), 0.0)
    singles = _with_outcomes(counts, left)
    if items is None or not items.num_rows:
        return Judges(known, singles)
    is_known = items.column("participant_id").is_valid()
    crossed, nobody = items.filter(is_known), items.filter(pc.invert(is_known))
    alone = _sums(counts, _over(counts, _grouped(nobody, "item_id")))
    return Judges(known, singles, _items(counts, items, crossed, alone))


def weighted_judges(
    people: ParticipantCounts, judgments: pa.Table, items: pa.Table | None, factor: float
) -> Judges:
    """Who judged a weighted board; all are known.

    ``judgments``: as in ``tournaments.rate_weighted``; ``factor``: what their weights were scaled
    by. A person's verdicts weigh the same, so each of ``items`` (as in ``judges_of``) weighs what
    the person's verdicts do on average.
    """
    nobody = np.zeros_like(people.counts.outcomes)
    judges = Judges(people, _with_outcomes(people.counts, nobody))
    if items is None or not items.num_rows:
        return judges
    weights = sum(amounts(judgments, name) for name in COUNT_COLUMNS)
    totals = pa.table(
        {
            "participant_id": judgments.column("participant_id"),
            "weight": weights,
            "battles": amounts(judgments, "battle_count"),
        }
    )
    each = totals.group_by("participant_id").aggregate([("weight", "sum"), ("battles", "sum")])
    people_ids = each.column("participant_id").cast(pa.int64()).combine_chunks()
    place = pc.index_in(items.column("participant_id"), value_set=people_ids)
    items = items.filter(place.is_valid())
    if not items.num_rows:
        return judges
    weight = factor * np.divide(*(each.column(f"{name}_sum") for name in ("weight", "battles")))
    own = weight[place.drop_null().to_numpy().astype(np.int64)]
    for name in COUNT_COLUMNS:
        column = items.column_names.index(name)
        items = items.set_column(column, name, pa.array(own * amounts(items, name)))
    return replace(judges, items=_items(people.counts, items, items, nobody))


def _items(
    counts: PairCounts, items: pa.Table, crossed: pa.Table, alone: FloatArray
) -> Items | None:
    each = _over(counts, _grouped(items, "item_id"))
    found = Items(each, _over(counts, _crossed(crossed)), _with_outcomes(counts, alone))
    return found if found.is_shared else None


def dependence_of(posterior: Posterior, judges: Judges) -> Dependence:
    """What the intervals of a board rest on, by who judged it.

    ``posterior``: the EP fit of the board's counts, or what skewness made of it: then as much wider
    than the fit's sandwich as it is than the fit. No skill's interval is narrower than the
    posterior's own: where a model wins all its battles nobody's verdicts differ, and a sandwich
    takes that for certainty. A model far from the rest is wider by ``unequal_pull``.
    """
    fitted, known = posterior.fitted, judges.people.participant_count
    own, basis = posterior.covariance, INDEPENDENT
    freedom, growth, effect = math.inf, 1.0, None
    if known:
        basis, found = _clustered(fitted, judges)
        basis = FEW if known < FEW_PARTICIPANTS else basis
        freedom = found.degrees_of_freedom
        ratio = design_effect(fitted, found.covariance)
        effect = ratio if math.isfinite(ratio) else None
        growth = max(interval_design_effect(fitted, found), 1.0)
        own = at_least(fitted.with_covariance(found.interval_covariance), posterior)
    return Dependence(
        basis=basis,
        covariance=own + np.diag(unequal_pull(posterior)),
        model_sd=posterior.skill_sd,
        participant_count=known,
        effective_participant_count=judges.effective_participant_count,
        unattributed_count=judges.unattributed_count,
        item_count=judges.item_count,
        design_effect=effect,
        growth=(growth, freedom),
    )


def _clustered(fitted: Posterior, judges: Judges) -> tuple[str, Sandwich]:
    by_person = sandwich(fitted, judges.people, judges.singles)
    items = judges.items
    # One item has no spread; beyond so many models the repair would cost minutes.
    if items is None or items.each.participant_count < 2 or fitted.mean.size > MANY_MODELS:
        return PARTICIPANTS, by_person
    by_item = sandwich(fitted, items.each)
    by_both = sandwich(fitted, items.crossed, items.singles)
    return PARTICIPANTS_AND_ITEMS, two_way(by_person, by_item, by_both)


def two_way(one: Sandwich, other: Sandwich, both: Sandwich) -> Sandwich:
    """Clustered by ``one`` and ``other``: V_one + V_other - V_both, where ``both`` is each meeting.

    Where that is not positive semidefinite its negative eigenvalues are put to zero. The variance
    of a skill is what the sum says, or that of ``one`` alone where it is larger, as a repair of few
    items moves variance between skills. Degrees of freedom are the smaller ones.
    """
    total = one.sampling + other.sampling - both.sampling
    wanted = np.maximum(np.diag(total), np.diag(one.sampling))
    repaired = without_negative(total)
    sampling = _scaled(repaired, np.sqrt(wanted), np.sqrt(np.maximum(np.diag(repaired), 0.0)))
    freedom = min(one.degrees_of_freedom, other.degrees_of_freedom)
    return Sandwich(sampling, one.prior, freedom)


def without_negative(matrix: FloatArray) -> FloatArray:
    """The symmetric matrix (M, M) with its negative eigenvalues put to zero."""
    values, vectors = _eigen(0.5 * (matrix + matrix.T))
    rows = vectors * np.sqrt(np.maximum(values, 0.0))
    kept: FloatArray = np.einsum("ik,jk->ij", rows, rows)
    return kept


@compiled
def _eigen(matrix: FloatArray) -> tuple[FloatArray, FloatArray]:
    # Eigenvalues (M) and vectors (M, M), in columns, by Jacobi's rotations: LAPACK's bits depend on
    # the number of threads (Golub and Van Loan 2013, section 8.5). Rows hold the vectors until the
    # end, so that a rotation runs along them.
    size = matrix.shape[0]
    rest, rows = matrix.copy(), np.eye(size)
    largest = np.abs(matrix).max() if size else 0.0
    for _ in range(SWEEPS):
        turned = False
        for p in range(size - 1):
            for q in range(p + 1, size):
                off = rest[p, q]
                if abs(off) <= ROUNDING * largest:
                    continue
                turned = True
                ratio = (rest[q, q] - rest[p, p]) / (2.0 * off)
                t = math.copysign(1.0, ratio) / (abs(ratio) + math.sqrt(ratio * ratio + 1.0))
                c = 1.0 / math.sqrt(t * t + 1.0)
                s = t * c
                for k in range(size):
                    a, b = rest[p, k], rest[q, k]
                    rest[p, k], rest[q, k] = c * a - s * b, s * a + c * b
                for k in range(size):
                    a, b = rest[k, p], rest[k, q]
                    rest[k, p], rest[k, q] = c * a - s * b, s * a + c * b
                for k in range(size):
                    a, b = rows[p, k], rows[q, k]
                    rows[p, k], rows[q, k] = c * a - s * b, s * a + c * b
        if not turned:
            break
    return np.diag(rest).copy(), rows.T.copy()


def _scaled(covariance: FloatArray, wanted: FloatArray, seen: FloatArray) -> FloatArray:
    # Rows and columns times wanted / seen (M): correlations stay.
    factor = np.where(seen > 0.0, wanted / np.where(seen > 0.0, seen, 1.0), 1.0)
    return covariance * factor[:, None] * factor[None, :]


def at_least(clustered: Posterior, posterior: Posterior) -> FloatArray:
    """The covariance (M, M) of ``clustered``, with no skill's sd below that of ``posterior``.

    What is missing is added to the skill of that model alone. Skills are about their mean, which
    moves with it a little: so from below, until they are wide enough (within WITHIN).
    """
    seen, own = clustered.skill_sd, posterior.skill_sd
    skewed = own / np.where(own > 0.0, posterior.fitted.skill_sd, 1.0)
    wanted = np.maximum(seen * np.maximum(skewed, 1.0), own)
    covariance = clustered.covariance
    for _ in range(ROUNDS):
        seen = clustered.with_covariance(covariance).skill_sd
        if (seen >= WITHIN * wanted).all():
            break
        covariance = covariance + np.diag(np.maximum(wanted**2 - seen**2, 0.0))
    return covariance


def _over(counts: PairCounts, rows: pa.Table) -> ParticipantCounts:
    """Participants of ``rows``, over the pairs of ``counts``, which hold all of theirs."""
    people = ParticipantCounts.from_arrow(rows)
    own, size = people.counts, max(len(counts.model_ids), 1)
    known = {model: place for place, model in enumerate(counts.model_ids)}
    model = np.array([known[name] for name in own.model_ids], dtype=np.int64)
    place = np.searchsorted(
        counts.first * size + counts.second, model[own.first] * size + model[own.second]
    ).astype(np.int64)
    return replace(people, counts=counts, pair=place[people.pair])


def _nobody(counts: PairCounts) -> ParticipantCounts:
    none = np.empty(0, dtype=np.int64)
    return ParticipantCounts(counts, np.zeros(1, dtype=np.int64), none, np.empty((0, 3)))


def _sums(counts: PairCounts, people: ParticipantCounts) -> FloatArray:
    columns = [
        np.bincount(people.pair, weights=people.outcomes[:, k], minlength=counts.first.size)
        for k in range(3)
    ]
    total: FloatArray = np.column_stack(columns).astype(np.float64)
    return total


def _with_outcomes(counts: PairCounts, outcomes: FloatArray) -> PairCounts:
    first, second, tie = np.ascontiguousarray(outcomes.T)
    return replace(counts, win_first=first, win_second=second, tie=tie)


def _grouped(rows: pa.Table, name: str) -> pa.Table:
    place = rows.column_names.index("participant_id")
    return rows.set_column(place, "participant_id", rows.column(name).cast(pa.int64()))


def _crossed(rows: pa.Table) -> pa.Table:
    person = rows.column("participant_id").to_numpy().astype(np.int64)
    item = rows.column("item_id").to_numpy().astype(np.int64)
    place = rows.column_names.index("participant_id")
    both = person * (int(item.max(initial=0)) + 1) + item
    return rows.set_column(place, "participant_id", pa.array(both))
