"""The SQL of what the rating step reads from the database, by the names that ratings ask for.

Every query has an explicit order, so that nothing depends on how DuckDB runs it.
"""

from __future__ import annotations

import re
from functools import cache

import duckdb

from publishing.publications.touched import BAND_OF_TURNS
from ratings.dimension_structure import FOLDS
from ratings.vote_signals import FEWEST_VOTES

# People, answers and conversations are numbered as they come in the log: draws are keyed by these
# numbers, and the keys of two warehouses with one file differ.
# The weighted counts' numbers, and beyond them people whom a policy excludes now.
NUMBERS = """
    select participant_key, cast(participant_number as bigint) as participant_id
    from int_participants__with_verdicts
    union all
    select
        participant_key,
        row_number() over (order by excluded_position, participant_key)
        + (select count(*) from int_participants__with_verdicts) as participant_id
    from int_participants__excluded
    where not is_by_hand
"""
RATERS = """
    select participant_key, row_number() over (order by min(position)) as participant_id
    from fct_rating where participant_key is not null
    group by participant_key
"""
STRUCK = "select * from int_battles__current where uncounted_reason = 'excluded'"
PAIR = "least(battles.model_a, battles.model_b), greatest(battles.model_a, battles.model_b)"
_WON = "battles.outcome = case when battles.model_a < battles.model_b then '{}' else '{}' end"
COUNTED = f"""
    least(battles.model_a, battles.model_b) as model_a,
    greatest(battles.model_a, battles.model_b) as model_b,
    count(case when {_WON.format("a", "b")} then 1 end) as win_a_count,
    count(case when {_WON.format("b", "a")} then 1 end) as win_b_count,
    count(case when battles.outcome in ('tie', 'both_bad') then 1 end) as tie_count
"""
# Labels' people, those known first; of nobody known each conversation is one.
LABELLED = """
    select
        labels.*,
        dense_rank() over (order by unit_position) as unit_id,
        cast(
            dense_rank() over (
                order by case when participant_key is null then 1 else 0 end, person_position
            ) as bigint
        ) - 1 as participant_id
    from (
        select
            *,
            min(position) over (partition by conversation_id, model_id) as unit_position,
            min(position) over (
                partition by participant_key,
                case when participant_key is null then conversation_id end
            ) as person_position
        from int_labels__current
    ) as labels
"""
# Answers that were labelled, numbered as in `labels`.
UNITS = """
    select
        conversation_id, model_id, row_number() over (order by min(position)) as unit_id
    from int_labels__current
    group by conversation_id, model_id
"""
# Somebody nobody knows is in a fold of their own verdict.
VERDICTS = f"""
    select
        battles.battle_key, battles.dimension, battles.participant_key, people.cell_id,
        battles.topic,
        {BAND_OF_TURNS} as turns,
        coalesce(numbers.participant_number, battles.position) % {FOLDS} as fold,
        case
            when battles.outcome not in ('a', 'b') then 0
            when (battles.outcome = 'a') = (battles.model_a < battles.model_b) then 1
            else -1
        end as said
    from int_battles__current as battles
    left join int_participants__with_verdicts as numbers
        on battles.participant_key = numbers.participant_key
    left join dim_participant as people on battles.participant_key = people.participant_key
    left join (
        select conversation_id, max(turn_count) as turn_count from int_conversations__current
        group by conversation_id
    ) as conversations on battles.conversation_id = conversations.conversation_id
    where battles.is_counted
"""
QUERIES = {
    "labels": f"""
        with labels as materialized ({LABELLED})
        select
            labels.rubric, labels.rubric_version, labels.label, labels.judge, labels.judge_version,
            labels.value, coalesce(labels.is_finding, false) as is_finding, labels.severity,
            coalesce(labels.labeller_kind = 'human', false) as is_human, labels.prompt_sha256,
            labels.unit_id, labels.participant_id,
            coalesce(people.cell_id, nobody_known.cell_id) as cell_id,
            labels.model_id, labels.topic, labels.left_out_reason
        from labels
        left join dim_participant as people on labels.participant_key = people.participant_key
        cross join (select cell_id from dim_cell where cell_key = 'unknown') as nobody_known
        order by labels.position
    """,
    "label_weights": f"""
        with people as (
            select distinct participant_key, participant_id from ({LABELLED}) as labels
            where participant_key is not null
        )
        select
            weights.weighting, weights.stratum_id, people.participant_id, weights.weight_micro
        from int_strata__weighted as weights
        inner join people on weights.participant_key = people.participant_key
        order by weights.weighting, weights.stratum_id, people.participant_id
    """,
    # An answer's ratings of personality and at first; parts of a criterion count too.
    "labelled_ratings": f"""
        with units as ({UNITS})
        select
            units.unit_id, rated.rating,
            case
                when 'personality' in (rated.criterion, rated.parent_criterion) then 'personality'
                else 'first_impression'
            end as criterion,
            recorded.character_count as length, recorded.turn_count as turns
        from fct_rating as rated
        inner join stg_events__experiences_rated as said on rated.event_id = said.event_id
        inner join units
            on said.conversation_id = units.conversation_id and rated.model_id = units.model_id
        left join int_conversations__current as recorded
            on said.conversation_id = recorded.conversation_id
        where rated.is_counted and (
            rated.criterion in ('personality', 'first_impression')
            or rated.parent_criterion in ('personality', 'first_impression')
        )
        order by rated.position
    """,
    "labelled_verdicts": f"""
        with units as ({UNITS})
        select
            battles.dimension, first.unit_id as unit_a, second.unit_id as unit_b,
            case battles.outcome when 'a' then 1.0 when 'b' then 0.0 else 0.5 end as score,
            recorded.character_count as length, recorded.turn_count as turns
        from int_battles__current as battles
        inner join units as first
            on battles.conversation_id = first.conversation_id and battles.model_a = first.model_id
        inner join units as second
            on battles.conversation_id = second.conversation_id
            and battles.model_b = second.model_id
        left join int_conversations__current as recorded
            on battles.conversation_id = recorded.conversation_id
        where battles.is_counted and battles.dimension in ('overall', 'personality')
        order by battles.dimension, battles.position
    """,
    "rubric_values": """
        select rubric, rubric_version, label, value, is_finding from seeds.seed_rubric_values
        order by sort_order
    """,
    "reference_models": "select label, model_id from seeds.seed_reference_models order by label",
    # both_bad is a tie for skill.
    "tournament_counts": """
        select
            stratum_id, dimension, model_a, model_b,
            win_a_count, win_b_count, tie_count + both_bad_count as tie_count
        from fct_tournament_count
        order by all
    """,
    "cell_counts": """
        select
            cell_id, dimension, model_a, model_b,
            win_a_count, win_b_count, tie_count + both_bad_count as tie_count
        from fct_cell_count
        order by all
    """,
    "policy_counts": """
        select
            policy, policy_version, dimension, model_a, model_b,
            win_a_count, win_b_count, tie_count
        from fct_policy_count
        order by all
    """,
    "dimensions": "select distinct dimension from fct_cell_count order by dimension",
    "ordered_battles": """
        select cell_id, model_a, model_b, outcome from fct_battle
        where is_counted and dimension = $dimension
        order by occurred_at nulls first, position
    """,
    "weighted_strata": """
        select distinct weighting, stratum_id from int_strata__weighted order by all
    """,
    "stratum_weights": """
        select cast(participant_number as bigint) as participant_id, weight_micro
        from int_strata__weighted
        where weighting = $weighting and stratum_id = $stratum
        order by participant_number
    """,
    # Of the default scheme; one without bounds has no replicates.
    "replicated_people": """
        select
            people.participant_number, rakings.country, rakings.raking_id, allotted.cell_number
        from int_profiles__assigned_to_weighting_cells as allotted
        inner join (
            select distinct targets.raking_id, targets.country
            from int_margins__targeted as targets
            inner join int_weighting_schemes__chosen as schemes on targets.scheme = schemes.scheme
            where schemes.is_default and schemes.trim_hi is not null
        ) as rakings on allotted.raking_id = rakings.raking_id
        inner join int_participants__with_verdicts as people
            on allotted.profile_number = people.profile_number
        order by rakings.country, people.participant_number
    """,
    "replicated_cells": """
        select cells.* from int_weighting_cells__counted as cells
        order by raking_id, cell_number
    """,
    # Somebody who never enrolled is in the cell of the unknown, as in the counts. Without a cell:
    # people whom a policy excludes now, as another would not.
    "participant_counts": f"""
        with numbers as materialized ({NUMBERS}), battles as ({STRUCK})
        select
            counts.dimension, numbers.participant_id,
            coalesce(people.cell_id, nobody_known.cell_id) as cell_id,
            counts.model_a, counts.model_b, counts.win_a_count, counts.win_b_count,
            counts.battle_count - counts.win_a_count - counts.win_b_count as tie_count
        from fct_participant_count as counts
        inner join numbers on counts.participant_key = numbers.participant_key
        left join dim_participant as people on counts.participant_key = people.participant_key
        cross join (select cell_id from dim_cell where cell_key = 'unknown') as nobody_known
        union all
        select
            battles.dimension, numbers.participant_id, cast(null as integer) as cell_id,
            {COUNTED}
        from battles
        inner join numbers on battles.participant_key = numbers.participant_key
        group by battles.dimension, numbers.participant_id, {PAIR}
        order by dimension, participant_id, model_a, model_b
    """,
    # Nobody known has no participant_id.
    "item_counts": f"""
        with numbers as materialized ({NUMBERS}), battles as (
            select item_id, participant_key, cell_id, dimension, model_a, model_b, outcome
            from fct_battle
            where is_counted and item_id is not null
            union all
            select item_id, participant_key, null, dimension, model_a, model_b, outcome
            from ({STRUCK}) as struck
            where item_id is not null and participant_key in (select participant_key from numbers)
        )
        select
            battles.dimension, numbers.participant_id,
            dense_rank() over (partition by battles.dimension order by battles.item_id) as item_id,
            battles.cell_id, {COUNTED}
        from battles
        left join numbers on battles.participant_key = numbers.participant_key
        group by battles.dimension, numbers.participant_id, battles.item_id, battles.cell_id, {PAIR}
        order by dimension, participant_id nulls first, item_id, model_a, model_b, cell_id
    """,
    "policy_exclusions": f"""
        with numbers as materialized ({NUMBERS})
        select applied.policy, applied.policy_version, numbers.participant_id
        from int_policies__applied as applied
        inner join numbers on applied.participant_key = numbers.participant_key
        where applied.is_excluded
        order by all
    """,
    # Somebody without a key judged one battle. Of battles at one time all are of one half.
    "judged_battles": """
        with battles as (
            select
                dimension, cell_id, participant_key, position, outcome,
                least(model_a, model_b) as first_model_id,
                greatest(model_a, model_b) as second_model_id,
                model_a < model_b as is_a_first,
                occurred_at > quantile_disc(occurred_at, 0.5) over (partition by dimension)
                    as is_late
            from fct_battle
            where is_counted
        ),
        numbers as (
            select participant_key, row_number() over (order by min(position)) as participant_id
            from battles where participant_key is not null
            group by participant_key
        )
        select
            battles.dimension, battles.cell_id,
            coalesce(numbers.participant_id, -1 - battles.position) as participant_id,
            battles.first_model_id as model_a, battles.second_model_id as model_b,
            battles.is_a_first, battles.is_late,
            count(*) filter (
                battles.outcome = case when battles.is_a_first then 'a' else 'b' end
            ) as win_a_count,
            count(*) filter (
                battles.outcome = case when battles.is_a_first then 'b' else 'a' end
            ) as win_b_count,
            count(*) filter (battles.outcome not in ('a', 'b')) as tie_count
        from battles
        left join numbers on battles.participant_key = numbers.participant_key
        group by all
        order by
            battles.dimension, participant_id, battles.cell_id, model_a, model_b,
            battles.is_a_first, battles.is_late nulls last
    """,
    # Sides as in judged_battles: somebody without a key judged one battle.
    "topic_judgments": f"""
        select
            battles.dimension, battles.topic, battles.is_sensitive,
            coalesce(people.participant_number, -1 - battles.position) as participant_id,
            coalesce(cells.cell_id, nobody_known.cell_id) as cell_id,
            least(battles.model_a, battles.model_b) as model_a,
            greatest(battles.model_a, battles.model_b) as model_b,
            battles.model_a < battles.model_b as is_a_first,
            cast(null as boolean) as is_late,
            battles.item_id,
            count(case when {_WON.format("a", "b")} then 1 end) as win_a_count,
            count(case when {_WON.format("b", "a")} then 1 end) as win_b_count,
            count(case when battles.outcome in ('tie', 'both_bad') then 1 end) as tie_count,
            count(case when battles.outcome = 'both_bad' then 1 end) as both_bad_count
        from int_battles__with_topic as battles
        cross join (select cell_id from dim_cell where cell_key = 'unknown') as nobody_known
        left join int_participants__with_verdicts as people
            on battles.participant_key = people.participant_key
        left join int_participants__assigned_to_cells as cells
            on battles.participant_key = cells.participant_key
        group by all
        order by
            battles.dimension, participant_id, battles.topic, cell_id, model_a, model_b,
            is_a_first, battles.item_id nulls first
    """,
    "topic_weights": """
        select
            weighting, stratum_id, cast(participant_number as bigint) as participant_id,
            weight_micro
        from int_strata__weighted
        order by weighting, stratum_id, participant_number
    """,
    # A pool that gives each country the same share tells nothing more of a single verdict.
    "participant_weights": """
        select weighting, participant_number as participant_id, weight_micro
        from int_strata__weighted
        where stratum_id = 'all' and not weighting like '%!_half!_half' escape '!'
        order by weighting, participant_number
    """,
    "verdict_patterns": f"""
        with verdicts as ({VERDICTS}), battles as (
            select
                battle_key, min(fold) as fold,
                list(dimension order by dimension, said) as dimensions,
                list(said order by dimension, said) as said
            from verdicts
            group by battle_key
        )
        select dimensions, said, fold, count(*) as battle_count
        from battles
        group by dimensions, said, fold
        order by dimensions, said, fold
    """,
    "decisiveness_counts": f"""
        with verdicts as ({VERDICTS}), counted as (
            select
                dimension, cell_id, topic, turns, fold,
                case
                    when grouping(cell_id) = 0 then 'cell'
                    when grouping(topic) = 0 then 'topic'
                    else 'turns'
                end as kind,
                count(*) filter (said = 0) as tie_count, count(*) as battle_count,
                count(distinct participant_key) as participant_count
            from verdicts
            group by grouping sets (
                (dimension, cell_id, fold), (dimension, topic, fold), (dimension, turns, fold)
            )
        )
        select
            dimension, kind, cell_id, coalesce(topic, turns) as level, fold,
            tie_count, battle_count, participant_count
        from counted
        where coalesce(cast(cell_id as varchar), topic, turns) is not null
        order by dimension, kind, cell_id nulls first, level nulls first, fold
    """,
    "stratum_cells": """
        select stratum_id, list(cell_id order by cell_id) as cells
        from int_cells__assigned_to_strata
        group by stratum_id
        order by stratum_id
    """,
    "cell_groups": """
        select cell_id, country, axis, group_name from int_cells__grouped order by all
    """,
    "group_shares": """
        select country, axis, group_name, population_share from dim_stratum
        where axis is not null and population_share is not null
        order by sort_order
    """,
    "pool_shares": "select pool, country, share from seeds.seed_pools order by all",
    "strata": "select stratum_id from dim_stratum order by sort_order",
    # A retired model can't be asked about any more.
    # Models that were only rated by themselves are asked about once they are registered.
    "candidates": """
        select model_id from dim_model
        where not is_retired and (is_registered or has_battled or own_alias_battle_count > 0)
        order by all
    """,
    "pairing_policies": """
        select
            policy, version, rule, random_share, uncertainty_power, model_limit, participant_limit,
            batch_size, pool, population_axis, awaited_battles, is_default
        from seeds.seed_pairing_policies
        order by policy, version
    """,
    "stopping_targets": """
        select target, stratum_id, dimension, weighting, estimator, measure, threshold
        from seeds.seed_stopping_targets
        order by target
    """,
    # A part of a criterion counts on that one too. Who is unknown rated once, as nobody else.
    "experience_ratings": f"""
        with numbers as materialized ({RATERS}),
        rated as (
            select participant_key, position, cell_id, model_id, criterion, rating, is_counted
            from fct_rating
            union all
            select
                participant_key, position, cell_id, model_id, parent_criterion, rating, is_counted
            from fct_rating
            where parent_criterion is not null
        )
        select
            coalesce(numbers.participant_id, -1 - rated.position) as participant_id,
            rated.cell_id, rated.model_id, rated.criterion, rated.rating, rated.is_counted
        from rated
        left join numbers on rated.participant_key = numbers.participant_key
        order by participant_id, rated.position, rated.criterion
    """,
    "rater_weights": f"""
        with numbers as materialized ({RATERS})
        select
            weights.weighting, weights.stratum_id, numbers.participant_id, weights.weight_micro
        from int_strata__weighted as weights
        inner join numbers on weights.participant_key = numbers.participant_key
        order by all
    """,
    "rating_strata": "select stratum_id, country, axis from dim_stratum order by sort_order",
    "criteria": """
        select criterion, kind, parent_criterion from seeds.seed_criteria
        order by sort_order, criterion
    """,
    "benchmark_scores": """
        select benchmark, metric, model_id, oriented_score as score, score_error, is_first_party
        from int_benchmarks__current
        where is_chosen
        order by benchmark, metric, model_id
    """,
    "tested_variants": """
        select
            model_id, board_model_id, provider_key as provider, family_key, variant_of,
            public_model_id, known_published_at as published_at,
            coalesce(first_battle_at, registered_at) as tested_from, is_joined
        from int_variants__tested
        order by position, model_id
    """,
    # Kish's number of people; somebody nobody knows is a person of one verdict.
    "variant_judges": """
        with tested as (
            select distinct provider_key as provider, family_key, board_model_id
            from int_variants__tested
        ),
        judged as (
            select
                battles.dimension, tested.provider, tested.family_key,
                coalesce(battles.participant_key, battles.battle_key) as judge,
                cast(count(*) as double) as verdict_count
            from int_battles__current as battles
            inner join tested on tested.board_model_id in (battles.model_a, battles.model_b)
            where battles.is_counted
            group by battles.dimension, tested.provider, tested.family_key, judge
        )
        select
            dimension, provider, family_key,
            sum(verdict_count) * sum(verdict_count) / sum(verdict_count * verdict_count)
                as effective_participant_count
        from judged
        group by dimension, provider, family_key
        order by dimension, provider nulls first, family_key
    """,
    # Of people with five verdicts or more on a dimension, in the order in which they gave them.
    "heavy_verdicts": f"""
        select
            battles.dimension, numbers.participant_number as participant_id,
            battles.source, battles.model_a, battles.model_b, battles.outcome,
            epoch_us(battles.occurred_at) / 1e6 as judged_at
        from int_battles__current as battles
        inner join int_participants__with_verdicts as numbers
            on battles.participant_key = numbers.participant_key
        where
            battles.is_counted
            and (battles.dimension, battles.participant_key) in (
                select (dimension, participant_key) from fct_participant_count
                group by dimension, participant_key
                having sum(battle_count) >= {FEWEST_VOTES}
            )
        order by
            battles.dimension, participant_id, battles.occurred_at nulls first, battles.position
    """,
    # Somebody nobody knows is a person of one verdict.
    "retracted_verdicts": """
        select
            dimension,
            dense_rank() over (order by first_position) as participant_id,
            source, model_a, model_b, outcome
        from (
            select
                *,
                min(position) over (
                    partition by coalesce(participant_key, event_id)
                ) as first_position
            from int_battles__retracted
        ) as retracted
        order by dimension, position
    """,
    "voter_answers": """
        select
            numbers.participant_number as participant_id, people.country, people.age,
            people.gender, people.ethnicity, people.politics, people.education
        from int_participants__with_verdicts as numbers
        inner join int_participants__current as people
            on numbers.participant_key = people.participant_key
        order by participant_id
    """,
    "retired_models": """
        select model_id from dim_model
        where is_retired and has_battled and not is_private
        order by model_id
    """,
}

BOARD_QUERIES = (
    "cell_counts",
    "cell_groups",
    "dimensions",
    "experience_ratings",
    "group_shares",
    "item_counts",
    "judged_battles",
    "ordered_battles",
    "participant_counts",
    "policy_exclusions",
    "pool_shares",
    "stratum_cells",
    "stratum_weights",
    "tournament_counts",
    "weighted_strata",
)
"""What is read where boards are made alone."""


@cache
def input_tables(names: tuple[str, ...] = tuple(QUERIES)) -> list[str]:
    """Every table that queries of the rating step read, with its schema if it has its own."""
    # DuckDB names no tables of a statement with parameters, and adds a table's alias to its name.
    plain = (re.sub(r"\$\w+", "null", QUERIES[name]) for name in names)
    named = (duckdb.get_table_names(query, qualified=True) for query in plain)
    return sorted({table.partition(" AS ")[0] for tables in named for table in tables})
