with

signals as (

    select * from {{ source('ratings', 'vote_signal') }}

),

suspects as (

    select * from {{ source('ratings', 'vote_suspect') }}

),

people as (

    select * from {{ ref('int_participants__with_verdicts') }}

),

applied as (

    select applied.*
    from {{ ref('int_policies__applied') }} as applied
    inner join {{ ref('seed_quality_policies') }} as policies
        on
            applied.policy = policies.policy
            and applied.policy_version = policies.version
    where policies.is_default and applied.is_excluded

),

excluded as (

    select
        suspects.dimension,
        suspects.signal,
        suspects.model_id,
        count(*) as excluded_count
    from suspects
    inner join people on suspects.participant_number = people.participant_number
    inner join applied on people.participant_key = applied.participant_key
    group by suspects.dimension, suspects.signal, suspects.model_id

)

select
    signals.dimension,
    signals.signal,
    signals.model_id,
    signals.source,
    signals.tested_count,
    signals.people_count,
    signals.expected_micro / 1e6 as expected_people,
    signals.verdict_count,
    signals.verdict_share_micro / 1e6 as verdict_share,
    signals.weight_share_micro / 1e6 as weight_share,
    case when signals.source is null then coalesce(excluded.excluded_count, 0) end
        as excluded_count,
    signals.most_affected_model_id,
    signals.most_affected_share_micro / 1e6 as most_affected_share,
    signals.p_adjusted_micro / 1e6 as p_adjusted,
    signals.is_found
from signals
left join excluded
    on
        signals.dimension = excluded.dimension
        and signals.signal = excluded.signal
        and signals.model_id is not distinct from excluded.model_id
