with

judging as (

    select * from {{ ref('int_participants__with_verdicts') }}

),

schemes as (

    select * from {{ ref('seed_weighting_schemes') }}
    where unplaced = 'own_level' and method <> 'none'

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
union all
-- Not enrolled.
select
    judging.participant_key,
    judging.country,
    schemes.scheme,
    cast(1000000 as bigint) as weight_micro,
    cast(1 as double) as weight,
    false as is_trimmed
from judging
cross join schemes
where judging.profile_number is null
