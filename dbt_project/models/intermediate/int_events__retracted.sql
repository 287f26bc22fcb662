with

retractions as (

    select * from {{ ref('stg_events__events_retracted') }}

),

-- An appeal retracts the retraction: what it had removed stands again.
appealed as (

    select target_event_id from retractions

),

standing as (

    select
        retractions.target_event_id as event_id,
        min(retractions.position) as retracted_position
    from retractions
    left join appealed on retractions.event_id = appealed.target_event_id
    where appealed.target_event_id is null
    group by retractions.target_event_id

)

select * from standing
