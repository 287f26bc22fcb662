with

tournaments as (

    select distinct
        stratum_id,
        dimension
    from {{ ref('fct_tournament_count') }}

),

judged as (

    select distinct
        participant_key,
        dimension
    from {{ ref('fct_participant_count') }}

),

participants as (

    select * from {{ ref('int_participants__assigned_to_cells') }}

),

unknown as (

    select cell_id from {{ ref('dim_cell') }}
    where cell_key = 'unknown'

),

strata as (

    select * from {{ ref('int_cells__assigned_to_strata') }}

),

people as (

    select
        strata.stratum_id,
        judged.dimension,
        count(*) as heard_count
    from judged
    cross join unknown
    left join participants on judged.participant_key = participants.participant_key
    inner join strata on coalesce(participants.cell_id, unknown.cell_id) = strata.cell_id
    group by strata.stratum_id, judged.dimension

)

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
from {{ ref('fct_stratum_coverage') }}
