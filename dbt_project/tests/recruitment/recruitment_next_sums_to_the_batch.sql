{#- The next batch is all there, and nobody is asked for who cannot be. -#}
with

batches as (

    select
        countries.country,
        countries.next_count,
        sum(cells.next_count) as allotted_count,
        sum(case when cells.is_recruitable then 0 else cells.next_count end) as unasked_count
    from {{ ref('int_quota_countries__sized') }} as countries
    inner join {{ ref('int_quota_cells__allotted') }} as cells on countries.country = cells.country
    group by countries.country, countries.next_count

)

select * from batches
where allotted_count <> next_count or unasked_count <> 0
