with

counts as (

    select * from {{ ref('fct_cell_count') }}

),

strata as (

    select * from {{ ref('int_strata__celled') }}

),

final as (

    select
        strata.stratum_id,
        counts.dimension,
        counts.model_a,
        counts.model_b,
        {%- for outcome, column in [
            ('a', 'win_a_count'), ('b', 'win_b_count'), ('tie', 'tie_count'),
            ('both_bad', 'both_bad_count')
        ] %}
        cast(
            sum(case when counts.outcome = '{{ outcome }}' then counts.battle_count else 0 end)
            as bigint
        ) as {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
    from counts
    inner join strata on counts.cell_id = strata.cell_id
    group by strata.stratum_id, counts.dimension, counts.model_a, counts.model_b

)

select * from final
