with

conversations as (

    select
        participant_key,
        count(*) as conversation_count,
        cast(sum(turn_count) as bigint) as turn_count,
        cast(sum(single_word_turn_count) as bigint) as single_word_turn_count,
        cast(sum(repeated_turn_count) as bigint) as repeated_turn_count,
        cast(sum(attention_check_count) as bigint) as attention_check_count,
        cast(sum(attention_check_failed_count) as bigint) as attention_check_failed_count,
        cast(median(median_turn_ms) as double) / 1000 as median_turn_seconds
    from {{ ref('int_conversations__current') }}
    group by participant_key

),

measures as (

    select
        participant_key,
        max(basis_count) as verdict_count,
        max(case when measure = 'left_share' then measured_value end) as left_share,
        max(case when measure = 'tie_share' then measured_value end) as tie_share
    from {{ ref('int_participants__measured') }}
    group by participant_key

),

hits as (

    select
        participant_key,
        cast(sum(case when state = 'open' then 1 else 0 end) as bigint) as open_hit_count,
        cast(sum(case when state = 'appealed' then 1 else 0 end) as bigint) as appealed_hit_count
    from {{ ref('fct_quality_hit') }}
    group by participant_key

),

strikes as (

    select
        participant_key,
        cast(sum(case when is_standing and is_known_rule then 1 else 0 end) as bigint)
            as strike_count
    from {{ ref('int_strikes__current') }}
    group by participant_key

),

excluded as (

    select * from {{ ref('int_participants__excluded') }}

),

named as (

    select participant_key from conversations
    union
    select participant_key from measures
    union
    select participant_key from strikes
    union
    select participant_key from excluded

)

select
    named.participant_key,
    case
        when excluded.is_by_hand then 'excluded_by_hand'
        when excluded.participant_key is not null then 'excluded'
        when strikes.strike_count > 0 then 'struck'
        when hits.open_hit_count > 0 then 'open'
        else 'clean'
    end as state,
    coalesce(strikes.strike_count, 0) as strike_count,
    coalesce(hits.open_hit_count, 0) as open_hit_count,
    coalesce(hits.appealed_hit_count, 0) as appealed_hit_count,
    excluded.excluded_position,
    coalesce(conversations.conversation_count, 0) as conversation_count,
    coalesce(measures.verdict_count, 0) as verdict_count,
    conversations.turn_count,
    conversations.single_word_turn_count,
    conversations.repeated_turn_count,
    conversations.median_turn_seconds,
    conversations.attention_check_count,
    conversations.attention_check_failed_count,
    measures.left_share,
    measures.tie_share
from named
left join conversations on named.participant_key = conversations.participant_key
left join measures on named.participant_key = measures.participant_key
left join hits on named.participant_key = hits.participant_key
left join strikes on named.participant_key = strikes.participant_key
left join excluded on named.participant_key = excluded.participant_key
