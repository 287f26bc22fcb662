{{ config(severity='warn') }}
{#- Warns: margins that this sample cannot meet all at once; the weights are a compromise. Recruit
who is missing (demoscope recruit), or weight to fewer margins (seed_weighting_margins). -#}
select
    country,
    scheme,
    participant_count,
    margin_error,
    sweep_count
from {{ ref('rpt_weighting_diagnostics') }}
where
    not is_converged
    or raked_margin_error > 1e-9
    or margin_error > 1e-9
