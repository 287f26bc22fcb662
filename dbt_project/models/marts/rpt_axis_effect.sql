with

effects as (

    select * from {{ source('ratings', 'axis_effect') }}

),

mergers as (

    select * from {{ source('ratings', 'merger') }}

)

select
    effects.country,
    effects.dimension,
    effects.axis,
    effects.tau_micro / 1e6 as tau,
    effects.tau_lo_micro / 1e6 as tau_lo,
    effects.tau_hi_micro / 1e6 as tau_hi,
    effects.p_permutation_micro / 1e6 as p_permutation,
    effects.p_adjusted_micro / 1e6 as p_adjusted,
    effects.groups_differ,
    mergers.sd_ratio_micro / 1e6 as merged_sd_ratio
from effects
left join mergers
    on
        effects.country = mergers.country
        and effects.dimension = mergers.dimension
        and effects.axis = mergers.axis
