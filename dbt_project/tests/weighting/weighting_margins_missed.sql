{{ config(severity='warn') }}
{#- Warns: margins that this sample cannot meet all at once within the bounds of weights; the
weights come as near as they can. Recruit who is missing (demoscope recruit), or weight to
fewer margins (seed_weighting_margins). -#}
select
    country,
    scheme,
    participant_count,
    margin_error,
    sweep_count
from {{ ref('rpt_weighting_diagnostics') }}
where
    not is_converged
    or margin_error > 1e-9
