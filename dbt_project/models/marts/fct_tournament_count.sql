{%- set outcomes = ['win_a_count', 'win_b_count', 'tie_count', 'both_bad_count'] -%}

with

counts as (

    select * from {{ ref('int_cells__counted') }}

),

strata as (

    select * from {{ ref('int_strata__celled') }}

),

dimensions as (

    select * from {{ ref('int_names__numbered') }}
    where kind = 'dimension'

),

models as (

    select * from {{ ref('int_names__numbered') }}
    where kind = 'model'

),

summed as (

    select
        strata.stratum_id,
        counts.dimension_number,
        counts.model_a_number,
        counts.model_b_number,
    {%- for column in outcomes %}
        sum(counts.{{ column }}) as {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
    from counts
    inner join strata on counts.cell_id = strata.cell_id
    group by
        strata.stratum_id,
        counts.dimension_number,
        counts.model_a_number,
        counts.model_b_number

),

final as (

    select
        summed.stratum_id,
        dimensions.name as dimension,
        first_models.name as model_a,
        second_models.name as model_b,
    {%- for column in outcomes %}
        cast(summed.{{ column }} as bigint) as {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
    from summed
    inner join dimensions on summed.dimension_number = dimensions.number
    inner join models as first_models on summed.model_a_number = first_models.number
    inner join models as second_models on summed.model_b_number = second_models.number

)

select * from final
