{#-
The statements of one column: item, part, subject, column, whether the item needs it, order, table.
Where nobody described the study the table has a row all the same, so that what is missing is said.
Nothing here says who took part or when: what does is in tables whose rows rest on people.
-#}
{%- set columns = [
    (1, 'title', "''", 'title', false, 0, 'described'),
    (2, 'conducted by', "''", 'conductor', true, 1, 'described'),
    (2, 'sponsored by', "''", 'sponsor', true, 2, 'described'),
    (2, 'funded by', "''", 'funding', true, 3, 'described'),
    (2, 'contact', "''", 'contact', false, 4, 'described'),
    (3, 'questions and answers, word for word', "''", 'questions', true, 1, 'described'),
    (3, 'dimension', 'dimension', 'description', false, '100 + sort_order', 'dimensions'),
    (3, 'criterion', 'criterion', 'question', false, '10000 + sort_order', 'criteria'),
    (4, 'population', "''", 'population', true, 1, 'described'),
    (4, 'adults', 'country', "universe || ', ' || publisher", false, '100 + sort_order',
        'countries'),
    (5, 'recruitment', "''", 'recruitment', true, 1, 'described'),
    (6, 'mode', "''", 'mode', true, 1, 'described'),
    (7, 'people took part', "''", "started_on || ' to ' || ended_on", true, 1, 'described'),
    (9, 'weighting', "''", "label || '. ' || description", true, 1, 'schemes'),
    (9, 'bounds of weights', "''", "coalesce(cast(trim_lo as string) || ' to '"
        ~ " || cast(trim_hi as string) || ' times the mean', 'none')", false, 2, 'schemes'),
    (10, 'exclusion', "''", 'description', false, 2, 'policies'),
    (10, 'rule', 'rule', 'description', false, '100 + sort_order', 'rules'),
    (10, 'terms of the data', "''", 'licence', false, 20000, 'described'),
    (11, 'limits', "''", 'limits', true, 1, 'described'),
] -%}
{#- How data were collected: part, the table that has its events, what is said of them. -#}
{%- set strategies = [
    ('battles', 'battles', 'People compared answers of two models and said which is better, that'
        ~ ' they are alike, or that both are bad.'),
    ('tallies', 'tallies', 'Some votes on two models are known only as counts, without who gave'
        ~ ' them.'),
    ('ratings', 'ratings', 'People rated single models on questions, from 1 to 7.'),
] -%}
with

studies as (

    select * from {{ ref('dim_study') }}

),

described as (

    select studies.*
    from (select 1 as one) as always
    left join studies on always.one = 1

),

battles as (

    select count(*) as event_count from {{ ref('fct_battle') }}
    where is_counted

),

tallies as (

    select count(*) as event_count from {{ ref('stg_events__battles_tallied') }}

),

ratings as (

    select count(*) as event_count from {{ ref('fct_rating') }}

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

    select * from {{ ref('seed_countries') }}

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
        coalesce(labels.label, margins.variable) as label,
        variables.description
    from {{ ref('seed_weighting_margins') }} as margins
    inner join schemes on margins.scheme = schemes.scheme
    inner join countries on margins.country = countries.country
    inner join {{ ref('seed_variables') }} as variables
        on
            margins.country = variables.country
            and margins.variable = variables.variable
    left join {{ ref('seed_labels') }} as labels
        on
            labels.kind = 'variable'
            and margins.variable = labels.name

),

targets as (

    select
        country,
        variable,
        min(publisher) as publisher,
        min(table_id) as table_id,
        min(cast(reference_year as string)) as reference_year,
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

    {% for item, part, subject, statement, is_required, sort_order, table in columns %}
        select
            {{ item }} as item,
            '{{ part }}' as part,
            {{ subject }} as subject,
            {% if table == 'countries' %}country{% else %}cast(null as string) as country{% endif %},
            {{ statement }} as statement,
            {{ is_required }} as is_required,
            {{ sort_order }} as sort_order
        from {{ table }}

        union all
    {% endfor %}

    {% for part, table, statement in strategies %}
        select
            1 as item,
            '{{ part }}' as part,
            '' as subject,
            cast(null as string) as country,
            case when event_count > 0 then '{{ statement }}' end as statement,
            false as is_required,
            {{ loop.index }} as sort_order
        from {{ table }}

        union all
    {% endfor %}

    select
        9 as item,
        'target' as part,
        countries.country || ', ' || margins.label as subject,
        countries.country,
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
        cast(null as string) as country,
        'Each row is checked when it is loaded. A row that is refused is kept apart with its'
        || ' reason and counted; nothing is dropped in silence. Nobody edits what was loaded:'
        || ' a correction is an event of its own.' as statement,
        true as is_required,
        1 as sort_order

)

select
    cast(item as integer) as item,
    part,
    subject,
    country,
    nullif(trim(statement), '') as statement,
    is_required,
    cast(sort_order as integer) as sort_order
from said
where is_required or nullif(trim(statement), '') is not null
