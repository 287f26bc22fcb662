{#- Blocks: after weighting, no level that can be met is off by 0.05 of its standard deviation. -#}
with

margins as (

    select
        *,
        -- Beside an empty target the others are scaled up on purpose: that warns elsewhere.
        max(case when level_status = 'empty' then 1 else 0 end)
            over (partition by country, scheme, variable) as has_empty_levels
    from {{ ref('rpt_weighting_margin') }}
    where is_raked

)

select
    country,
    scheme,
    variable,
    level,
    target_share,
    after_share,
    asmd_after
from margins
where
    level_status in ('targeted', 'untargeted')
    and has_empty_levels = 0
    and asmd_after >= 0.05
