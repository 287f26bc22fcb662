{#- Every age from 18 to 120 is in one band of a coding. -#}
with

bands as (

    select * from {{ ref('seed_age_bands') }}

),

followed as (

    select
        *,
        lead(age_from) over (partition by coding order by age_from) as next_from,
        row_number() over (partition by coding order by age_from) as place
    from bands

)

select *
from followed
where
    age_to < age_from
    or (place = 1 and age_from <> 18)
    or coalesce(next_from, 121) <> age_to + 1
