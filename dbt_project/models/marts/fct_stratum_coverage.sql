with

measured as (

    select * from {{ ref('int_strata__measured') }}

),

countries as (

    select
        country,
        heard_count as country_heard_count
    from measured
    where axis is null and country is not null

),

compared as (

    select
        measured.*,
        countries.country_heard_count,
        measured.heard_count * 1.0 / nullif(countries.country_heard_count, 0) as heard_share,
        measured.population_share * countries.country_heard_count
        - measured.heard_count as short_count
    from measured
    left join countries on measured.country = countries.country

),

final as (

    select
        stratum_id,
        country,
        axis,
        enrolled_count,
        heard_count,
        verdict_count,
        model_count,
        cast(population_share as double) as population_share,
        cast(heard_share as double) as heard_share,
        cast(ceil(greatest(short_count, 0)) as bigint) as short_count
    from compared

)

select * from final
