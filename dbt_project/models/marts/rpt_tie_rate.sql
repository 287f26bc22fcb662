with

counts as (

    select * from {{ ref('fct_tournament_count') }}

),

summed as (

    select
        stratum_id,
        dimension,
        cast(sum(win_a_count + win_b_count) as bigint) as decided_count,
        cast(sum(tie_count) as bigint) as tie_count,
        cast(sum(both_bad_count) as bigint) as both_bad_count
    from counts
    group by stratum_id, dimension

)

select
    *,
    cast(decided_count as double)
    / (decided_count + tie_count + both_bad_count) as decided_share,
    cast(tie_count as double) / (decided_count + tie_count + both_bad_count) as tie_share,
    cast(both_bad_count as double)
    / (decided_count + tie_count + both_bad_count) as both_bad_share
from summed
where decided_count + tie_count + both_bad_count > 0
