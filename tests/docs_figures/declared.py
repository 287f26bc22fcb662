"""The figures that pages quote of simulated studies, each with where it comes from.

A page's sentence has its figures in braces; the query's one row fills them. Not here: figures of
other studies and of measurements (`make bench`, `make calibrate`, `make rigging`, ...).
"""

from __future__ import annotations

from tests.docs_figures.checking import (
    OF_500,
    OF_3000,
    SEED_31,
    Figure,
    Printed,
    Queried,
    Sentence,
)

README, AUDIT = "README.md", "docs/can-this-board-be-trusted.md"
READERS, ANALYSTS = "docs/readers.md", "docs/bi-analysts.md"
PLAN, RECRUIT = "docs/plan-a-study.md", "docs/recruit-and-trust.md"
CHOOSE = "docs/choose-and-stop.md"
WEIGHTING, BATTLES, DISCLOSURE = "docs/weighting.md", "docs/beyond-battles.md", "docs/disclosure.md"
COUNTRIES = "('US', 'UK')"
POOL = "plus_politics_population_proportional"

# --- Who took part -----------------------------------------------------------------------------

JUDGES = """
select count(*) as people, sum(cast(verdicts > 1 as integer)) as repeated, max(verdicts) as most
from (
    select participant_key, count(*) as verdicts
    from fct_battle
    where dimension = 'overall' and is_counted
    group by participant_key
)
"""
DIAGNOSED = """
select * from rpt_weighting_diagnostics where country = 'US' and scheme = '{scheme}'
"""
DIFFERENCES = """
select
    max(default_difference_mean) filter (country = 'US') as us,
    max(default_difference_mean) filter (country = 'UK') as uk
from rpt_weighting_diagnostics
where scheme = 'complete_answers'
"""
MARGIN = """
select target_share as target, before_share as before, after_share as after
from rpt_weighting_margin
where country = 'US' and scheme = '{scheme}' and level = '{level}'
"""


def margins() -> list[Sentence]:
    """The table of docs/weighting.md, row by row."""
    levels = ("18-34", "35-54", "55+", "Democrat", "Republican")
    shares = " | {target:.1%} | {before:.1%} | {after:.1%} |"
    return [
        Sentence(
            WEIGHTING, f"| {level}{shares}", MARGIN.format(scheme="plus_politics", level=level)
        )
        for level in levels
    ]


WEIGHTS = [
    Sentence(
        README,
        "24,000 enrol, {people:,} of them judge, and {repeated:,.0f} of those judge more than once,"
        " up to {most} times",
        JUDGES,
    ),
    *margins(),
    Sentence(
        WEIGHTING,
        "Bachelor's or higher (**not** weighted to) | {target:.1%} | {before:.1%} | {after:.1%} |",
        MARGIN.format(scheme="plus_politics", level="Bachelor''s or higher"),
    ),
    Sentence(
        WEIGHTING,
        "The smallest weight is {weight_min:.2f}, the largest {weight_max:.2f}",
        DIAGNOSED.format(scheme="plus_politics"),
    ),
    Sentence(
        WEIGHTING,
        "of {design_effect:.2f}: the {participant_count:,} people are worth"
        " {effective_participant_count:,.0f} in precision",
        DIAGNOSED.format(scheme="plus_politics"),
    ),
    Sentence(
        WEIGHTING,
        "55+ come to {after:.1%} and not to {target:.1%}",
        MARGIN.format(scheme="plus_politics", level="55+"),
    ),
    Sentence(
        WEIGHTING,
        "at a design effect of {design_effect:.2f}",
        DIAGNOSED.format(scheme="plus_education"),
    ),
    Sentence(
        WEIGHTING,
        "brings it to {after:.1%}",
        MARGIN.format(scheme="plus_education", level="Bachelor''s or higher"),
    ),
    Sentence(
        WEIGHTING,
        "(here by {us:.3f} of the mean weight in the US and {uk:.3f} in the UK",
        DIFFERENCES,
    ),
    Sentence(
        RECRUIT,
        "the {participant_count:,} people who judged in the US are worth"
        " {effective_participant_count:,.0f} who are like the population: their effective number."
        " The ratio of the two, {design_effect:.2f}, is the design effect",
        DIAGNOSED.format(scheme="plus_politics"),
    ),
]

# --- Boards beside the truth -------------------------------------------------------------------

COVERED = """
select
    avg(cast(true_skill between skill_lo and skill_hi as integer)) as covered,
    avg(abs(skill - true_skill)) as error
from rpt_leaderboard
inner join truth using (stratum_id, dimension, model_id)
where estimator = '{estimator}' and weighting = '{weighting}' and stratum_id in {strata}
"""
EP, HIERARCHICAL = "trueskill_ep", "trueskill_hierarchical"


def coverage() -> list[Sentence]:
    """Shares of true skills inside the 95% intervals, of two pages."""
    everybody, rows = "('all')", []
    for words, estimator, weighting, strata in (
        ("unweighted | everybody", EP, "none", everybody),
        (f"weighted, `{POOL}` | everybody", EP, POOL, everybody),
        (
            "hierarchical, `census_population_proportional` | everybody",
            HIERARCHICAL,
            "census_population_proportional",
            everybody,
        ),
        ("unweighted | US, UK", EP, "none", COUNTRIES),
        ("weighted, `plus_politics` | US, UK", EP, "plus_politics", COUNTRIES),
        ("hierarchical, `census` | US, UK", HIERARCHICAL, "census", COUNTRIES),
    ):
        query = COVERED.format(estimator=estimator, weighting=weighting, strata=strata)
        rows.append(Sentence(PLAN, f"| {words} | {{covered:.0%}} | {{error:.2f}} |", query))
    for words, estimator, weighting in (
        ("`trueskill_ep`, unweighted, US and UK | those who took part", EP, "none"),
        ("`trueskill_ep`, weighted to the census, US and UK | adults", EP, "plus_politics"),
        ("`trueskill_hierarchical`, census, US and UK | adults", HIERARCHICAL, "census"),
    ):
        query = COVERED.format(estimator=estimator, weighting=weighting, strata=COUNTRIES)
        rows.append(Sentence(README, f"| {words} | {{covered:.0%}} |", query))
    return rows


OTHER_SEED = f"""
select
    avg(covers) filter (estimator = 'trueskill_ep' and weighting = 'none') as unweighted,
    avg(covers) filter (estimator = 'trueskill_ep' and weighting = 'plus_politics') as weighted,
    avg(covers) filter (estimator = 'trueskill_hierarchical' and weighting = 'census') as borrowed
from (
    select *, cast(true_skill between skill_lo and skill_hi as integer) as covers
    from rpt_leaderboard
    inner join truth using (stratum_id, dimension, model_id)
    where stratum_id in {COUNTRIES}
)
"""
PICTURED = """
select
    sum(covers) filter (weighting = 'none') as unweighted,
    sum(covers) filter (weighting = 'plus_politics') as weighted
from (
    select *, cast(true_skill between skill_lo and skill_hi as integer) as covers
    from rpt_leaderboard
    inner join truth using (stratum_id, dimension, model_id)
    where stratum_id = 'US' and dimension = 'overall' and estimator = 'trueskill_ep'
)
"""
ANOTHER = [
    Sentence(
        README,
        "with seed 31 the three boards cover {unweighted:.0%}, {weighted:.0%} and {borrowed:.0%}",
        OTHER_SEED,
        SEED_31,
    ),
    Sentence(
        WEIGHTING,
        "Unweighted, {unweighted:.0f} of 28 intervals hold the true skill among adults. Weighted,"
        " {weighted:.0f} of 28 do",
        PICTURED,
        SEED_31,
    ),
]

# --- How certain -------------------------------------------------------------------------------

WIDE = """
select
    median(skill_sd) filter (weighting = 'none') as sd,
    median(rank_hi - rank_lo + 1) filter (weighting = 'none') as ranks,
    median(skill_sd) filter (weighting = '{weighting}') as weighted_sd,
    median(rank_hi - rank_lo + 1) filter (weighting = '{weighting}') as weighted_ranks
from rpt_leaderboard
where stratum_id = '{stratum}' and dimension = 'overall' and estimator = 'trueskill_ep'
"""
EVERYBODY_WIDE = WIDE.format(weighting=POOL, stratum="all")
ROW = " | {sd:.2f} | {ranks:.0f} | {weighted_sd:.2f} | {weighted_ranks:.0f} |"
BLACK = "UK/ethnicity/Black"
BORROWED = f"""
select
    median(skill_sd) as sd, median(rank_hi - rank_lo + 1) as ranks,
    any_value(shrinkage) as shrinkage, any_value(rpt_group_shrinkage.battle_count) as verdicts
from rpt_leaderboard
inner join rpt_group_shrinkage using (stratum_id, dimension)
where stratum_id = '{BLACK}' and dimension = 'overall' and estimator = 'trueskill_hierarchical'
"""
SETTLED = """
select
    median(skill_sd) filter (dimension = 'trust') as trust,
    median(skill_sd) filter (dimension = 'overall') as overall
from rpt_leaderboard
where stratum_id = 'all' and weighting = 'none' and estimator = 'trueskill_ep'
"""
TAU = """
select round(tau, 2) as tau, round(tau_lo, 2) as lo, round(tau_hi, 2) as hi, groups_differ as differ
from rpt_axis_effect
where dimension = 'overall' and country = '{country}' and axis = '{axis}'
"""
CERTAINTY = [
    Sentence(PLAN, f"| 24,000 | 24,000{ROW}", EVERYBODY_WIDE),
    Sentence(PLAN, f"| 500 | 500{ROW}", EVERYBODY_WIDE, OF_500),
    Sentence(
        PLAN,
        "({verdicts} verdicts on overall, 28 models), the sd of a skill is {sd:.2f} with it and a"
        " range spans {ranks:.0f} ranks",
        BORROWED,
    ),
    Sentence(
        PLAN,
        "they are {sd:.2f} and {ranks:.0f} unweighted, and {weighted_sd:.2f} and"
        " {weighted_ranks:.0f} weighted by",
        WIDE.format(weighting="plus_politics", stratum=BLACK),
    ),
    Sentence(PLAN, "`rpt_group_shrinkage` gives {shrinkage:.2f} here", BORROWED),
    Sentence(
        CHOOSE,
        "(standard deviation of a skill {trust:.2f} and {overall:.2f})",
        SETTLED,
    ),
]

# --- Who agrees --------------------------------------------------------------------------------

DISAGREED = """
select
    100 * opposite_share as share, 100 * opposite_share_lo as lo, 100 * opposite_share_hi as hi
from rpt_disagreement
where weighting = 'none' and stratum_id = 'all' and dimension = 'overall' and axis = 'age'
    and relation = '{relation}'
"""
VARIANCE = """
select 100 * share as share, 100 * share_lo as lo, 100 * share_hi as hi
from rpt_variance_share
where weighting = 'none' and stratum_id = 'all' and dimension = 'overall' and axis = 'age'
    and part = '{part}'
"""
PREDICTED = """
select 100 * predicted_share as share, 100 * best_share as best
from rpt_dimension_prediction
where stratum_id = 'all' and dimension = 'overall'
"""
SMALL_LABELS = """
select count(*) as rows, sum(cast(human_count < 10 as integer)) as small
from rpt_label_quality
where stratum_id like '%/%/%' and model_id <> '*'
"""
FLATTERED = f"""
select
    max(effect) filter (outcome = 'first_impression_rating') as first,
    max(-effect) filter (outcome = 'personality_rating') as personality
from rpt_sycophancy_effect
where weighting = '{POOL}' and stratum_id = 'all' and level = 'within_models'
"""
AGREEMENT = [
    Sentence(
        BATTLES,
        "name different ones in {share:.1f}% of cases ({lo:.1f} to {hi:.1f}); two people of",
        DISAGREED.format(relation="same_group"),
    ),
    Sentence(
        BATTLES,
        "of different age groups in {share:.1f}% ({lo:.1f} to {hi:.1f}).",
        DISAGREED.format(relation="other_group"),
    ),
    Sentence(BATTLES, "There: {share:.0f}% the models", VARIANCE.format(part="pair")),
    Sentence(
        BATTLES,
        "{share:.0f}% the age group ({lo:.1f} to {hi:.1f})",
        VARIANCE.format(part="group"),
    ),
    Sentence(BATTLES, "is wide ({lo:.0f} to {hi:.0f}%)", VARIANCE.format(part="person")),
    Sentence(
        BATTLES,
        "hasn't seen: {share:.1f}%, where the best single one predicts {best:.1f}%",
        PREDICTED,
    ),
    Sentence(
        BATTLES,
        "the build finds {first:.2f} more at first and {personality:.2f} less in the end",
        FLATTERED,
    ),
]

# --- What commands print -----------------------------------------------------------------------

LEADERBOARD = "SIMULATED: Overall winner; everybody"
PRINTED = [
    Printed(README, "demoscope leaderboard", LEADERBOARD),
    Printed(READERS, "demoscope leaderboard", LEADERBOARD),
    Printed(
        PLAN,
        "demoscope leaderboard --dimension trust --stratum US/age/18-34",
        "SIMULATED: Trust, ethics and safety; US, age: 18-34",
    ),
    Printed(AUDIT, "demoscope boards audit", "SIMULATED: release"),
    Printed(ANALYSTS, "demoscope publish", "5,3"),
    Printed(RECRUIT, "demoscope recruit --country US", "stratum                  people", OF_3000),
    Printed(CHOOSE, "demoscope queue --batch 8", "Next battles on Overall winner", OF_3000),
    Printed(
        CHOOSE,
        "demoscope queue --stratum US/age/55+ --batch 50 --format csv",
        "stratum,dimension,place",
        OF_3000,
    ),
    Printed(RECRUIT, "demoscope quality rules", "rule                   hit", OF_3000),
    Printed(RECRUIT, "demoscope quality strike --dry-run", "three_strikes@1 would", OF_3000),
    Printed(RECRUIT, "demoscope quality bias", "question        left", OF_3000),
]
QUERIED = [
    *(
        Queried(ANALYSTS, holds, is_published=True)
        for holds in (
            "stratum_id = 'US' and dimension = 'trust'",
            "count(distinct stratum_id) as strata",
            "from rpt_pairwise",
            "as weighted_rank",
            "model_id = 'aurora-2-small'",
            "from rpt_demographic_consistency",
            "from rpt_weighting_diagnostics",
        )
    ),
    Queried(RECRUIT, "from fct_stratum_coverage"),
    Queried(PLAN, "from rpt_axis_effect"),
    Queried(CHOOSE, "from rpt_stopping", OF_3000),
    Queried(RECRUIT, "from rpt_quality_sensitivity", OF_3000),
]
FIGURES: tuple[Figure, ...] = (
    *WEIGHTS,
    *coverage(),
    *ANOTHER,
    *CERTAINTY,
    *AGREEMENT,
    Sentence(
        DISCLOSURE,
        "{small:.0f} of {rows:,} rows by model and group rest on fewer than 10 of their labels",
        SMALL_LABELS,
    ),
    *PRINTED,
    *QUERIED,
)
