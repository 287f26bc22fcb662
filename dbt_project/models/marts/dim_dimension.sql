with

declared as (

    select * from {{ ref('seed_dimensions') }}

),

labels as (

    select * from {{ ref('seed_labels') }}
    where kind = 'dimension'

),

observed as (

    select distinct dimension from {{ ref('int_cells__counted') }}

),

known as (

    select dimension from declared
    union
    select dimension from observed

)

select
    known.dimension,
    coalesce(declared.label, known.dimension) as label,
    coalesce(labels.label, declared.label, known.dimension) as short_label,
    declared.description,
    declared.dimension is not null as is_declared,
    observed.dimension is not null as is_observed,
    cast(coalesce(declared.sort_order, 1000) as integer) as sort_order
from known
left join declared on known.dimension = declared.dimension
left join labels on known.dimension = labels.name
left join observed on known.dimension = observed.dimension
