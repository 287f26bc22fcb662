with

stopping as (

    select * from {{ source('ratings', 'stopping') }}

),

final as (

    select
        target,
        stratum_id,
        dimension,
        policy,
        policy_version,
        measure,
        threshold_micro / 1e6 as threshold,
        value_micro / 1e6 as value,
        is_reached,
        battle_count,
        battles_needed,
        battles_needed_lo,
        battles_needed_hi
    from stopping

)

select * from final
