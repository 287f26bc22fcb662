with

decisiveness as (

    select * from {{ source('ratings', 'decisiveness') }}

),

groups as (

    select * from {{ ref('dim_stratum') }}
    where axis is not null

)

select
    case
        when decisiveness.country is null then 'all' else groups.stratum_id
    end as stratum_id,
    decisiveness.dimension,
    decisiveness.kind,
    decisiveness.country,
    decisiveness.level,
    decisiveness.tie_share_micro / 1e6 as tie_share,
    decisiveness.tie_share_lo_micro / 1e6 as tie_share_lo,
    decisiveness.tie_share_hi_micro / 1e6 as tie_share_hi,
    decisiveness.difference_micro / 1e6 as difference,
    decisiveness.difference_lo_micro / 1e6 as difference_lo,
    decisiveness.difference_hi_micro / 1e6 as difference_hi,
    decisiveness.p_value_micro / 1e6 as p_value,
    decisiveness.battle_count,
    decisiveness.participant_count,
    decisiveness.is_different
from decisiveness
left join groups
    on
        decisiveness.country = groups.country
        and decisiveness.kind = groups.axis
        and decisiveness.level = groups.group_name
