{#- Every stratum is a level of the variable of its axis, and is written country/axis/group. -#}
select
    strata.stratum_id,
    axes.variable
from {{ ref('seed_strata') }} as strata
left join {{ ref('seed_axes') }} as axes
    on
        strata.country = axes.country
        and strata.axis = axes.axis
        and axes.is_stratum
left join {{ ref('seed_targets') }} as targets
    on
        axes.country = targets.country
        and axes.variable = targets.variable
        and strata.group_name = targets.level
where
    targets.level is null
    or strata.stratum_id
    <> strata.country || '/' || strata.axis || '/' || strata.group_name
