{#-
Everybody with a verdict that counts, enrolled or not. Weights are for those of them who enrolled: who
have a profile. The number orders participants as their keys do, and costs a tenth of them to sort.
-#}
with

judged as (

    select distinct participant_key from {{ ref('int_battles__current') }}
    where is_counted and participant_key is not null

),

profiled as (

    select * from {{ ref('int_participants__profiled') }}

)

select
    judged.participant_key,
    cast(row_number() over (order by judged.participant_key) as integer) as participant_number,
    profiled.country,
    profiled.profile_number
from judged
left join profiled on judged.participant_key = profiled.participant_key
