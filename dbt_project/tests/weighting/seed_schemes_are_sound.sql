{#-
One default; none has no margins, poststratify one joint table, rake margins counted from 1; bounds
enclose the mean.
-#}
with

schemes as (

    select * from {{ ref('seed_weighting_schemes') }}

),

margins as (

    select * from {{ ref('seed_weighting_margins') }}

),

joint_variables as (

    select distinct
        country,
        variable
    from {{ ref('seed_joint_parts') }}

),

counted as (

    select
        margins.scheme,
        margins.country,
        count(*) as margin_count,
        min(margins.margin) as margin_min,
        max(margins.margin) as margin_max,
        count(joint_variables.variable) as joint_count
    from margins
    left join joint_variables
        on
            margins.country = joint_variables.country
            and margins.variable = joint_variables.variable
    group by margins.scheme, margins.country

),

unsound as (

    select
        schemes.scheme,
        counted.country
    from schemes
    left join counted on schemes.scheme = counted.scheme
    where
        (schemes.method = 'none') <> (counted.scheme is null)
        or (
            schemes.method = 'poststratify'
            and (counted.margin_count <> 1 or counted.joint_count <> 1)
        )
        or counted.margin_min <> 1
        or counted.margin_max <> counted.margin_count
        or counted.margin_max > {{ margins_max() }}
        or (schemes.trim_lo is null) <> (schemes.trim_hi is null)
        or schemes.trim_lo >= 1
        or schemes.trim_hi <= 1

),

defaults as (

    select
        'defaults: ' || cast(count(*) as string) as scheme,
        cast(null as string) as country
    from schemes
    where is_default
    having count(*) <> 1

)

select * from unsound
union all
select * from defaults
