with

strata as (

    select * from {{ ref('dim_stratum') }}

),

cells as (

    select * from {{ ref('int_cells__assigned_to_strata') }}

),

participants as (

    select * from {{ ref('dim_participant') }}

),

judged as (

    select * from {{ ref('int_participants__with_verdicts') }}

),

counts as (

    select * from {{ ref('int_cells__counted') }}

),

tournaments as (

    select * from {{ ref('fct_tournament_count') }}

),

unknown as (

    select cell_id from {{ ref('dim_cell') }}
    where cell_key = 'unknown'

),

enrolled as (

    select
        cells.stratum_id,
        count(*) as enrolled_count
    from participants
    inner join cells on participants.cell_id = cells.cell_id
    where not participants.is_excluded
    group by cells.stratum_id

),

-- Who judged without being enrolled is one of everybody, and of no country.
heard as (

    select
        cells.stratum_id,
        count(*) as heard_count
    from judged
    cross join unknown
    left join participants on judged.participant_key = participants.participant_key
    inner join cells on coalesce(participants.cell_id, unknown.cell_id) = cells.cell_id
    group by cells.stratum_id

),

verdicts as (

    select
        cells.stratum_id,
        cast(
            sum(
                counts.win_a_count + counts.win_b_count
                + counts.tie_count + counts.both_bad_count
            ) as bigint
        ) as verdict_count
    from counts
    inner join cells on counts.cell_id = cells.cell_id
    group by cells.stratum_id

),

models as (

    select
        named.stratum_id,
        count(distinct named.model_id) as model_count
    from (
        select
            stratum_id,
            model_a as model_id
        from tournaments
        union all
        select
            stratum_id,
            model_b as model_id
        from tournaments
    ) as named
    group by named.stratum_id

),

-- The census share is of the axis' groups alone: somebody in none of them is in no share.
totalled as (

    select
        strata.stratum_id,
        strata.country,
        strata.axis,
        coalesce(enrolled.enrolled_count, 0) as enrolled_count,
        coalesce(heard.heard_count, 0) as heard_count,
        coalesce(verdicts.verdict_count, 0) as verdict_count,
        coalesce(models.model_count, 0) as model_count,
        strata.population_share,
        sum(coalesce(heard.heard_count, 0)) over (partition by strata.country, strata.axis)
            as axis_heard_count
    from strata
    left join enrolled on strata.stratum_id = enrolled.stratum_id
    left join heard on strata.stratum_id = heard.stratum_id
    left join verdicts on strata.stratum_id = verdicts.stratum_id
    left join models on strata.stratum_id = models.stratum_id

)

select
    stratum_id,
    country,
    axis,
    enrolled_count,
    heard_count,
    verdict_count,
    model_count,
    population_share,
    case
        when country is not null
            then cast(heard_count as double) / nullif(cast(axis_heard_count as double), 0)
    end as heard_share,
    cast(ceil(greatest(population_share * axis_heard_count - heard_count, 0)) as bigint)
        as short_count
from totalled
