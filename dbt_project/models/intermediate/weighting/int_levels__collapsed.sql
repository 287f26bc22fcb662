{#-
A level with too few people joins the one its rule names, step by step; a level without a target
never does.
-#}
with

levels as (

    select * from {{ ref('int_levels__counted') }}

),

rules as (

    select * from {{ ref('seed_collapse_rules') }}

),

step_0 as (

    select
        *,
        level as raked_level
    from levels

),

{%- for step in range(1, collapse_steps_max() + 1) %}

    step_{{ step }}_judged as (

        select
            previous.*,
            case when previous.census_share is not null then rules.collapsed_into end
                as joins_level,
            rules.participant_count_min,
            sum(previous.participant_count) over (
                partition by previous.country, previous.variable, previous.raked_level
            ) as raked_count
        from step_{{ step - 1 }} as previous
        left join rules
            on
                previous.coding = rules.coding
                and previous.raked_level = rules.level
                and rules.step = {{ step }}

    ),

    step_{{ step }} as (

        select
            country,
            variable,
            coding,
            level,
            census_share,
            participant_count,
            case
                when
                    joins_level is not null and raked_count < participant_count_min
                    then joins_level
                else raked_level
            end as raked_level
        from step_{{ step }}_judged

    ),
{%- endfor %}

collapsed as (

    select * from step_{{ collapse_steps_max() }}

)

select * from collapsed
