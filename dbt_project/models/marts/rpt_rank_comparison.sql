{#- A country's or group's board is held against everybody's; those against the overall one. -#}
{%- set everybody, overall, unweighted = 'all', 'overall', 'none' -%}
{%- set pooled = '_population_proportional' -%}

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
        reference.rank_lo > wanted.rank_hi or reference.rank_hi < wanted.rank_lo as is_apart
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

)

select
    weighting,
    stratum_id,
    dimension,
    estimator,
    model_id,
    case
        when reference_rank is not null then reference_stratum_id
    end as reference_stratum_id,
    case
        when reference_rank is not null then reference_dimension
    end as reference_dimension,
    reference_rank,
    rank_gain,
    is_apart
from compared
