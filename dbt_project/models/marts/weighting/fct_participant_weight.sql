with

judging as (

    select * from {{ ref('int_participants__with_verdicts') }}
    where profile_number is not null

),

weights as (

    select * from {{ ref('int_profiles__weighted') }}

)

select
    judging.participant_key,
    judging.country,
    weights.scheme,
    weights.weight_micro,
    weights.weight,
    weights.is_trimmed
from judging
inner join weights on judging.profile_number = weights.profile_number
