{#- The levels of a variable, the cells of a joint table, the countries of a pool are a whole. -#}
with

shares as (

    select
        country || '/' || variable as of_what,
        share
    from {{ ref('seed_targets') }}
    union all
    select
        country || '/' || variable as of_what,
        share
    from {{ ref('seed_joint_targets') }}
    union all
    select
        pool as of_what,
        share
    from {{ ref('seed_pools') }}

)

select
    of_what,
    sum(share) as share_sum,
    min(share) as share_min
from shares
group by of_what
having abs(sum(share) - 1) > 1e-9 or min(share) <= 0
