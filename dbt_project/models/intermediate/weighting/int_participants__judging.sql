{#- Weights are for those who were heard: enrolled, not excluded, and in a battle that counts. -#}
with

participants as (

    select * from {{ ref('int_participants__profiled') }}

),

heard as (

    select * from {{ ref('int_participants__numbered') }}

),

judging as (

    select
        participants.participant_key,
        heard.participant_number,
        participants.country,
        participants.profile_number
    from participants
    inner join heard on participants.participant_key = heard.participant_key

)

select * from judging
