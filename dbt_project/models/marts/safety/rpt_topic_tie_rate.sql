with

ties as (

    select * from {{ source('ratings', 'topic_tie') }}

),

topics as (

    select * from {{ ref('seed_topics') }}

)

select
    ties.topic,
    coalesce(
        topics.label,
        case ties.topic
            when '*' then 'All topics'
            when '*sensitive' then 'All sensitive topics'
            when 'unknown' then 'Topic unknown'
        end,
        ties.topic
    ) as topic_label,
    ties.is_sensitive,
    ties.stratum_id,
    ties.dimension,
    ties.weighting,
    ties.battle_count - ties.tie_count - ties.both_bad_count as decided_count,
    ties.tie_count,
    ties.both_bad_count,
    ties.participant_count,
    ties.effective_count_micro / 1e6 as effective_count,
    ties.tie_share_micro / 1e6 as tie_share,
    ties.tie_share_lo_micro / 1e6 as tie_share_lo,
    ties.tie_share_hi_micro / 1e6 as tie_share_hi,
    ties.both_bad_share_micro / 1e6 as both_bad_share,
    ties.both_bad_share_lo_micro / 1e6 as both_bad_share_lo,
    ties.both_bad_share_hi_micro / 1e6 as both_bad_share_hi
from ties
left join topics on ties.topic = topics.topic
