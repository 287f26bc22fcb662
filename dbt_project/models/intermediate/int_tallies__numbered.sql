{{ config(materialized='view') }}

with

tallies as (

    select * from {{ ref('int_tallies__current') }}

),

dimensions as (

    select * from {{ ref('int_names__numbered') }}
    where kind = 'dimension'

),

models as (

    select * from {{ ref('int_names__numbered') }}
    where kind = 'model'

),

outcomes as (

    select * from {{ ref('int_outcomes__unitized') }}

),

numbered as (

    select
        dimensions.number as dimension_number,
        least(left_models.number, right_models.number) as model_a_number,
        greatest(left_models.number, right_models.number) as model_b_number,
        tallies.battle_count * case
            when left_models.number < right_models.number then outcomes.unit
            else outcomes.swapped_unit
        end as units
    from tallies
    inner join dimensions on tallies.dimension = dimensions.name
    inner join models as left_models on tallies.model_a = left_models.name
    inner join models as right_models on tallies.model_b = right_models.name
    inner join outcomes on tallies.outcome = outcomes.verdict

)

select * from numbered
