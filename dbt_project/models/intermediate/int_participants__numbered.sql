{#- Numbers are in the order of the keys, and cost a tenth of them to sort and compare. -#}
with

battles as (

    select * from {{ ref('int_battles__current') }}
    where is_counted and participant_key is not null

),

participants as (

    select * from {{ ref('int_participants__celled') }}

),

cells as (

    select * from {{ ref('dim_cell') }}

),

nobody_known as (

    select cell_id as unknown_cell_id from {{ ref('dim_cell') }}
    where cell_key = 'unknown'

),

heard as (

    select distinct participant_key from battles

),

numbered as (

    select
        heard.participant_key,
        cast(row_number() over (order by heard.participant_key) as integer) as participant_number,
        coalesce(cells.cell_id, nobody_known.unknown_cell_id) as cell_id
    from heard
    cross join nobody_known
    left join participants on heard.participant_key = participants.participant_key
    left join cells on participants.cell_key = cells.cell_key

)

select * from numbered
