{#- One GROUP BY over the battles. A pair has one order here, whichever model stood on the left. -#}
with

battles as (

    select * from {{ ref('int_battles__current') }}
    where is_counted

),

tallies as (

    select * from {{ ref('stg_events__battles_tallied') }}
    where {{ happened_by('occurred_at') }}

),

retracted as (

    select * from {{ ref('int_events__revised') }}
    where retracted_position is not null

),

participants as (

    select * from {{ ref('int_participants__assigned_to_cells') }}

),

-- Verdicts of people nobody knows anything about, and those known only as counts.
unknown as (

    select cell_id from {{ ref('dim_cell') }}
    where cell_key = 'unknown'

),

oriented as (

    select
        participant_key,
        dimension,
        least(model_a, model_b) as model_a,
        greatest(model_a, model_b) as model_b,
        {{ oriented_outcome() }} as outcome
    from battles

),

judged as (

    select
        participants.cell_id,
        oriented.dimension,
        oriented.model_a,
        oriented.model_b,
        {{ outcome_counts() }}
    from oriented
    left join participants on oriented.participant_key = participants.participant_key
    group by participants.cell_id, oriented.dimension, oriented.model_a, oriented.model_b

),

standing as (

    select
        tallies.dimension,
        {{ canonical_model('tallies', 'model_a') }} as model_a,
        {{ canonical_model('tallies', 'model_b') }} as model_b,
        tallies.win_a_count,
        tallies.win_b_count,
        tallies.tie_count,
        tallies.both_bad_count
    from tallies
    left join retracted on tallies.event_id = retracted.event_id
    {{ join_canonical_model('tallies', 'model_a') }}
    {{ join_canonical_model('tallies', 'model_b') }}
    where
        retracted.event_id is null
        and tallies.win_a_count + tallies.win_b_count + tallies.tie_count
        + tallies.both_bad_count > 0

),

tallied as (

    select
        cast(null as integer) as cell_id,
        dimension,
        least(model_a, model_b) as model_a,
        greatest(model_a, model_b) as model_b,
        case when model_a < model_b then win_a_count else win_b_count end as win_a_count,
        case when model_a < model_b then win_b_count else win_a_count end as win_b_count,
        tie_count,
        both_bad_count
    from standing
    where model_a <> model_b

),

united as (

    select * from judged
    union all
    select * from tallied

)

select
    coalesce(united.cell_id, unknown.cell_id) as cell_id,
    united.dimension,
    united.model_a,
    united.model_b,
{%- for column in ['win_a_count', 'win_b_count', 'tie_count', 'both_bad_count'] %}
    cast(sum(united.{{ column }}) as bigint) as {{ column }}{{ ',' if not loop.last }}
{%- endfor %}
from united
cross join unknown
group by
    coalesce(united.cell_id, unknown.cell_id), united.dimension, united.model_a, united.model_b
