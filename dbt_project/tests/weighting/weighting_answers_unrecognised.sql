{{ config(severity='warn') }}
{#- Warns: answers that no seed explains; those who gave them are at level unknown. Add rows to
seed_crosswalk. -#}
select
    variable,
    country,
    answer
from {{ ref('int_answers__levelled') }}
where level is null
