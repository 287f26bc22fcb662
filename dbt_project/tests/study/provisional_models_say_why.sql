{#- A model is provisional for a reason, and only then has one. -#}
select
    weighting,
    stratum_id,
    dimension,
    estimator,
    model_id
from {{ ref('rpt_leaderboard') }}
where is_provisional != (provisional_reason is not null)
