{{ config(materialized='view') }}

with

ratings as (

    select * from {{ ref('stg_events__experiences_rated') }}

),

revised as (

    select * from {{ ref('int_events__revised') }}

),

excluded as (

    select * from {{ ref('int_participants__excluded') }}

),

criteria as (

    select * from {{ ref('seed_criteria') }}

)

select
    ratings.event_id,
    ratings.source,
    ratings.participant_key,
    {{ canonical_model('ratings', 'model_id') }} as model_id,
    ratings.criterion,
    criteria.parent_criterion,
    ratings.rating,
    ratings.occurred_at,
    ratings.position,
    greatest(
        ratings.position,
        coalesce(revised.revised_position, 0),
        coalesce(model_id_meant.valid_from_position, 0)
    ) as valid_from_position,
    case when excluded.participant_key is not null then 'excluded' end as uncounted_reason,
    excluded.participant_key is null as is_counted
from ratings
left join revised on ratings.event_id = revised.event_id
left join excluded on ratings.participant_key = excluded.participant_key
left join criteria on ratings.criterion = criteria.criterion
{{ join_canonical_model('ratings', 'model_id') }}
where
    revised.retracted_position is null
    and {{ happened_by('ratings.occurred_at') }}
