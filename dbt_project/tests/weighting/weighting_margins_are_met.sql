{#-
Blocks: the default scheme meets its margins to 1e-9 and came to rest. Fewer than a hundred people
may contradict the margins by chance (every Republican is old): that warns elsewhere.
-#}
select
    country,
    scheme,
    raked_margin_error,
    margin_error,
    sweep_count
from {{ ref('rpt_weighting_diagnostics') }}
where
    is_default
    and participant_count - left_out_count >= 100
    and (not is_converged or raked_margin_error > 1e-9 or margin_error > 1e-9)
