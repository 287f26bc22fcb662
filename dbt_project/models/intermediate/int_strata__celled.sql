with

participants as (

    select * from {{ ref('int_participants__celled') }}

),

stratified as (

    select * from {{ ref('int_participants__stratified') }}

),

cells as (

    select * from {{ ref('dim_cell') }}

),

strata as (

    select * from {{ ref('seed_strata') }}

),

of_everybody as (

    select
        'all' as stratum_id,
        cell_id
    from cells

),

of_countries as (

    select
        country as stratum_id,
        cell_id
    from cells
    where country is not null

),

of_groups as (

    select distinct
        strata.stratum_id,
        cells.cell_id
    from stratified
    -- Only groups that the study declares have a tournament; an unknown answer is in none.
    inner join strata
        on
            stratified.country = strata.country
            and stratified.axis = strata.axis
            and stratified.group_name = strata.group_name
    inner join participants on stratified.participant_key = participants.participant_key
    inner join cells on participants.cell_key = cells.cell_key

),

celled as (

    select * from of_everybody
    union all
    select * from of_countries
    union all
    select * from of_groups

)

select * from celled
