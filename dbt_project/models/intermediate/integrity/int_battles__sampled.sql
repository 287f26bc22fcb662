{#- A battle once, whichever dimensions it was judged on: what was drawn is the pair. Where the
policy's propensity is known, a battle counts one over it, which makes every pair's chance alike
(Horvitz and Thompson 1952), in hundredths, so that sums are whole. Who judges one model's battles
alone, and always for it, chose them: no queue drew them. Where there are such accounts, battles are
here twice, once without theirs. -#}
with

private as (

    select model_id from {{ ref('dim_model') }}
    where is_private

),

battles as (

    select
        battles.battle_key,
        min(battles.participant_key) as participant_key,
        min(battles.item_id) as item_id,
        min(battles.occurred_at) as judged_at,
        cast(min(battles.occurred_at) as date) as judged_on,
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

),

-- What an account says itself decides, so that nobody can have another's battles set aside.
named as (

    select distinct
        people.participant_key,
        suspects.model_id
    from {{ source('ratings', 'vote_suspect') }} as suspects
    inner join {{ source('ratings', 'vote_signal') }} as signals
        on
            suspects.dimension = signals.dimension
            and suspects.signal = signals.signal
            and suspects.model_id = signals.model_id
    inner join {{ ref('int_participants__with_verdicts') }} as people
        on suspects.participant_number = people.participant_number
    where
        signals.is_found
        and signals.source is null
        and signals.signal = 'one_model_preferred'

),

shares as (

    select
        battles.participant_key,
        10 * count(case when named.model_id in (battles.model_a, battles.model_b) then 1 end)
        >= 9 * count(*) as is_of_one_model
    from battles
    inner join named on battles.participant_key = named.participant_key
    group by battles.participant_key, named.model_id

),

-- Who judges two models' battles alone is here once.
set_aside as (

    select distinct participant_key from shares
    where is_of_one_model

),

accounts as (

    select count(*) as account_count from set_aside

)

select
    'everybody' as voters,
    battles.*
from battles
union all
select
    'unnamed' as voters,
    battles.*
from battles
left join set_aside on battles.participant_key = set_aside.participant_key
cross join accounts
where
    set_aside.participant_key is null
    and accounts.account_count > 0
