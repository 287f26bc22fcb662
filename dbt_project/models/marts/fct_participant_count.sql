{{ config(materialized='view') }}

with

counts as (

    select * from {{ ref('int_participants__counted') }}

),

participants as (

    select * from {{ ref('int_participants__numbered') }}

),

dimensions as (

    select * from {{ ref('int_names__numbered') }}
    where kind = 'dimension'

),

models as (

    select * from {{ ref('int_names__numbered') }}
    where kind = 'model'

),

final as (

    select
        participants.participant_key,
        dimensions.name as dimension,
        first_models.name as model_a,
        second_models.name as model_b,
        {%- for column in [
            'win_a_count', 'win_b_count', 'both_bad_count', 'battle_count', 'verdict_count'
        ] %}
        cast(counts.{{ column }} as bigint) as {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
    from counts
    inner join participants on counts.participant_number = participants.participant_number
    inner join dimensions on counts.dimension_number = dimensions.number
    inner join models as first_models on counts.model_a_number = first_models.number
    inner join models as second_models on counts.model_b_number = second_models.number

)

select * from final
