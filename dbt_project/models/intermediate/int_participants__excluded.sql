with

exclusions as (

    select * from {{ ref('stg_events__participants_excluded') }}

),

retracted as (

    select * from {{ ref('int_events__retracted') }}

),

standing as (

    select
        exclusions.participant_key,
        min(exclusions.position) as excluded_position
    from exclusions
    left join retracted on exclusions.event_id = retracted.event_id
    where retracted.event_id is null
    group by exclusions.participant_key

)

select * from standing
