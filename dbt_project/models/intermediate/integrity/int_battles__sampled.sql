{#- A battle once, whichever dimensions it was judged on: what was drawn is the pair. Where the
policy's propensity is known, a battle counts one over it, which makes every pair's chance alike
(Horvitz and Thompson 1952), in hundredths, so that sums are whole. -#}
with

private as (

    select model_id from {{ ref('dim_model') }}
    where is_private

)

select
    battles.battle_key,
    min(battles.participant_key) as participant_key,
    min(battles.item_id) as item_id,
    min(battles.occurred_at) as judged_at,
    min(cast(timezone('UTC', battles.occurred_at) as date)) as judged_on,
    min(battles.model_a) as model_a,
    min(battles.model_b) as model_b,
    case when min(battles.propensity) > 0 then 'policy' else 'even_chances' end as basis,
    case
        when min(battles.propensity) > 0
            then round(cast(100 as double) / min(battles.propensity))
        else 1.0
    end as draw_weight,
    coalesce(bool_or(private_a.model_id is not null or private_b.model_id is not null), false)
        as is_private
from {{ ref('fct_battle') }} as battles
left join private as private_a on battles.model_a = private_a.model_id
left join private as private_b on battles.model_b = private_b.model_id
where battles.is_counted
group by battles.battle_key
