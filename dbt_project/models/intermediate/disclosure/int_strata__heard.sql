with

tournaments as (

    select distinct
        stratum_id,
        dimension
    from {{ ref('fct_tournament_count') }}

),

judged as (

    select distinct
        participant_number,
        dimension_number
    from {{ ref('int_participants__counted') }}

),

participants as (

    select * from {{ ref('int_participants__numbered') }}

),

dimensions as (

    select * from {{ ref('int_names__numbered') }}
    where kind = 'dimension'

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
        dimensions.name as dimension,
        count(*) as heard_count
    from judged
    inner join participants on judged.participant_number = participants.participant_number
    inner join dimensions on judged.dimension_number = dimensions.number
    inner join celled on participants.cell_id = celled.cell_id
    group by celled.stratum_id, dimensions.name

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
