with

counts as (

    select * from {{ ref('int_cells__counted') }}

),

strata as (

    select * from {{ ref('int_cells__assigned_to_strata') }}

)

select
    strata.stratum_id,
    counts.dimension,
    counts.model_a,
    counts.model_b,
{%- for column in ['win_a_count', 'win_b_count', 'tie_count', 'both_bad_count'] %}
    cast(sum(counts.{{ column }}) as bigint) as {{ column }}{{ ',' if not loop.last }}
{%- endfor %}
from counts
inner join strata on counts.cell_id = strata.cell_id
group by strata.stratum_id, counts.dimension, counts.model_a, counts.model_b
