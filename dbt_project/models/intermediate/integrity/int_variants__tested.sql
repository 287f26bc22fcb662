{#- Every model that was ever registered as private, by its own name, and what it was published as.
Where all of that was retracted and no battle compared it, nothing was tested. -#}
with

variants as (

    select * from {{ ref('int_variants__registered') }}

),

publications as (

    select
        said.model_id,
        {{ latest_known('said.public_id', 'said.position') }} as public_id,
        max(said.occurred_at) as published_at,
        -- A time that is stated may lie before the tests; that of recording can't be chosen.
        max(
            greatest(
                coalesce(said.occurred_at, said.recorded_at),
                coalesce(said.recorded_at, said.occurred_at)
            )
        ) as known_published_at,
        max(said.position) as position
    from {{ ref('stg_events__models_published') }} as said
    inner join variants
        on
            said.model_id = variants.model_id
            and (
                said.source is not distinct from variants.standing_source
                or said.source is not distinct from variants.first_source
            )
    left join {{ ref('int_events__revised') }} as revised on said.event_id = revised.event_id
    where
        revised.retracted_position is null
        and {{ happened_by('said.occurred_at') }}
    group by said.model_id

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

-- What each name means on boards: another's where an alias joins the two.
meant as (

    select
        variants.*,
        {{ canonical_model('variants', 'model_id') }} as board_model_id
    from variants
    {{ join_canonical_model('variants', 'model_id') }}

),

made_public as (

    select
        publications.*,
        {{ canonical_model('publications', 'public_id') }} as public_model_id
    from publications
    {{ join_canonical_model('publications', 'public_id') }}

),

sides as (

    select
        model_a as model_id,
        battle_key,
        occurred_at
    from {{ ref('int_battles__current') }}
    where
        is_counted
        and model_a in (select meant.board_model_id from meant)
    union all
    select
        model_b as model_id,
        battle_key,
        occurred_at
    from {{ ref('int_battles__current') }}
    where
        is_counted
        and model_b in (select meant.board_model_id from meant)

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
    meant.model_id,
    meant.board_model_id,
    meant.provider,
    meant.family,
    meant.variant_of,
    meant.provider_key,
    meant.family_key,
    meant.registration,
    meant.registered_at,
    made_public.public_model_id,
    made_public.published_at,
    made_public.known_published_at,
    meant.board_model_id <> meant.model_id
    or coalesce(made_public.public_model_id = meant.board_model_id, false) as is_joined,
    retirements.model_id is not null as is_retired,
    retirements.retired_reason,
    retirements.retired_at,
    retirements.was_retirement_announced,
    coalesce(battled.battle_count, 0) as battle_count,
    battled.first_battle_at,
    battled.last_battle_at,
    meant.position
from meant
left join made_public on meant.model_id = made_public.model_id
left join retirements on meant.model_id = retirements.model_id
left join battled on meant.board_model_id = battled.model_id
where
    meant.registration <> 'retracted'
    or coalesce(battled.battle_count, 0) > 0
