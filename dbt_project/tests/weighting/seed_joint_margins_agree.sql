{#-
The margins of a joint table are the margins: exactly where both are of one table, within a point where they are of
different years.
-#}
with

joint_targets as (

    select * from {{ ref('seed_joint_targets') }}

),

parts as (

    select * from {{ ref('seed_joint_parts') }}

),

targets as (

    select * from {{ ref('seed_targets') }}

),

margins as (

    select
        joint_targets.country,
        joint_targets.variable,
        joint_targets.table_id,
        parts.part_variable,
        case parts.part
            when 1 then joint_targets.level_1
            when 2 then joint_targets.level_2
            else joint_targets.level_3
        end as level,
        sum(joint_targets.share) as share
    from joint_targets
    inner join parts
        on
            joint_targets.country = parts.country
            and joint_targets.variable = parts.variable
    group by 1, 2, 3, 4, 5

),

compared as (

    select
        margins.*,
        targets.share as target_share,
        case when margins.table_id = targets.table_id then 1e-9 else 0.01 end as tolerance
    from margins
    left join targets
        on
            margins.country = targets.country
            and margins.part_variable = targets.variable
            and margins.level = targets.level

)

select *
from compared
where target_share is null or abs(share - target_share) > tolerance
