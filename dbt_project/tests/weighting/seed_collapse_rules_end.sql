{#- What a level joins has a later step or no rule, so every chain of rules ends. -#}
with

rules as (

    select * from {{ ref('seed_collapse_rules') }}

)

select
    rules.coding,
    rules.level,
    rules.collapsed_into
from rules
left join rules as later
    on
        rules.coding = later.coding
        and rules.collapsed_into = later.level
where
    later.step <= rules.step
    or rules.step not between 1 and {{ collapse_steps_max() }}
    or rules.collapsed_into = rules.level
