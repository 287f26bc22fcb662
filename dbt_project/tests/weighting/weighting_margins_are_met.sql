{#- Blocks: the margins of every scheme are met to 1e-9, and the raking came to rest. -#}
select
    country,
    scheme,
    raked_margin_error,
    margin_error,
    sweep_count
from {{ ref('rpt_weighting_diagnostics') }}
where
    not is_converged
    or raked_margin_error > 1e-9
    or margin_error > 1e-9
