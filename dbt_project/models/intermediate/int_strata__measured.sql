with

strata as (

    select * from {{ ref('dim_stratum') }}

),

celled as (

    select * from {{ ref('int_strata__celled') }}

),

participants as (

    select * from {{ ref('dim_participant') }}

),

heard as (

    select * from {{ ref('int_participants__numbered') }}

),

people as (

    select
        celled.stratum_id,
        count(*) as enrolled_count,
        count(heard.participant_key) as heard_count
    from participants
    inner join celled on participants.cell_id = celled.cell_id
    left join heard on participants.participant_key = heard.participant_key
    where not participants.is_excluded
    group by celled.stratum_id

),

verdicts as (

    select
        celled.stratum_id,
        cast(
            sum(
                counts.win_a_count + counts.win_b_count
                + counts.tie_count + counts.both_bad_count
            ) as bigint
        ) as verdict_count
    from {{ ref('fct_cell_count') }} as counts
    inner join celled on counts.cell_id = celled.cell_id
    group by celled.stratum_id

),

models as (

    select
        judged.stratum_id,
        count(distinct judged.model_id) as model_count
    from (
        select
            stratum_id,
            model_a as model_id
        from {{ ref('fct_tournament_count') }}
        union all
        select
            stratum_id,
            model_b as model_id
        from {{ ref('fct_tournament_count') }}
    ) as judged
    group by judged.stratum_id

),

measured as (

    select
        strata.stratum_id,
        strata.country,
        strata.axis,
        strata.population_share,
        coalesce(people.enrolled_count, 0) as enrolled_count,
        coalesce(people.heard_count, 0) as heard_count,
        coalesce(verdicts.verdict_count, 0) as verdict_count,
        coalesce(models.model_count, 0) as model_count
    from strata
    left join people on strata.stratum_id = people.stratum_id
    left join verdicts on strata.stratum_id = verdicts.stratum_id
    left join models on strata.stratum_id = models.stratum_id

)

select * from measured
