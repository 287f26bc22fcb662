{#- Every model that was ever registered as private, by its own name, and what it was published as.
Where all of that was retracted and no verdict ever named it, nothing was tested. -#}
with

variants as (

    select * from {{ ref('int_variants__registered') }}

),

compared as (

    select * from {{ ref('int_variants__compared') }}

),

-- Verdicts of each dimension, tallies among them.
on_boards as (

    select
        sides.model_id,
        sides.dimension,
        sum(sides.verdict_count) as verdict_count
    from (
        {%- for side in ['model_a', 'model_b'] %}
            select
                {{ side }} as model_id,
                dimension,
                win_a_count + win_b_count + tie_count + both_bad_count as verdict_count
            from {{ ref('int_cells__counted') }}
            {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as sides
    group by sides.model_id, sides.dimension

),

on_board as (

    select
        model_id,
        max(verdict_count) as verdict_count
    from on_boards
    group by model_id

),

made_public as (

    select * from {{ ref('int_variants__published') }}

),

retirements as (

    select
        said.model_id,
        {{ latest_known('said.reason', 'said.position') }} as retired_reason,
        {{ latest_known("said.was_announced = 'true'", 'said.position') }}
            as was_retirement_announced,
        max(said.occurred_at) as retired_at
    from {{ ref('stg_events__models_retired') }} as said
    left join {{ ref('int_events__revised') }} as revised on said.event_id = revised.event_id
    where revised.retracted_position is null
    group by said.model_id

),

meant as (

    select
        variants.*,
        {{ canonical_model('variants', 'model_id') }} as meant_id
    from variants
    {{ join_canonical_model('variants', 'model_id') }}

),

recorded as (

    select
        compared.model_id,
        sum(compared.recorded_count) as recorded_count,
        sum(case when compared.board_model_id = compared.model_id then compared.counted_count end)
            as own_count,
        max(case when compared.is_aliased then 1 else 0 end) = 1 as is_aliased,
        sum(case when compared.board_model_id <> compared.model_id then compared.counted_count end)
            as moved_count,
        {{ latest_known(
            'case when compared.board_model_id <> compared.model_id and compared.counted_count > 0'
            ~ ' then compared.board_model_id end',
            'compared.last_position'
        ) }} as moved_to,
        max(
            case
                when
                    compared.counted_count > 0
                    and compared.board_model_id = made_public.public_model_id
                    then 1
                else 0
            end
        ) = 1 as is_moved_to_public,
        min(compared.first_battle_at) as first_battle_at,
        max(compared.last_battle_at) as last_battle_at
    from compared
    left join made_public on compared.model_id = made_public.model_id
    group by compared.model_id

),

-- What each name counts as on boards: another model where an alias joins the two, or where no
-- verdict is left under the name.
placed_on_board as (

    select
        meant.*,
        recorded.recorded_count,
        recorded.moved_count,
        recorded.moved_to,
        recorded.first_battle_at,
        recorded.last_battle_at,
        case
            when meant.meant_id <> meant.model_id or coalesce(recorded.own_count, 0) > 0
                then meant.meant_id
            else coalesce(recorded.moved_to, meant.model_id)
        end as board_model_id,
        coalesce(recorded.is_aliased, false)
        or coalesce(recorded.is_moved_to_public, false)
        or meant.meant_id <> meant.model_id
        -- A slip may be corrected from one variant to another.
        or (
            coalesce(recorded.own_count, 0) = 0
            and recorded.moved_to is not null
            and targets.model_id is null
        ) as is_joined
    from meant
    left join recorded on meant.model_id = recorded.model_id
    left join variants as targets on recorded.moved_to = targets.model_id

),

sides as (

    select
        model_a as model_id,
        battle_key,
        occurred_at
    from {{ ref('int_battles__current') }}
    where
        is_counted
        and model_a in (select names.board_model_id from placed_on_board as names)
    union all
    select
        model_b as model_id,
        battle_key,
        occurred_at
    from {{ ref('int_battles__current') }}
    where
        is_counted
        and model_b in (select names.board_model_id from placed_on_board as names)

),

battled as (

    select
        model_id,
        count(distinct battle_key) as battle_count,
        min(occurred_at) as first_battle_at,
        max(occurred_at) as last_battle_at
    from sides
    group by model_id

)

select
    names.model_id,
    names.board_model_id,
    names.provider,
    names.family,
    names.variant_of,
    names.provider_key,
    names.family_key,
    names.registration,
    names.registered_at,
    made_public.public_model_id,
    made_public.published_at,
    made_public.known_published_at,
    made_public.publication,
    made_public.other_public_id,
    coalesce(made_public.is_compared, false) as is_public_compared,
    names.is_joined
    or coalesce(made_public.public_model_id = names.board_model_id, false) as is_joined,
    retirements.model_id is not null as is_retired,
    retirements.retired_reason,
    retirements.retired_at,
    retirements.was_retirement_announced,
    greatest(coalesce(battled.battle_count, 0), cast(coalesce(on_board.verdict_count, 0) as bigint))
        as battle_count,
    cast(coalesce(names.recorded_count, 0) as bigint) as recorded_count,
    cast(coalesce(names.moved_count, 0) as bigint) as moved_count,
    names.moved_to,
    least(
        coalesce(battled.first_battle_at, names.first_battle_at),
        coalesce(names.first_battle_at, battled.first_battle_at)
    ) as first_battle_at,
    greatest(
        coalesce(battled.last_battle_at, names.last_battle_at),
        coalesce(names.last_battle_at, battled.last_battle_at)
    ) as last_battle_at,
    names.position
from placed_on_board as names
left join made_public on names.model_id = made_public.model_id
left join retirements on names.model_id = retirements.model_id
left join battled on names.board_model_id = battled.model_id
left join on_board on names.board_model_id = on_board.model_id
where
    names.registration <> 'retracted'
    or names.recorded_count > 0
    or battled.battle_count > 0
