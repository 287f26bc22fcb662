with

battles as (

    select * from {{ ref('fct_battle') }}
    where is_counted

),

tallies as (

    select * from {{ ref('int_tallies__current') }}

),

nobody_known as (

    select cell_id from {{ ref('dim_cell') }}
    where cell_key = 'unknown'

),

judged as (

    select
        cell_id,
        dimension,
        model_a,
        model_b,
        outcome,
        count(*) as battle_count
    from battles
    group by cell_id, dimension, model_a, model_b, outcome

),

counted as (

    select * from judged
    union all
    select
        nobody_known.cell_id,
        tallies.dimension,
        tallies.model_a,
        tallies.model_b,
        tallies.outcome,
        tallies.battle_count
    from tallies
    cross join nobody_known

),

-- A pair has one order here, whichever model stood on the left.
oriented as (

    select
        cell_id,
        dimension,
        least(model_a, model_b) as model_a,
        greatest(model_a, model_b) as model_b,
        case
            when model_a < model_b then outcome
            when outcome = 'a' then 'b'
            when outcome = 'b' then 'a'
            else outcome
        end as outcome,
        battle_count
    from counted

),

final as (

    select
        cast(cell_id as integer) as cell_id,
        dimension,
        model_a,
        model_b,
        outcome,
        cast(sum(battle_count) as bigint) as battle_count
    from oriented
    group by cell_id, dimension, model_a, model_b, outcome

)

select * from final
