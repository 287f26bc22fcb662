{{ config(severity='warn') }}
{#- Warns: more than one answer in fifty is a wording that no seed explains, so nobody in the
country is weighted by the default scheme; unweighted boards are made. Add rows to seed_crosswalk
(demoscope crosswalk proposes them). -#}
select
    stopped.country,
    stopped.scheme,
    stopped.variable,
    stopped.answered_count,
    stopped.unrecognised_count,
    stopped.wordings
from {{ ref('int_weightings__stopped') }} as stopped
inner join {{ ref('int_weighting_schemes__chosen') }} as schemes
    on stopped.scheme = schemes.scheme
where schemes.is_default
