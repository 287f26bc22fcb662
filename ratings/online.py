"""trueskill_online: one battle after another, as the `trueskill` package computes it, compiled.

Equal to `trueskill.rate_1vs1` (version 0.4.5, default backend) within 1e-9 wherever that gives a
rating that can be used. The package's cdf is only good to 1.2e-7, and that error is part of what
has to be equalled. Where the package raises FloatingPointError or its rounding takes over (far
tails, bands narrower than its cdf can see) the exact moments of ``gaussian`` stand in. The result
depends on the order of battles; that of ``expectation_propagation`` does not.
"""

import math
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ratings.compiled import FloatArray, IndexArray, compiled
from ratings.counts import InvalidCountsError, PairCounts, model_indices
from ratings.expectation_propagation import SECOND_WINS, TIE
from ratings.gaussian import SQRT_HALF, density, draw_moments, win_moments
from ratings.posterior import TRUESKILL_PRIOR, Posterior, Prior, reference_weights
from ratings.tournaments import Rated, RatingParameters, with_constants

SQRT_TWO = math.sqrt(2.0)
# Beyond these the package's densities leave the range of doubles with all their digits.
LOWEST_EXCESS = -37.0
HIGHEST_EXCESS = 37.0
# The package's cdf has an error of 1e-7: in a band less probable than this, w is mostly that.
LOWEST_BAND = 1e-4
TRUESKILL_ONLINE = "trueskill_online"
HISTORY_POINTS = 100
OUTCOMES = {"a": 0, "b": 1, "tie": 2, "both_bad": 2}


@compiled
def _package_cdf(x: float) -> float:
    # trueskill.backends.erfc (Numerical Recipes) is t exp(polynomial(t) - z^2) with
    # t = 1 / (1 + z / 2); its error is part of the contract. Summed in pairs (Estrin), half the
    # latency of nested brackets.
    t = 1.0 / (1.0 + 0.5 * SQRT_HALF * abs(x))
    t2 = t * t
    t4 = t2 * t2
    poly = (-1.26551223 + 1.00002368 * t) + t2 * (0.37409196 + 0.09678418 * t)
    poly += t4 * ((-0.18628806 + 0.27886807 * t) + t2 * (-1.13520398 + 1.48851587 * t))
    poly += t4 * t4 * (-0.82215223 + 0.17087277 * t)
    half = 0.5 * t * math.exp(poly - 0.5 * x * x)
    return half if x < 0.0 else 1.0 - half


@compiled
def package_win(x: float) -> tuple[float, float]:
    """(v, w) of a win at excess x by the package's formulas; exact ones where those break."""
    if LOWEST_EXCESS < x < HIGHEST_EXCESS:
        v = density(x) / _package_cdf(x)
        w = v * (v + x)
        if 0.0 < w < 1.0:
            return v, w
    return win_moments(x)


@compiled
def package_draw(t: float, margin: float) -> tuple[float, float]:
    """(v, w) of a draw at t by the package's formulas; exact ones where those break."""
    c = abs(t)
    a = margin - c
    b = -margin - c
    band = _package_cdf(a) - _package_cdf(b)
    if band > LOWEST_BAND:
        height_a = density(a)
        height_b = density(b)
        v = (height_b - height_a) / band
        w = v * v + (a * height_a - b * height_b) / band
        if 0.0 < w < 1.0:
            return (-v if t < 0.0 else v), w
    return draw_moments(t, margin)


def package_draw_margin(draw_probability: float, beta: float = TRUESKILL_PRIOR.beta) -> float:
    """Draw margin (skill units) as `trueskill.calc_draw_margin` gives it for two players.

    Its inverse cdf is a rational guess with two Newton steps; ``draw_probability`` in [0, 1).
    """
    y = 2.0 * ((draw_probability + 1.0) / 2.0)
    if y >= 2.0:
        return 100.0 * SQRT_TWO * SQRT_TWO * beta
    y = 2.0 - y
    t = math.sqrt(-2.0 * math.log(y / 2.0))
    x = -0.70711 * ((2.30753 + t * 0.27061) / (1.0 + t * (0.99229 + t * 0.04481)) - t)
    for _ in range(2):
        error = 2.0 * _package_cdf(-SQRT_TWO * x) - y
        x += error / (1.12837916709551257 * math.exp(-(x**2)) - x * error)
    return max(x * SQRT_TWO, 0.0) * SQRT_TWO * beta


@compiled
def _replay(
    size: int,
    index_a: IndexArray,
    index_b: IndexArray,
    outcome: IndexArray,
    margin: float,
    beta: float,
    tau: float,
    prior_mean: float,
    prior_sd: float,
    every: int,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    mu = np.full(size, prior_mean)
    variance = np.full(size, prior_sd * prior_sd)
    steps = -(-index_a.size // every) if every > 0 else 0
    history = np.empty((steps, size, 2))
    noise = 2.0 * beta * beta
    drift = tau * tau
    for k in range(index_a.size):
        i = index_a[k]
        j = index_b[k]
        variance_i = variance[i] + drift
        variance_j = variance[j] + drift
        total = variance_i + variance_j + noise
        # 1 / sqrt(total), with the root and the division side by side.
        scale = math.sqrt(total) * (1.0 / total)
        difference = (mu[i] - mu[j]) * scale
        if outcome[k] == TIE:
            v, w = package_draw(difference, margin * scale)
        else:
            # One call for both sides: who won is a coin flip that no branch predictor guesses.
            sign = 1.0 - 2.0 * outcome[k]
            v, w = package_win(sign * difference - margin * scale)
            v *= sign
        v *= scale
        w *= scale * scale
        mu[i] += variance_i * v
        mu[j] -= variance_j * v
        variance[i] = variance_i * (1.0 - variance_i * w)
        variance[j] = variance_j * (1.0 - variance_j * w)
        if every > 0 and ((k + 1) % every == 0 or k + 1 == index_a.size):
            row = k // every
            for m in range(size):
                history[row, m, 0] = mu[m]
                history[row, m, 1] = math.sqrt(variance[m])
    return mu, variance, history


@dataclass(frozen=True, eq=False)
class OnlineRatings:
    """``mean``, ``sd`` (M) after the last battle.

    ``history`` (K, M, 2): mean and sd after each ``every`` battles and after the last;
    ``battle_numbers`` (K): how many those were.
    """

    mean: FloatArray
    sd: FloatArray
    history: FloatArray
    battle_numbers: IndexArray
    draw_margin: float


def replay(
    size: int,
    index_a: IndexArray,
    index_b: IndexArray,
    outcome: IndexArray,
    *,
    draw_probability: float | None = None,
    prior: Prior = TRUESKILL_PRIOR,
    tau: float = 0.0,
    every: int = 0,
) -> OnlineRatings:
    """Rate N battles among ``size`` models in the order given.

    ``index_a``, ``index_b``, ``outcome`` (N): models, and 0 a wins, 1 b wins, 2 tie.
    ``draw_probability`` defaults to the share of ties; ``every`` > 0 keeps the ratings after each
    that many battles and after the last. Raises ValueError for codes or indices out of range, or a
    model by itself.
    """
    a, b, code = (np.ascontiguousarray(x, dtype=np.int64) for x in (index_a, index_b, outcome))
    if not a.shape == b.shape == code.shape:
        raise ValueError("index_a, index_b and outcome must have the same length")
    for name, values, end in (("indices", a, size), ("indices", b, size), ("outcome", code, 3)):
        if values.size and not 0 <= values.min() <= values.max() < end:
            raise ValueError(f"{name} must be from 0 to {end - 1}")
    if (a == b).any():
        raise ValueError(f"battle {np.argmax(a == b)}: a model against itself")
    if draw_probability is None:
        draw_probability = float((code == TIE).mean()) if code.size else 0.0
    if not 0.0 <= draw_probability <= 1.0:
        raise ValueError(f"draw_probability must be within 0 and 1, got {draw_probability}")
    margin = package_draw_margin(draw_probability, prior.beta)
    mean, variance, history = _replay(
        size, a, b, code, margin, prior.beta, tau, prior.mean, prior.sd, every
    )
    numbers = np.minimum(np.arange(1, history.shape[0] + 1) * every, a.size)
    return OnlineRatings(mean, np.sqrt(variance), history, numbers, margin)


def replay_tournament(
    stratum_id: str,
    dimension: str,
    battles: pa.Table,
    parameters: RatingParameters,
    *,
    points: int = HISTORY_POINTS,
) -> tuple[Rated, pa.Table]:
    """Replay one tournament: its ratings, and one row per (battle_number, model_id) of history.

    ``battles``: model_a, model_b, outcome (a, b, tie or both_bad, the last a tie), rows in
    canonical order. The draw probability is the tournament's tie share, the drift per battle is
    ``parameters.online_tau``. The posterior is of independent Gaussians: an online update keeps no
    covariance. The history has the ratings at ``points`` evenly spaced battles, fewer where there
    are fewer, the last among them: battle_number says how many battles were rated by then; mu and
    sigma are in skill units, not centred. Raises InvalidCountsError for an unknown outcome or a
    model against itself.
    """
    names, a, b = model_indices(battles)
    code = _outcome_codes(battles)
    ratings = replay(
        len(names), a, b, code, prior=parameters.prior, tau=parameters.online_tau,
        every=max(-(-code.size // points), 1),
    )  # fmt: skip
    one = [(code == outcome).astype(np.float64) for outcome in range(3)]
    counts = PairCounts.from_indices(names, a, b, *one)
    posterior = Posterior(
        model_ids=names,
        mean=ratings.mean,
        covariance=np.diag(ratings.sd**2),
        reference=reference_weights(counts.battles_per_model),
        converged=True,
        draw_margin=ratings.draw_margin,
        prior=parameters.prior,
    )
    steps, size, _ = ratings.history.shape
    history = pa.table(
        {
            "battle_number": np.repeat(ratings.battle_numbers, size),
            "model_id": pa.array(names * steps, pa.string()),
            "mu": ratings.history[:, :, 0].ravel(),
            "sigma": ratings.history[:, :, 1].ravel(),
        }
    )
    rated = Rated(stratum_id, dimension, TRUESKILL_ONLINE, counts, posterior)
    return rated, with_constants(history, {"stratum_id": stratum_id, "dimension": dimension})


def _outcome_codes(battles: pa.Table) -> IndexArray:
    column = battles.column("outcome").cast(pa.string())
    found = pc.index_in(column, value_set=pa.array(list(OUTCOMES)))
    if found.null_count:
        row = int(np.flatnonzero(found.is_null().to_numpy())[0])
        raise InvalidCountsError(f"row {row}: outcome is {column[row].as_py()!r}")
    codes: IndexArray = np.array(list(OUTCOMES.values()), dtype=np.int64)[found.to_numpy()]
    return codes


CHECKED_BATTLES = 1_000
CHECKED_MODELS = 10
CHECK_TOLERANCE = 1e-9


def largest_difference() -> float:
    """How far ``replay`` and the `trueskill` package come apart on this very machine.

    The largest difference of a mean or sd after CHECKED_BATTLES seeded battles, ties among them.
    Both begin at TrueSkill's defaults (mu 25, sigma 25/3, beta 25/6) without drift.
    """
    import trueskill

    generator = np.random.Generator(np.random.PCG64(1))
    first = generator.integers(0, CHECKED_MODELS, CHECKED_BATTLES)
    second = (first + generator.integers(1, CHECKED_MODELS, CHECKED_BATTLES)) % CHECKED_MODELS
    outcome = generator.integers(0, 3, CHECKED_BATTLES)
    ties = float((outcome == TIE).mean())
    ours = replay(CHECKED_MODELS, first, second, outcome, draw_probability=ties)
    environment = trueskill.TrueSkill(draw_probability=ties, tau=0.0)
    theirs = [environment.create_rating() for _ in range(CHECKED_MODELS)]
    for one, other, said in zip(first.tolist(), second.tolist(), outcome.tolist(), strict=True):
        winner, loser = (one, other) if said != SECOND_WINS else (other, one)
        theirs[winner], theirs[loser] = trueskill.rate_1vs1(
            theirs[winner], theirs[loser], drawn=said == TIE, env=environment
        )
    mean = np.array([rating.mu for rating in theirs])
    sd = np.array([rating.sigma for rating in theirs])
    return float(max(np.abs(ours.mean - mean).max(), np.abs(ours.sd - sd).max()))
