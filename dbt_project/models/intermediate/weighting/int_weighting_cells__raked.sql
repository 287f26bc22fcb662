with

cells as (

    select * from {{ ref('int_weighting_cells__counted') }}

),

raked as (

    {{ rake('cells', margins_max()) }}

)

select * from raked
