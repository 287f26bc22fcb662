{#- By hand, or by a policy: then only as long as enough of its strikes stand, so that an appeal
against a strike lifts what followed from it. -#}
with

exclusions as (

    select * from {{ ref('stg_events__participants_excluded') }}

),

retracted as (

    select * from {{ ref('int_events__revised') }}
    where retracted_position is not null

),

struck as (

    select * from {{ ref('int_policies__with_strikes') }}

),

upheld as (

    select
        exclusions.participant_key,
        greatest(exclusions.position, coalesce(struck.reached_position, 0)) as excluded_position,
        exclusions.policy is null as is_by_hand
    from exclusions
    left join retracted on exclusions.event_id = retracted.event_id
    left join struck
        on
            exclusions.policy = struck.policy
            and exclusions.policy_version = struck.policy_version
            and exclusions.participant_key = struck.participant_key
    where
        retracted.event_id is null
        and (exclusions.policy is null or struck.reached_position is not null)

)

select
    participant_key,
    min(excluded_position) as excluded_position,
    max(case when is_by_hand then 1 else 0 end) = 1 as is_by_hand
from upheld
group by participant_key
