with

stratified as (

    select * from {{ ref('int_participants__stratified') }}

),

keyed as (

    select
        participant_key,
        country,
        country || '/' || {{ joined_text("axis || '=' || group_name", '/', 'sort_order') }}
            as cell_key
    from stratified
    group by participant_key, country

)

select
    *,
    cast(dense_rank() over (order by cell_key) as integer) as cell_id
from keyed
