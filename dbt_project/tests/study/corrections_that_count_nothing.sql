{{ config(severity='warn') }}
{#- Warns: a correction left a battle that counts on no board: a model against itself, or a second
verdict of one battle in a dimension. Correct it again, or take the correction back. -#}
select
    event_id,
    uncounted_reason
from {{ ref('fct_battle') }}
where uncounted_reason in ('model_against_itself', 'said_twice')
