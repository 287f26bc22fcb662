{{ config(severity='warn') }}
{#- Warns: the default scheme costs half the sample, or somebody counts for more than five. Recruit
who is missing (demoscope recruit). -#}
select
    country,
    scheme,
    design_effect,
    weight_max
from {{ ref('rpt_weighting_diagnostics') }}
where
    is_default
    and (design_effect >= 2 or weight_max > 5)
