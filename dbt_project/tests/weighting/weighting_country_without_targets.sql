{{ config(severity='warn') }}
{#- Warns: people of a country the default scheme has no margins for count only unweighted. Add its
rows to seed_targets and seed_weighting_margins. -#}
select
    country,
    participant_count
from {{ ref('rpt_weighting_diagnostics') }}
where
    is_default
    and not has_targets
