{#- An answer has one meaning per variable: crosswalk, refusals and names of levels together. -#}
with

variables as (

    select * from {{ ref('seed_variables') }}

),

crosswalk as (

    select * from {{ ref('seed_crosswalk') }}

),

levels as (

    select
        country,
        variable,
        level
    from {{ ref('seed_targets') }}
    union
    select
        country,
        variable,
        level
    from {{ ref('seed_untargeted_levels') }}

),

meanings as (

    select
        variables.country,
        variables.variable,
        {{ comparable_text('crosswalk.source_value') }} as answer,
        crosswalk.level
    from variables
    inner join crosswalk
        on
            variables.coding = crosswalk.coding
            or crosswalk.coding = 'any'
    union
    select
        country,
        variable,
        {{ comparable_text('level') }} as answer,
        level
    from levels

)

select
    country,
    variable,
    answer,
    count(*) as meaning_count
from meanings
group by country, variable, answer
having count(*) > 1
