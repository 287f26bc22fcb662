{#- Battles that count and have a date, by the model's own: a battle counts for both its models. -#}
with

battles as (

    select * from {{ ref('fct_battle') }}
    where
        is_counted
        and occurred_at is not null

),

models as (

    select * from {{ ref('dim_model') }}

),

sides as (

    select
        dimension,
        model_a as model_id,
        participant_key,
        cast(cast(occurred_at as date) as string) as day
    from battles
    union all
    select
        dimension,
        model_b as model_id,
        participant_key,
        cast(cast(occurred_at as date) as string) as day
    from battles

),

months as (

    select
        dimension,
        model_id,
        substring(day, 1, 7) as month,
        count(*) as battle_count,
        count(distinct participant_key) as participant_count
    from sides
    group by dimension, model_id, substring(day, 1, 7)

)

select
    'all' as stratum_id,
    months.dimension,
    months.model_id,
    models.display_name,
    models.provider,
    months.month,
    months.battle_count,
    months.participant_count
from months
left join models on months.model_id = models.model_id
