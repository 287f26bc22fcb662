{#-
Everybody with a verdict that counts, enrolled or not. Where nobody known judged a pair, those who
rated models one at a time are the sample. Weights are for those of them who enrolled: who
have a profile. The number is of the first verdict in the log, and draws are keyed by it: the
keys of two warehouses differ, their figures of the same file must not.
-#}
with

judged as (

    select
        participant_key,
        min(position) as first_position
    from {{ ref('int_battles__current') }}
    where is_counted and participant_key is not null
    group by participant_key

),

rated as (

    select
        participant_key,
        min(position) as first_position
    from {{ ref('int_ratings__current') }}
    where is_counted and participant_key is not null
    group by participant_key

),

people as (

    select
        participant_key,
        first_position
    from judged
    union all
    select
        rated.participant_key,
        rated.first_position
    from rated
    cross join (select count(*) as judge_count from judged) as judges
    where judges.judge_count = 0

),

profiled as (

    select * from {{ ref('int_participants__profiled') }}

)

select
    people.participant_key,
    cast(row_number() over (order by people.first_position) as integer) as participant_number,
    profiled.country,
    profiled.profile_number
from people
left join profiled on people.participant_key = profiled.participant_key
