{#- How often each model, provider and kind of licence would be drawn if in each battle all
models were alike that could be drawn at the time. -#}
with

battles as (

    select
        voters,
        model_a,
        model_b,
        coalesce(judged_at, cast('1970-01-01 00:00:00+00' as {{ type_of_times() }})) as drawn_at,
        judged_at is not null as has_time,
        basis,
        draw_weight as weight
    from {{ ref('int_battles__sampled') }}
    where not is_private

),

sides as (

    select
        *,
        model_a as model_id
    from battles
    union all
    select
        *,
        model_b as model_id
    from battles

),

members as (

    select * from {{ ref('int_models__grouped') }}

),

drawn as (

    select
        voters,
        basis,
        has_time,
        model_id,
        min(drawn_at) as first_at,
        max(drawn_at) as last_at
    from sides
    group by voters, basis, has_time, model_id

),

moments as (

    select
        voters,
        basis,
        has_time,
        drawn_at,
        sum(weight) as weight,
        count(*) as battle_count
    from battles
    group by voters, basis, has_time, drawn_at

),

ends as (

    select
        voters,
        basis,
        has_time,
        max(drawn_at) as ended_at
    from moments
    group by voters, basis, has_time

),

-- A model could be drawn from its first battle. Until when, the log says: by its retirement, or by
-- a registration that no retirement follows. Of one that nobody registered its last battle is all.
windows as (

    select
        drawn.voters,
        drawn.basis,
        drawn.has_time,
        drawn.model_id,
        drawn.first_at,
        case
            when models.is_retired
                then greatest(drawn.last_at, coalesce(models.retired_at, drawn.last_at))
            when models.is_registered then ends.ended_at
            else drawn.last_at
        end as last_at
    from drawn
    inner join ends
        on
            drawn.voters = ends.voters
            and drawn.basis = ends.basis
            and drawn.has_time = ends.has_time
    left join {{ ref('dim_model') }} as models on drawn.model_id = models.model_id

),

-- In order: models that come at a moment, its battles, models that leave after it.
steps as (

    select
        voters,
        basis,
        has_time,
        first_at as stepped_at,
        0 as place,
        1 as come_count,
        0 as left_count,
        cast(0 as double) as weight,
        cast(0 as bigint) as battle_count
    from windows
    union all
    select
        voters,
        basis,
        has_time,
        drawn_at as stepped_at,
        1 as place,
        0 as come_count,
        0 as left_count,
        weight,
        battle_count
    from moments
    union all
    select
        voters,
        basis,
        has_time,
        last_at as stepped_at,
        2 as place,
        0 as come_count,
        1 as left_count,
        cast(0 as double) as weight,
        cast(0 as bigint) as battle_count
    from windows

),

counted as (

    select
        voters,
        basis,
        has_time,
        stepped_at,
        place,
        weight,
        battle_count,
        sum(come_count) over (
            partition by voters, basis, has_time
            order by stepped_at, place
            rows between unbounded preceding and current row
        ) as come_count,
        sum(left_count) over (
            partition by voters, basis, has_time
            order by stepped_at, place
            rows between unbounded preceding and current row
        ) as left_count
    from steps

),

-- While nobody comes or leaves, the models are the same: one join for all battles of such a time.
spells as (

    select
        voters,
        basis,
        has_time,
        come_count - left_count as model_count,
        min(stepped_at) as began_at,
        sum(weight) as weight,
        sum(battle_count) as battle_count
    from counted
    where place = 1
    group by voters, basis, has_time, come_count, left_count

),

chances as (

    select
        spells.voters,
        spells.basis,
        spells.weight,
        spells.battle_count,
        spells.model_count,
        windows.model_id
    from spells
    inner join windows
        on
            spells.voters = windows.voters
            and spells.basis = windows.basis
            and spells.has_time = windows.has_time
            and spells.began_at between windows.first_at and windows.last_at

),

expected_models as (

    select
        voters,
        basis,
        model_id,
        round(sum(2 * weight / model_count), 6) as expected_weight,
        round(sum(cast(2 * battle_count as double) / model_count), 6) as expected_count
    from chances
    group by voters, basis, model_id

)

select
    chances.voters,
    chances.basis,
    members.scope,
    members.member,
    count(*) as model_count,
    round(sum(chances.expected_weight), 6) as expected_weight,
    round(sum(chances.expected_count), 6) as expected_count
from expected_models as chances
inner join members on chances.model_id = members.model_id
group by chances.voters, chances.basis, members.scope, members.member
