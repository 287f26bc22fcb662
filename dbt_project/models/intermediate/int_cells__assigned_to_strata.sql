with

cells as (

    select * from {{ ref('dim_cell') }}

),

groups as (

    select * from {{ ref('int_cells__grouped') }}

),

strata as (

    select * from {{ ref('seed_strata') }}

)

select
    'all' as stratum_id,
    cell_id
from cells
union all
select
    country as stratum_id,
    cell_id
from cells
where country is not null
union all
-- Only groups that the study declares have a tournament; an unknown answer is in none.
select
    strata.stratum_id,
    groups.cell_id
from groups
inner join strata
    on
        groups.country = strata.country
        and groups.axis = strata.axis
        and groups.group_name = strata.group_name
