{#- Variables by which groups are shown, or that the default scheme weights to. -#}
select
    country,
    variable
from {{ ref('seed_axes') }}
union
select
    margins.country,
    margins.variable
from {{ ref('seed_weighting_margins') }} as margins
inner join {{ ref('int_weighting_schemes__chosen') }} as schemes
    on margins.scheme = schemes.scheme
where schemes.is_default
