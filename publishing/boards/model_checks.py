"""The probes of the board's model: the side models are shown on, and whether verdicts fit it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from publishing.boards.finding import Finding, dimension_of

if TYPE_CHECKING:
    from publishing.boards.finding import Read, Row

SIDES, CYCLES = "sides", "cycles"
# Surely there, and more than a reader can leave aside: two verdicts in a hundred between equals.
LEVEL, LEAST_BIAS = 0.02, 0.02
DIMENSIONS = (
    "select distinct dimension from rpt_model_fit where stratum_id = 'all' order by dimension"
)
CHECKS = """
select * from rpt_model_fit
where stratum_id = 'all' and dimension = $dimension
order by check_name
"""
BIAS = "select * from rpt_position_bias where dimension = $dimension"
# Pairs of the unweighted board whose battles are known, with what it expects of them.
_MET = """
with met as (
    select
        display_name_a as one, display_name_b as other, battle_count, win_count, loss_count,
        battle_count - win_count - loss_count as tie_count,
        battle_count * p_win as wins, battle_count * p_tie as ties,
        battle_count * (1 - p_win - p_tie) as losses,
        (win_count - loss_count) / sqrt(battle_count) as lead
    from rpt_pairwise
    where stratum_id = 'all' and dimension = $dimension and weighting = 'none'
        and estimator = 'trueskill_ep' and battle_count > 0
)
"""
WORST_PAIR = f"""{_MET}
select * from met
order by
    power(win_count - wins, 2) / nullif(wins, 0) + power(tie_count - ties, 2) / nullif(ties, 0)
    + power(loss_count - losses, 2) / nullif(losses, 0) desc nulls last,
    one, other
limit 1
"""
WORST_TRIAD = f"""{_MET},
beats as (
    select one, other, lead from met where lead > 0
    union
    select other as one, one as other, -lead as lead from met where lead < 0
)
select first.one, first.other, second.other as third
from beats as first
inner join beats as second on first.other = second.one
inner join beats as last on second.other = last.one and first.one = last.other
order by least(first.lead, second.lead, last.lead) desc nulls last, first.one, first.other
limit 1
"""
ONLY_COUNTS = (
    "Verdicts on {dimension} are known only as counts: who judged what, and on which side, isn't."
)
FEW_PEOPLE = "Fewer than ten people judged, or no two of them differ: too few to say."
MISFITS = {
    "triads": (
        "{statistic:.1%} of threes of models beat each other in a circle, where {expected:.1%} are"
        " expected: one number per model doesn't say who beats whom.{worst}"
    ),
    "pairs": (
        "verdicts on pairs are {statistic:.2f} times as far from the model as independent ones"
        " would be, where {expected:.2f} times is expected: some pairs don't follow ranks.{worst}"
    ),
    "drift": (
        "skills changed between the earlier and the later half of the battles: squared,"
        " {statistic:.1f} times as much as chance makes. The board is an average over time. Look at"
        " the later half alone."
    ),
}
FITS = (
    "{triads:.1%} of threes of models beat each other in a circle, {expected:.1%} are expected."
    " Pairs, and verdicts over time, aren't surely otherwise than one number per model says."
)


def sides(read: Read, dimension: str | None = None) -> Finding:
    """Whether people prefer what stands on one side, or nobody can tell.

    Found where equals would get two verdicts in a hundred more on one side, and that isn't chance
    (98%); and where models weren't shown on both sides, so that such a preference, if there is one,
    would have changed the board.

    Args:
        read: gives rows of the marts.
        dimension: `overall` unless given, and the first by name where there is none.
    """
    dimension, checks = _checks(read, dimension)
    check = checks.get(SIDES)
    bias: Row = next(iter(read(BIAS, {"dimension": dimension})), {})
    figures = {"dimension": dimension, "check": check and dict(check), "bias": dict(bias)}
    if check is None:
        return Finding(SIDES, None, ONLY_COUNTS.format(dimension=dimension), figures)
    if check["is_misfit"]:
        sentence = (
            f"{check['both_ways_share'] or 0.0:.1%} of battles are of pairs that were shown both"
            " ways round: too few to say whether people prefer what they see first. If they do,"
            " ranks may be that and not skill. Show each pair on both sides."
        )
        return Finding(SIDES, True, sentence, figures)
    if check["p_value"] is None or bias.get("bias") is None:
        return Finding(SIDES, None, FEW_PEOPLE, figures)
    where = "left" if bias["bias"] > 0 else "right"
    more = f"{100 * abs(bias['bias']):.1f} more of 100 verdicts between equals go to the {where}"
    low, high = bias["bias_lo"], bias["bias_hi"]
    if bias["bias"] <= 0:
        low, high = -high, -low
    interval = f"(95%: {100 * low:.1f} to {100 * high:.1f} for the {where})"
    if check["p_value"] > LEVEL:
        return Finding(SIDES, False, f"{more} {interval}: not surely more than chance.", figures)
    if abs(bias["bias"]) < LEAST_BIAS:
        return Finding(
            SIDES, False, f"{more} {interval}: little, and taken off the board.", figures
        )
    sentence = (
        f"{more} {interval}. The boards of trueskill_ep and trueskill_hierarchical have it taken"
        " off; win counts, bradley_terry and trueskill_online don't."
    )
    return Finding(SIDES, True, sentence, figures)


def cycles(read: Read, dimension: str | None = None) -> Finding:
    """Whether one number per model says who beats whom.

    Found where models beat each other in circles, where pairs fall otherwise than skills say, or
    where skills changed over time, beyond chance: at most 5% of such findings of a release are
    false (`rpt_model_fit`).

    Args:
        read: gives rows of the marts.
        dimension: `overall` unless given, and the first by name where there is none.
    """
    dimension, checks = _checks(read, dimension)
    told = {name: row for name, row in checks.items() if row["p_value"] is not None}
    figures = {"dimension": dimension, "checks": [dict(row) for row in checks.values()]}
    if not checks:
        return Finding(CYCLES, None, ONLY_COUNTS.format(dimension=dimension), figures)
    misfits = [name for name in MISFITS if name in told and told[name]["is_misfit"]]
    if misfits:
        worst = {name: _worst(name, read, dimension) for name in misfits}
        sentences = [MISFITS[name].format(**told[name], worst=worst[name]) for name in misfits]
        return Finding(CYCLES, True, " ".join(map(_capital, sentences)), figures)
    if "triads" not in told:
        return Finding(CYCLES, None, FEW_PEOPLE, figures)
    triads = told["triads"]
    sentence = FITS.format(triads=triads["statistic"], expected=triads["expected"])
    return Finding(CYCLES, False, sentence, figures)


def _worst(check: str, read: Read, dimension: str) -> str:
    """The pair or the three models that fit worst, in a sentence to go on with."""
    if check == "pairs":
        for row in read(WORST_PAIR, {"dimension": dimension}):
            return (
                f" The worst is {row['one']} against {row['other']}: the first won"
                f" {row['win_count']:,} of {row['battle_count']:,} battles, tied"
                f" {row['tie_count']:,} and lost {row['loss_count']:,}, where the board expects"
                f" {row['wins']:,.0f}, {row['ties']:,.0f} and {row['losses']:,.0f}."
            )
    elif check == "triads":
        for row in read(WORST_TRIAD, {"dimension": dimension}):
            return (
                f" The clearest circle: {row['one']} beats {row['other']}, that beats"
                f" {row['third']}, and that beats {row['one']}."
            )
    return ""


def _checks(read: Read, dimension: str | None) -> tuple[str, dict[str, Any]]:
    dimension = dimension_of([row["dimension"] for row in read(DIMENSIONS, {})], dimension)
    return dimension, {row["check_name"]: row for row in read(CHECKS, {"dimension": dimension})}


def _capital(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]
