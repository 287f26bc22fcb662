with

battles as (

    select * from {{ ref('int_battles__sampled') }}
    where voters = 'everybody'

),

models as (

    select
        models.model_id,
        models.is_private,
        grouped.member as provider
    from {{ ref('dim_model') }} as models
    inner join {{ ref('int_models__grouped') }} as grouped on models.model_id = grouped.model_id
    where
        models.has_battled
        and grouped.scope = 'provider'

),

sides as (

    select
        battle_key,
        participant_key,
        item_id,
        model_a as model_id
    from battles
    union all
    select
        battle_key,
        participant_key,
        item_id,
        model_b as model_id
    from battles

),

totals as (

    select
        count(*) as battle_count,
        count(distinct participant_key) as participant_count,
        count(distinct item_id) as item_count
    from battles

),

of_provider as (

    select
        models.provider,
        count(distinct models.model_id) as model_count,
        count(distinct case when models.is_private then models.model_id end)
            as private_model_count,
        count(distinct sides.battle_key) as battle_count,
        count(distinct sides.participant_key) as participant_count,
        count(distinct sides.item_id) as item_count
    from sides
    inner join models on sides.model_id = models.model_id
    group by models.provider

),

all_models as (

    select count(*) as model_count from models

)

select
    of_provider.*,
    round(cast(of_provider.model_count as double) / all_models.model_count, 6) as model_share,
    round(cast(of_provider.battle_count as double) / totals.battle_count, 6) as battle_share,
    round(
        cast(of_provider.participant_count as double) / nullif(totals.participant_count, 0), 6
    ) as participant_share,
    round(cast(of_provider.item_count as double) / nullif(totals.item_count, 0), 6) as item_share
from of_provider
cross join totals
cross join all_models
