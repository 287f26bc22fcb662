with

tournaments as (

    select distinct
        stratum_id,
        dimension
    from {{ ref('fct_tournament_count') }}

),

participants as (

    select distinct
        participant_key,
        dimension,
        cell_id
    from {{ ref('fct_battle') }}
    where is_counted and participant_key is not null

),

celled as (

    select * from {{ ref('int_strata__celled') }}

),

-- Enrolled ones only: they are whom fct_stratum_coverage counts.
measured as (

    select * from {{ ref('int_strata__measured') }}

),

people as (

    select
        celled.stratum_id,
        participants.dimension,
        count(*) as heard_count
    from participants
    inner join celled on participants.cell_id = celled.cell_id
    group by celled.stratum_id, participants.dimension

),

heard as (

    select
        tournaments.stratum_id,
        tournaments.dimension,
        coalesce(people.heard_count, 0) as heard_count
    from tournaments
    left join people
        on
            tournaments.stratum_id = people.stratum_id
            and tournaments.dimension = people.dimension

    union all

    select
        stratum_id,
        '{{ every_dimension() }}' as dimension,
        heard_count
    from measured

)

select * from heard
