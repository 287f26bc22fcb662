with

battles as (

    select * from {{ ref('fct_battle') }}
    where is_counted

),

tallies as (

    select * from {{ ref('int_tallies__current') }}

),

weighted as (

    select * from {{ ref('int_cells__weighted') }}

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

summed as (

    select
        cell_id,
        dimension,
        model_a,
        model_b,
        outcome,
        sum(battle_count) as battle_count
    from oriented
    group by cell_id, dimension, model_a, model_b, outcome

),

final as (

    select
        cast(summed.cell_id as integer) as cell_id,
        summed.dimension,
        summed.model_a,
        summed.model_b,
        summed.outcome,
        cast(summed.battle_count as bigint) as battle_count,
        coalesce(weighted.weight_micro, 0) as weight_micro
    from summed
    left join weighted
        on
            summed.cell_id = weighted.cell_id
            and summed.dimension = weighted.dimension
            and summed.model_a = weighted.model_a
            and summed.model_b = weighted.model_b
            and summed.outcome = weighted.outcome

)

select * from final
