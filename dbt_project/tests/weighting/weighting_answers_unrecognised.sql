{{ config(severity='warn') }}
{#- Warns: answers that no seed explains, where groups are shown by them or the default scheme
weights to them; those who gave them are at level unknown. Add rows to seed_crosswalk. -#}
with

shown as (

    select
        country,
        variable
    from {{ ref('seed_axes') }}
    union
    select
        margins.country,
        margins.variable
    from {{ ref('seed_weighting_margins') }} as margins
    inner join {{ ref('int_weighting_schemes__chosen') }} as schemes
        on margins.scheme = schemes.scheme
    where schemes.is_default

)

select
    levelled.variable,
    levelled.country,
    levelled.answer
from {{ ref('int_answers__levelled') }} as levelled
inner join shown
    on
        levelled.country = shown.country
        and levelled.variable = shown.variable
where levelled.level is null
