with

declared as (

    select * from {{ ref('seed_criteria') }}

),

rated as (

    select
        criterion,
        count(*) as rating_count
    from {{ ref('fct_rating') }}
    group by criterion

),

known as (

    select criterion from declared
    union
    select criterion from rated

)

select
    known.criterion,
    coalesce(declared.label, known.criterion) as label,
    declared.kind,
    declared.question,
    declared.parent_criterion,
    declared.criterion is not null as is_declared,
    coalesce(rated.rating_count, 0) as rating_count,
    cast(coalesce(declared.sort_order, 1000) as integer) as sort_order
from known
left join declared on known.criterion = declared.criterion
left join rated on known.criterion = rated.criterion
