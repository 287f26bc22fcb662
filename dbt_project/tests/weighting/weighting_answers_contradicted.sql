{{ config(severity='warn') }}
{#- Warns: people were enrolled twice with different answers; the answer of the source that enrolled
them first holds. Where that is wrong, load what is right (participant_corrected). -#}
select
    country,
    participant_count,
    contradicted_count
from {{ ref('rpt_weighting_diagnostics') }}
where
    is_default
    and contradicted_count > 0
