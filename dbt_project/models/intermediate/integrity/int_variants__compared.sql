{#-
The verdicts that ever named a model that was ever registered as private, as they were first recorded:
also those that were retracted, corrected or left out since, and which model they count for now. A
correction may move a verdict to another name, and an alias that covers its place in the log joins names.

A battle's verdicts on several dimensions are one battle. Of tallies, which don't say so, the dimension
with the most is taken.
-#}
with

names as (

    select distinct model_id from {{ ref('stg_events__models_registered') }}
    where is_private = 'true'

),

retracted as (

    select * from {{ ref('int_events__revised') }}
    where retracted_position is not null

),

said as (

    {%- for side in ['model_a', 'model_b'] %}
        {%- if not loop.first %}
            union all
        {%- endif %}
        select
            battles.{{ side }} as model_id,
            battles.position,
            battles.occurred_at,
            battles.dimension,
            battles.battle_key,
            0 as tallied_count,
            counted.position is not null as is_counted,
            -- Corrections may swap the sides too.
            case
                when battles.{{ side }} not in (counted.model_a, counted.model_b)
                    then counted.{{ side }}
            end as moved_to
        from {{ ref('stg_events__battles_judged') }} as battles
        left join {{ ref('int_battles__current') }} as counted
            on
                battles.position = counted.position
                and counted.is_counted
        where
            battles.{{ side }} in (select names.model_id from names)
            and {{ happened_by('battles.occurred_at') }}
        union all
        select
            tallies.{{ side }} as model_id,
            tallies.position,
            tallies.occurred_at,
            tallies.dimension,
            cast(null as string) as battle_key,
            tallies.win_a_count + tallies.win_b_count + tallies.tie_count
            + tallies.both_bad_count as tallied_count,
            retracted.event_id is null as is_counted,
            cast(null as string) as moved_to
        from {{ ref('stg_events__battles_tallied') }} as tallies
        left join retracted on tallies.event_id = retracted.event_id
        where
            tallies.{{ side }} in (select names.model_id from names)
            and {{ happened_by('tallies.occurred_at') }}
    {%- endfor %}

),

meant as (

    select
        said.*,
        {{ canonical_model('said', 'model_id') }} as aliased_id,
        coalesce(said.moved_to, {{ canonical_model('said', 'model_id') }}) as board_model_id
    from said
    {{ join_canonical_model('said', 'model_id') }}

),

tallied as (

    select
        model_id,
        board_model_id,
        sum(tallied_count) as recorded_count,
        sum(case when is_counted then tallied_count else 0 end) as counted_count
    from meant
    where battle_key is null
    group by model_id, board_model_id, dimension

),

most_tallied as (

    select
        model_id,
        board_model_id,
        max(recorded_count) as recorded_count,
        max(counted_count) as counted_count
    from tallied
    group by model_id, board_model_id

),

battles as (

    select
        model_id,
        board_model_id,
        count(distinct battle_key) as recorded_count,
        count(distinct case when is_counted then battle_key end) as counted_count,
        max(case when aliased_id <> model_id then 1 else 0 end) = 1 as is_aliased,
        min(position) as first_position,
        max(position) as last_position,
        min(occurred_at) as first_battle_at,
        max(occurred_at) as last_battle_at
    from meant
    group by model_id, board_model_id

)

select
    battles.model_id,
    battles.board_model_id,
    cast(battles.recorded_count + coalesce(most_tallied.recorded_count, 0) as bigint)
        as recorded_count,
    cast(battles.counted_count + coalesce(most_tallied.counted_count, 0) as bigint)
        as counted_count,
    battles.is_aliased,
    battles.first_position,
    battles.last_position,
    battles.first_battle_at,
    battles.last_battle_at
from battles
left join most_tallied
    on
        battles.model_id = most_tallied.model_id
        and battles.board_model_id = most_tallied.board_model_id
