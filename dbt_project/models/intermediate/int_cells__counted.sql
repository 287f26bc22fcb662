{%- set numbers = outcome_numbers() -%}
with

battles as (

    select * from {{ ref('int_battles__numbered') }}
    where is_counted

),

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

nobody_known as (

    select cell_id from {{ ref('dim_cell') }}
    where cell_key = 'unknown'

),

judged as (

    select
        cell_id,
        dimension_number,
        left_number,
        right_number,
        count(case when outcome_number = {{ numbers['a'] }} then 1 end) as left_count,
        count(case when outcome_number = {{ numbers['b'] }} then 1 end) as right_count,
        count(case when outcome_number = {{ numbers['tie'] }} then 1 end) as tie_count,
        count(case when outcome_number = {{ numbers['both_bad'] }} then 1 end) as both_bad_count
    from battles
    group by cell_id, dimension_number, left_number, right_number

),

tallied as (

    select
        cast(null as integer) as cell_id,
        dimensions.number as dimension_number,
        left_models.number as left_number,
        right_models.number as right_number,
        {%- for outcome, column in [
            ('a', 'left_count'), ('b', 'right_count'), ('tie', 'tie_count'),
            ('both_bad', 'both_bad_count')
        ] %}
        case when tallies.outcome = '{{ outcome }}' then tallies.battle_count else 0 end
            as {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
    from tallies
    inner join dimensions on tallies.dimension = dimensions.name
    inner join models as left_models on tallies.model_a = left_models.name
    inner join models as right_models on tallies.model_b = right_models.name

),

counted as (

    select * from judged
    union all
    select * from tallied

),

-- A pair has one order here, whichever model stood on the left. Who is in no cell is in nobody's.
oriented as (

    select
        coalesce(counted.cell_id, nobody_known.cell_id) as cell_id,
        counted.dimension_number,
        least(counted.left_number, counted.right_number) as model_a_number,
        greatest(counted.left_number, counted.right_number) as model_b_number,
        counted.left_number < counted.right_number as is_oriented,
        counted.left_count,
        counted.right_count,
        counted.tie_count,
        counted.both_bad_count
    from counted
    cross join nobody_known

),

summed as (

    select
        cell_id,
        dimension_number,
        model_a_number,
        model_b_number,
        cast(sum(case when is_oriented then left_count else right_count end) as bigint)
            as win_a_count,
        cast(sum(case when is_oriented then right_count else left_count end) as bigint)
            as win_b_count,
        cast(sum(tie_count) as bigint) as tie_count,
        cast(sum(both_bad_count) as bigint) as both_bad_count
    from oriented
    group by cell_id, dimension_number, model_a_number, model_b_number

)

select * from summed
