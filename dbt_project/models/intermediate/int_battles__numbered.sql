{{ config(materialized='view') }}
{#-
Numbers are looked up before anything filters or multiplies the rows: Parquet has texts as numbers of
its own, and until then a look-up by those is all but free.
-#}
with

battles as (

    select * from {{ ref('stg_events__battles_judged') }}

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

revised as (

    select * from {{ ref('int_battles__revised') }}

),

excluded as (

    select * from {{ ref('int_participants__excluded') }}

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
        battles.position,
        battles.occurred_at,
        placed.cell_id,
        dimensions.number as dimension_number,
        left_models.number as left_number,
        right_models.number as right_number,
        {{ outcome_number('battles.outcome') }} as outcome_number
    from battles
    left join dimensions on battles.dimension = dimensions.name
    left join models as left_models on battles.model_a = left_models.name
    left join models as right_models on battles.model_b = right_models.name
    left join placed on battles.participant_key = placed.participant_key

),

-- What stands, as in int_battles__current, which has the texts.
current_battles as (

    select
        numbered.participant_key,
        numbered.cell_id,
        numbered.dimension_number,
        numbered.left_number,
        numbered.right_number,
        coalesce(
            {{ outcome_number('revised.corrected_outcome') }}, numbered.outcome_number
        ) as outcome_number,
        excluded.participant_key is null as is_counted
    from numbered
    left join revised on numbered.position = revised.position
    left join excluded on numbered.participant_key = excluded.participant_key
    where
        not coalesce(revised.is_retracted, false)
        and {{ happened_by('numbered.occurred_at') }}

)

select * from current_battles
