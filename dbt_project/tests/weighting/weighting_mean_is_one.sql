{#- Blocks: weights say how people share the country's voice, not how loud it is. -#}
select
    country,
    scheme,
    avg(weight) as weight_mean,
    min(weight) as weight_min
from {{ ref('fct_participant_weight') }}
group by country, scheme
having abs(avg(weight) - 1) > 1e-6 or min(weight) < 0
