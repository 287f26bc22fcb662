{#-
Everybody with a verdict that counts, enrolled or not. Where nobody known judged a pair, those who
rated models one at a time are the sample. Weights are for those of them who enrolled: who
have a profile. The number orders participants as their keys do, and costs a tenth of them to sort.
-#}
with

judged as (

    select distinct participant_key from {{ ref('int_battles__current') }}
    where is_counted and participant_key is not null

),

rated as (

    select distinct participant_key from {{ ref('int_ratings__current') }}
    where is_counted and participant_key is not null

),

people as (

    select participant_key from judged
    union all
    select rated.participant_key
    from rated
    cross join (select count(*) as judge_count from judged) as judges
    where judges.judge_count = 0

),

profiled as (

    select * from {{ ref('int_participants__profiled') }}

)

select
    people.participant_key,
    cast(row_number() over (order by people.participant_key) as integer) as participant_number,
    profiled.country,
    profiled.profile_number
from people
left join profiled on people.participant_key = profiled.participant_key
