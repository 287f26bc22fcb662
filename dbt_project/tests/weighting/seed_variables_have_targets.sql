{#- Every variable has targets, every target a variable. -#}
with

variables as (

    select
        country,
        variable
    from {{ ref('seed_variables') }}

),

targeted as (

    select distinct
        country,
        variable
    from {{ ref('seed_targets') }}

)

select
    coalesce(variables.country, targeted.country) as country,
    coalesce(variables.variable, targeted.variable) as variable
from variables
full outer join targeted
    on
        variables.country = targeted.country
        and variables.variable = targeted.variable
where variables.variable is null or targeted.variable is null
