{{ config(severity='warn') }}
{#- Warns: statements that names mean models go in a circle; the oldest of each is left out. Take it
back: demoscope log undo COMMIT, or an event_retracted with its event_id. -#}
select distinct
    aliased.alias,
    aliased.model_id
from {{ ref('int_models__aliased') }} as aliased
where aliased.is_left_out
