{#- What dim_study has of each item: part, column, whether the item needs it, order. -#}
{%- set described_parts = [
    (1, 'title', 'title', false, 0),
    (2, 'conducted by', 'conductor', true, 1),
    (2, 'sponsored by', 'sponsor', true, 2),
    (2, 'funded by', 'funding', true, 3),
    (2, 'contact', 'contact', false, 4),
    (3, 'questions and answers, word for word', 'questions', true, 1),
    (4, 'population', 'population', true, 1),
    (5, 'recruitment', 'recruitment', true, 1),
    (6, 'mode', 'mode', true, 1),
    (10, 'terms of the data', 'licence', false, 20000),
    (11, 'limits', 'limits', true, 1),
] -%}
with

studies as (

    select * from {{ ref('dim_study') }}

),

-- One row, also where nobody described the study: what is missing is said.
described as (

    select studies.*
    from (select 1 as one) as always
    left join studies on always.one = 1

),

battles as (

    select
        count(*) as battle_count,
        cast(cast(min(occurred_at) as date) as varchar) as first_day,
        cast(cast(max(occurred_at) as date) as varchar) as last_day
    from {{ ref('fct_battle') }}
    where is_counted

),

tallies as (

    select count(*) as tally_count from {{ ref('stg_events__battles_tallied') }}

),

ratings as (

    select count(*) as rating_count from {{ ref('fct_rating') }}

),

dimensions as (

    select * from {{ ref('dim_dimension') }}
    where is_observed

),

criteria as (

    select * from {{ ref('dim_criterion') }}
    where rating_count > 0

),

countries as (

    select seeds.*
    from {{ ref('seed_countries') }} as seeds
    inner join {{ ref('fct_stratum_coverage') }} as coverage
        on seeds.country = coverage.stratum_id
    where coverage.heard_count >= {{ disclosed_people_min() }}

),

schemes as (

    select * from {{ ref('int_weighting_schemes__chosen') }}
    where is_default

),

margins as (

    select
        margins.country,
        margins.variable,
        margins.margin,
        variables.description
    from {{ ref('seed_weighting_margins') }} as margins
    inner join schemes on margins.scheme = schemes.scheme
    inner join countries on margins.country = countries.country
    inner join {{ ref('seed_variables') }} as variables
        on
            margins.country = variables.country
            and margins.variable = variables.variable

),

targets as (

    select
        country,
        variable,
        min(publisher) as publisher,
        min(table_id) as table_id,
        min(cast(reference_year as varchar)) as reference_year,
        min(universe) as universe
    from {{ ref('seed_targets') }}
    group by country, variable

),

policies as (

    select * from {{ ref('seed_quality_policies') }}
    where is_default

),

rules as (

    select rules.*
    from {{ ref('seed_quality_rules') }} as rules
    inner join {{ ref('seed_quality_policy_rules') }} as chosen
        on
            rules.rule = chosen.rule
            and rules.version = chosen.rule_version
    inner join policies
        on
            chosen.policy = policies.policy
            and chosen.policy_version = policies.version

),

said as (

    {% for item, part, column, is_required, sort_order in described_parts %}
        select
            {{ item }} as item,
            '{{ part }}' as part,
            '' as subject,
            {{ column }} as statement,
            {{ is_required }} as is_required,
            {{ sort_order }} as sort_order
        from described

        union all
    {% endfor %}

    select
        1 as item,
        'battles' as part,
        '' as subject,
        case
            when battle_count > 0
                then
                    'People compared answers of two models and said which is better,'
                    || ' that they are alike, or that both are bad.'
        end as statement,
        false as is_required,
        1 as sort_order
    from battles

    union all

    select
        1 as item,
        'tallies' as part,
        '' as subject,
        case
            when tally_count > 0
                then 'Some votes on two models are known only as counts, without who gave them.'
        end as statement,
        false as is_required,
        2 as sort_order
    from tallies

    union all

    select
        1 as item,
        'ratings' as part,
        '' as subject,
        case
            when rating_count > 0 then 'People rated single models on questions, from 1 to 7.'
        end as statement,
        false as is_required,
        3 as sort_order
    from ratings

    union all

    select
        3 as item,
        'dimension' as part,
        dimension as subject,
        description as statement,
        false as is_required,
        100 + sort_order as sort_order
    from dimensions

    union all

    select
        3 as item,
        'criterion' as part,
        criterion as subject,
        question as statement,
        false as is_required,
        10000 + sort_order as sort_order
    from criteria

    union all

    select
        4 as item,
        'adults' as part,
        country as subject,
        universe || ', ' || publisher as statement,
        false as is_required,
        100 + sort_order as sort_order
    from countries

    union all

    select
        7 as item,
        'people took part' as part,
        '' as subject,
        case
            when described.started_on is not null and described.ended_on is not null
                then described.started_on || ' to ' || described.ended_on
            when battles.first_day is not null
                then battles.first_day || ' to ' || battles.last_day
        end as statement,
        true as is_required,
        1 as sort_order
    from described
    cross join battles

    union all

    select
        7 as item,
        'battles' as part,
        '' as subject,
        first_day || ' to ' || last_day as statement,
        false as is_required,
        2 as sort_order
    from battles

    union all

    select
        9 as item,
        'weighting' as part,
        '' as subject,
        label || '. ' || description as statement,
        true as is_required,
        1 as sort_order
    from schemes

    union all

    select
        9 as item,
        'bounds of weights' as part,
        '' as subject,
        coalesce(
            cast(trim_lo as varchar) || ' to ' || cast(trim_hi as varchar) || ' times the mean',
            'none'
        ) as statement,
        false as is_required,
        2 as sort_order
    from schemes

    union all

    select
        9 as item,
        'target' as part,
        countries.country || ', ' || margins.variable as subject,
        margins.description
        || coalesce(
            ' Of: ' || targets.universe || '. From: ' || targets.publisher || ', '
            || targets.table_id || ', ' || targets.reference_year || '.',
            ''
        ) as statement,
        false as is_required,
        100 * countries.sort_order + margins.margin as sort_order
    from margins
    inner join countries on margins.country = countries.country
    left join targets
        on
            margins.country = targets.country
            and margins.variable = targets.variable

    union all

    select
        10 as item,
        'checks' as part,
        '' as subject,
        'Each row is checked when it is loaded. A row that is refused is kept apart with its'
        || ' reason and counted; nothing is dropped in silence. Nobody edits what was loaded:'
        || ' a correction is an event of its own.' as statement,
        true as is_required,
        1 as sort_order

    union all

    select
        10 as item,
        'exclusion' as part,
        '' as subject,
        description as statement,
        false as is_required,
        2 as sort_order
    from policies

    union all

    select
        10 as item,
        'rule' as part,
        rule as subject,
        description as statement,
        false as is_required,
        100 + sort_order as sort_order
    from rules

)

select
    cast(item as integer) as item,
    part,
    subject,
    nullif(trim(statement), '') as statement,
    is_required,
    cast(sort_order as integer) as sort_order
from said
where is_required or nullif(trim(statement), '') is not null
