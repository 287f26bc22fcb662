{{ config(severity='warn') }}
{#- Warns: topics of battles on trust, ethics and safety of which seed_topics doesn't say whether
they are sensitive. They are in no safety board. Add a row for each and build again. -#}
select
    topic,
    count(*) as battle_count
from {{ ref('int_battles__with_topic') }}
where
    is_sensitive is null
    and topic <> 'unknown'
group by topic
