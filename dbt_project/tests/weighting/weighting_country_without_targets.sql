{{ config(severity='warn') }}
{#- Warns: people of a country the default scheme has no margins for count only unweighted. -#}
select
    country,
    participant_count
from {{ ref('rpt_weighting_diagnostics') }}
where
    is_default
    and not has_targets
