with

replicates as (

    select * from {{ source('ratings', 'replicate_weight') }}

),

people as (

    select * from {{ ref('int_participants__with_verdicts') }}

),

weights as (

    select * from {{ ref('fct_participant_weight') }}

),

schemes as (

    select * from {{ ref('int_weighting_schemes__chosen') }}
    where is_default

)

select
    people.participant_key,
    weights.country,
    weights.scheme,
    weights.weight,
    replicates.replicate_weight_micro
from replicates
inner join people on replicates.participant_number = people.participant_number
inner join weights on people.participant_key = weights.participant_key
inner join schemes on weights.scheme = schemes.scheme
