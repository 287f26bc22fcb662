with

rules as (

    select * from {{ ref('seed_quality_rules') }}

),

hits as (

    select
        rule,
        rule_version,
        count(*) as hit_count,
        count(distinct participant_key) as participant_count,
        cast(sum(case when state = 'open' then 1 else 0 end) as bigint) as open_hit_count,
        cast(sum(case when state = 'struck' then 1 else 0 end) as bigint) as struck_hit_count,
        cast(sum(case when state = 'appealed' then 1 else 0 end) as bigint) as appealed_hit_count
    from {{ ref('fct_quality_hit') }}
    group by rule, rule_version

)

select
    rules.rule,
    rules.version as rule_version,
    rules.unit,
    rules.measure,
    rules.comparison,
    rules.threshold,
    rules.basis_min,
    coalesce(hits.participant_count, 0) as participant_count,
    coalesce(hits.hit_count, 0) as hit_count,
    coalesce(hits.open_hit_count, 0) as open_hit_count,
    coalesce(hits.struck_hit_count, 0) as struck_hit_count,
    coalesce(hits.appealed_hit_count, 0) as appealed_hit_count,
    rules.sort_order,
    rules.description
from rules
left join hits
    on
        rules.rule = hits.rule
        and rules.version = hits.rule_version
