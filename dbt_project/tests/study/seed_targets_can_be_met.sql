{#- No stopping target that no study can meet. -#}
select target
from {{ ref('seed_stopping_targets') }}
where
    threshold <= 0
    or (measure <> 'interval_width' and threshold >= 1)
