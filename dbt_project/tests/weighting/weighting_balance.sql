{{ config(severity='warn') }}
{#- Warns: weighting leaves a level off its target by 0.05 of its standard deviation or more,
although the margins could be met. Levels collapsed or scaled up beside an empty target have a
warning of their own. -#}
with

diagnostics as (

    select * from {{ ref('rpt_weighting_diagnostics') }}

),

margins as (

    select
        *,
        max(case when level_status = 'empty' then 1 else 0 end)
            over (partition by country, scheme, variable) as has_empty_levels
    from {{ ref('rpt_weighting_margin') }}
    where is_raked

)

select
    margins.country,
    margins.scheme,
    margins.variable,
    margins.level,
    margins.target_share,
    margins.after_share,
    margins.asmd_after
from margins
inner join diagnostics
    on
        margins.country = diagnostics.country
        and margins.scheme = diagnostics.scheme
where
    diagnostics.is_converged
    and margins.has_empty_levels = 0
    and margins.level_status in ('targeted', 'untargeted')
    and margins.asmd_after >= 0.05
