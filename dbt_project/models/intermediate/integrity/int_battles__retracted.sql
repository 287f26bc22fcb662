{#- As they were said, by the models that the names mean; corrections of them say nothing now. -#}
with

revised as (

    select * from {{ ref('int_battles__revised') }}
    where is_retracted

),

said as (

    select battles.*
    from {{ ref('stg_events__battles_judged') }} as battles
    inner join revised on battles.position = revised.position

)

select
    said.event_id,
    said.source,
    said.participant_key,
    said.dimension,
    {{ canonical_model('said', 'model_a') }} as model_a,
    {{ canonical_model('said', 'model_b') }} as model_b,
    said.outcome,
    said.occurred_at,
    said.position
from said
{{ join_canonical_model('said', 'model_a') }}
{{ join_canonical_model('said', 'model_b') }}
where {{ happened_by('said.occurred_at') }}
