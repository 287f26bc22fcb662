with

models as (

    select * from {{ ref('dim_model') }}
    where has_battled

),

members as (

    select
        *,
        'all' as scope,
        'all' as member
    from models
    union all
    select
        models.*,
        grouped.scope,
        grouped.member
    from models
    inner join {{ ref('int_models__grouped') }} as grouped on models.model_id = grouped.model_id
    where grouped.scope <> 'model'

)

select
    scope,
    member,
    count(case when not is_private then 1 end) as model_count,
    count(case when not is_private and is_retired then 1 end) as retired_count,
    count(case when not is_private and is_retired and was_retirement_announced then 1 end)
        as announced_count,
    count(case when not is_private and is_retired and not was_retirement_announced then 1 end)
        as silent_count,
    count(
        case when not is_private and is_retired and was_retirement_announced is null then 1 end
    ) as unsaid_count,
    count(case when is_private and is_retired then 1 end) as private_retired_count,
    round(
        cast(count(case when not is_private and is_retired then 1 end) as double)
        / nullif(count(case when not is_private then 1 end), 0),
        6
    ) as retired_share,
    min(case when not is_private and is_retired then retired_at end) as first_retired_at,
    max(case when not is_private and is_retired then retired_at end) as last_retired_at
from members
group by scope, member
