{{ config(severity='warn') }}
{#- Warns: answers that no seed explains, where groups are shown by them or the default scheme
weights to them; those who gave them are at level unknown. Add rows to seed_crosswalk. -#}
select
    levelled.variable,
    levelled.country,
    levelled.answer
from {{ ref('int_answers__levelled') }} as levelled
inner join {{ ref('int_variables__shown') }} as shown
    on
        levelled.country = shown.country
        and levelled.variable = shown.variable
where levelled.level is null
