{{ config(materialized='view') }}
{#-
Names are looked up before participants: Parquet has them as numbers of its own, and a look-up by those
is all but free until something filters or multiplies the rows.
-#}
with

battles as (

    select * from {{ ref('int_battles__current') }}

),

dimensions as (

    select * from {{ ref('int_names__numbered') }}
    where kind = 'dimension'

),

models as (

    select * from {{ ref('int_names__numbered') }}
    where kind = 'model'

),

participants as (

    select * from {{ ref('int_participants__celled') }}

),

cells as (

    select * from {{ ref('dim_cell') }}

),

placed as (

    select
        participants.participant_key,
        cells.cell_id
    from participants
    inner join cells on participants.cell_key = cells.cell_key

),

numbered as (

    select
        battles.participant_key,
        placed.cell_id,
        dimensions.number as dimension_number,
        left_models.number as left_number,
        right_models.number as right_number,
        battles.outcome,
        battles.is_counted
    from battles
    left join dimensions on battles.dimension = dimensions.name
    left join models as left_models on battles.model_a = left_models.name
    left join models as right_models on battles.model_b = right_models.name
    left join placed on battles.participant_key = placed.participant_key

)

select * from numbered
