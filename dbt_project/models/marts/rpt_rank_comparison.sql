{#- A country's or group's board is held against everybody's; those against the overall one. -#}
{%- set everybody, overall, unweighted = 'all', 'overall', 'none' -%}
{%- set pooled = '_population_proportional' -%}
{#- Of all that are said to be different on one map, the share that may be chance. -#}
{%- set level = 0.05 -%}
{#- erfc by Abramowitz and Stegun (1964), 7.1.26: off by at most 1.5e-7. -#}
{%- set erfc = [0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429] -%}

with

leaderboard as (

    select * from {{ ref('rpt_leaderboard') }}

),

wanted as (

    select
        *,
        '{{ everybody }}' as reference_stratum_id,
        case
            when stratum_id = '{{ everybody }}' then '{{ overall }}' else dimension
        end as reference_dimension,
        case
            when weighting = '{{ unweighted }}' or stratum_id = '{{ everybody }}' then weighting
            else weighting || '{{ pooled }}'
        end as reference_weighting
    from leaderboard

),

compared as (

    select
        wanted.*,
        reference.rank as reference_rank,
        reference.rank - wanted.rank as rank_gain,
        reference.rank_lo > wanted.rank_hi or reference.rank_hi < wanted.rank_lo as is_apart,
        -- Whole numbers, so that a sum over models has one value.
        cast(round((wanted.skill - reference.skill) * 1e6) as bigint) as difference_micro,
        -- A group is a part of everybody, so the difference varies less than this.
        sqrt(
            power(wanted.skill_sd, 2) + power(reference.skill_sd, 2)
        ) as difference_sd
    from wanted
    left join leaderboard as reference
        on
            -- A pool of one country is weighted by the scheme alone.
            (
                wanted.reference_weighting = reference.weighting
                or wanted.weighting = reference.weighting
            )
            and wanted.reference_stratum_id = reference.stratum_id
            and wanted.reference_dimension = reference.dimension
            and wanted.estimator = reference.estimator
            and wanted.model_id = reference.model_id
            and (
                wanted.stratum_id <> reference.stratum_id
                or wanted.dimension <> reference.dimension
            )

),

-- Boards of other models have another zero: what all models differ by is left out.
centred as (

    select
        *,
        (
            difference_micro
            - sum(difference_micro) over (
                partition by weighting, stratum_id, dimension, estimator
            ) * 1.0 / count(difference_micro) over (
                partition by weighting, stratum_id, dimension, estimator
            )
        ) / 1e6 as deviation
    from compared

),

scored as (

    select
        *,
        abs(deviation) / nullif(difference_sd, 0) / sqrt(2.0) as root,
        1.0 / (1.0 + 0.3275911 * (abs(deviation) / nullif(difference_sd, 0) / sqrt(2.0))) as step,
        -- One map: the groups and countries of one dimension; or everybody's dimensions.
        case when stratum_id <> '{{ everybody }}' then dimension end as map
    from centred

),

tested as (

    select
        *,
        exp(-root * root) * step * (
            {{ erfc[0] }} + step * (
                {{ erfc[1] }} + step * (
                    {{ erfc[2] }} + step * ({{ erfc[3] }} + step * ({{ erfc[4] }}))
                )
            )
        ) as p
    from scored

),

placed as (

    select
        *,
        row_number() over (
            partition by weighting, estimator, map
            order by p asc nulls last, stratum_id asc, dimension asc, model_id asc
        ) as place,
        count(p) over (partition by weighting, estimator, map) as tested_count
    from tested

),

-- Benjamini and Hochberg 1995: the least level at which the model would be among the different.
adjusted as (

    select
        *,
        case
            when p is not null
                then least(
                    min(p * tested_count / place) over (
                        partition by weighting, estimator, map
                        order by place desc
                        rows between unbounded preceding and current row
                    ),
                    1.0
                )
        end as q_value
    from placed

)

select
    board_id,
    is_default,
    is_weighted,
    weighting,
    stratum_id,
    dimension,
    estimator,
    model_id,
    display_name,
    provider,
    case
        when reference_rank is not null then reference_stratum_id
    end as reference_stratum_id,
    case
        when reference_rank is not null then reference_dimension
    end as reference_dimension,
    reference_rank,
    rank_gain,
    is_apart,
    q_value,
    q_value <= {{ level }} as is_different
from adjusted
