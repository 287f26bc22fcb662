{#- A part of a criterion is of one that is there, and that is no part itself. -#}
select parts.criterion
from {{ ref('seed_criteria') }} as parts
left join {{ ref('seed_criteria') }} as wholes on parts.parent_criterion = wholes.criterion
where
    parts.parent_criterion is not null
    and (wholes.criterion is null or wholes.parent_criterion is not null)
