with

registrations as (

    select * from {{ ref('stg_events__models_registered') }}

),

retirements as (

    select * from {{ ref('stg_events__models_retired') }}

),

retracted as (

    select * from {{ ref('int_events__revised') }}
    where retracted_position is not null

),

battled as (

    select distinct dimension_pair.model_id
    from (
        select model_a as model_id from {{ ref('int_cells__counted') }}
        union all
        select model_b as model_id from {{ ref('int_cells__counted') }}
    ) as dimension_pair

),

registered as (

    select
        registrations.model_id,
        max_by(registrations.display_name, registrations.position) as display_name,
        max_by(registrations.provider, registrations.position) as provider,
        max_by(registrations.licence, registrations.position) as licence,
        max(registrations.position) as valid_from_position
    from registrations
    left join retracted on registrations.event_id = retracted.event_id
    where retracted.event_id is null
    group by registrations.model_id

),

retired as (

    select
        retirements.model_id,
        max_by(retirements.reason, retirements.position) as retired_reason,
        max(retirements.occurred_at) as retired_at
    from retirements
    left join retracted on retirements.event_id = retracted.event_id
    where retracted.event_id is null
    group by retirements.model_id

),

known as (

    select model_id from registered
    union
    select model_id from battled

)

select
    known.model_id,
    coalesce(registered.display_name, known.model_id) as display_name,
    registered.provider,
    registered.licence,
    registered.model_id is not null as is_registered,
    battled.model_id is not null as has_battled,
    retired.model_id is not null as is_retired,
    retired.retired_reason,
    retired.retired_at,
    registered.valid_from_position
from known
left join registered on known.model_id = registered.model_id
left join battled on known.model_id = battled.model_id
left join retired on known.model_id = retired.model_id
