{#-
A level without a target keeps its share of the sample; those with one share the rest as the census
has it. A target that nobody meets is left out, and the others scaled up. Shares are decimals: their
sums do not depend on order.
-#}
with

margined as (

    select * from {{ ref('int_profiles__with_margins') }}

),

collapsed as (

    select * from {{ ref('int_levels__collapsed') }}

),

raked_shares as (

    select
        country,
        variable,
        raked_level,
        sum(census_share) as census_share
    from collapsed
    group by country, variable, raked_level

),

counted as (

    select
        country,
        scheme,
        margin,
        variable,
        raked_level,
        sum(participant_count) as participant_count
    from margined
    group by country, scheme, margin, variable, raked_level

),

compared as (

    select
        counted.*,
        raked_shares.census_share,
        sum(counted.participant_count) over (
            partition by counted.country, counted.scheme, counted.margin
        ) as raking_count,
        sum(
            case
                when raked_shares.census_share is not null then counted.participant_count else 0
            end
        )
            over (partition by counted.country, counted.scheme, counted.margin) as targeted_count,
        sum(raked_shares.census_share) over (
            partition by counted.country, counted.scheme, counted.margin
        ) as met_share
    from counted
    inner join raked_shares
        on
            counted.country = raked_shares.country
            and counted.variable = raked_shares.variable
            and counted.raked_level = raked_shares.raked_level

)

select
    cast(dense_rank() over (order by country nulls last, scheme) as integer) as raking_id,
    cast(row_number() over (order by country nulls last, scheme, margin, raked_level) as integer)
        as margin_number,
    country,
    scheme,
    margin,
    variable,
    raked_level,
    cast(participant_count as bigint) as participant_count,
    cast(raking_count as bigint) as raking_count,
    case
        when census_share is null
            then cast(participant_count as double) / raking_count
        else
            cast(census_share as double) / cast(met_share as double)
            * targeted_count / raking_count
    end as target_share
from compared
