{#- How often each model, provider and kind of licence would be drawn if on each day all models
were alike that could be drawn. -#}
with

battles as (

    select
        model_a,
        model_b,
        coalesce(judged_on, cast('1970-01-01' as date)) as drawn_on,
        judged_on is not null as has_day,
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

-- A model could be drawn from its first day to its last.
windows as (

    select
        basis,
        has_day,
        model_id,
        min(drawn_on) as first_on,
        max(drawn_on) as last_on
    from sides
    group by basis, has_day, model_id

),

days as (

    select
        basis,
        has_day,
        drawn_on,
        sum(weight) as weight,
        count(*) as battle_count
    from battles
    group by basis, has_day, drawn_on

),

chances as (

    select
        days.basis,
        days.drawn_on,
        days.weight,
        days.battle_count,
        windows.model_id,
        count(*) over (partition by days.basis, days.has_day, days.drawn_on) as model_count
    from days
    inner join windows
        on
            days.basis = windows.basis
            and days.has_day = windows.has_day
            and days.drawn_on between windows.first_on and windows.last_on

),

expected_models as (

    select
        basis,
        model_id,
        round(sum(2 * weight / model_count), 6) as expected_weight,
        round(sum(cast(2 * battle_count as double) / model_count), 6) as expected_count
    from chances
    group by basis, model_id

)

select
    chances.basis,
    members.scope,
    members.member,
    count(*) as model_count,
    round(sum(chances.expected_weight), 6) as expected_weight,
    round(sum(chances.expected_count), 6) as expected_count
from expected_models as chances
inner join members on chances.model_id = members.model_id
group by chances.basis, members.scope, members.member
