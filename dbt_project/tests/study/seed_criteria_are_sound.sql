{#- A parent_criterion of seed_criteria must be a criterion of the seed, and no part of another
itself. Correct it, or add a row for it. -#}
select
    parts.criterion,
    parts.parent_criterion,
    case
        when wholes.criterion is null then 'seed_criteria has no such criterion'
        else 'it is itself a part of ' || wholes.parent_criterion
    end as why
from {{ ref('seed_criteria') }} as parts
left join {{ ref('seed_criteria') }} as wholes on parts.parent_criterion = wholes.criterion
where
    parts.parent_criterion is not null
    and (wholes.criterion is null or wholes.parent_criterion is not null)
order by parts.criterion
