{#- Weights are for those who were heard: enrolled, not excluded, and in a battle that counts. -#}
with

participants as (

    select * from {{ ref('int_participants__profiled') }}

),

battles as (

    select * from {{ ref('int_battles__current') }}
    where is_counted

),

heard as (

    select distinct participant_key from battles

),

judging as (

    select
        participants.participant_key,
        participants.country,
        participants.profile_number
    from participants
    inner join heard on participants.participant_key = heard.participant_key

)

select * from judging
