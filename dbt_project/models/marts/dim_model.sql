with

registrations as (

    select * from {{ ref('stg_events__models_registered') }}

),

retracted as (

    select * from {{ ref('int_events__revised') }}
    where retracted_position is not null

),

battles as (

    select * from {{ ref('int_battles__current') }}

),

publications as (

    select * from {{ ref('stg_events__models_published') }}

),

aliased as (

    select * from {{ ref('int_models__aliased') }}

),

-- A model's own registration says more of it than one of an alias.
registration_names as (

    select
        registrations.*,
        {{ canonical_model('registrations', 'model_id') }} as canonical_id,
        case when model_id_meant.model_id <> registrations.model_id then 0 else 1 end as is_own
    from registrations
    left join retracted on registrations.event_id = retracted.event_id
    {{ join_canonical_model('registrations', 'model_id') }}
    where retracted.event_id is null

),

-- The source that registered a model first says what it is. What other sources say of it later is
-- kept and counted, not shown: else anybody could rename anybody's model.
registration_places as (

    select
        *,
        row_number() over (partition by canonical_id order by is_own, position) as place,
        first_value(source) over (
            partition by canonical_id
            order by is_own desc, position asc
        ) as standing_source
    from registration_names

),

retirement_names as (

    select
        retirements.*,
        {{ canonical_model('retirements', 'model_id') }} as canonical_id
    from {{ ref('stg_events__models_retired') }} as retirements
    left join retracted on retirements.event_id = retracted.event_id
    {{ join_canonical_model('retirements', 'model_id') }}
    where retracted.event_id is null

),

-- Only who registered a variant says what it became.
published as (

    select
        places.canonical_id as model_id,
        {{ latest_known('publications.public_id', 'publications.position') }} as public_id,
        max(publications.occurred_at) as published_at
    from publications
    inner join registration_places as places on publications.model_id = places.model_id
    left join retracted on publications.event_id = retracted.event_id
    where
        retracted.event_id is null
        and publications.source is not distinct from places.standing_source
    group by places.canonical_id

),

battled as (

    select distinct dimension_pair.model_id
    from (
        select model_a as model_id from {{ ref('int_cells__counted') }}
        union all
        select model_b as model_id from {{ ref('int_cells__counted') }}
    ) as dimension_pair

),

rated as (

    select distinct model_id from {{ ref('int_ratings__current') }}
    where is_counted

),

registered as (

    select
        canonical_id as model_id,
        {{ latest_known('display_name', 'place') }} as display_name,
        {{ latest_known('provider', 'place') }} as provider,
        {{ latest_known('licence', 'place') }} as licence,
        {{ latest_known('family', 'place') }} as family,
        {{ latest_known('licence_kind', 'place') }} as licence_kind,
        {{ latest_known("is_private = 'true'", 'place') }} as is_private,
        {{ latest_known('variant_of', 'place') }} as variant_of,
        {{ latest_known('released_at', 'place') }} as released_at,
        max(position) as valid_from_position
    from registration_places
    where source is not distinct from standing_source
    group by canonical_id

),

registered_again as (

    select
        canonical_id as model_id,
        count(*) as registration_count
    from registration_places
    where source is distinct from standing_source
    group by canonical_id

),

retired as (

    select
        canonical_id as model_id,
        {{ latest_known('reason', 'position') }} as retired_reason,
        {{ latest_known("was_announced = 'true'", 'position') }} as was_retirement_announced,
        max(occurred_at) as retired_at
    from retirement_names
    group by canonical_id

),

against_itself as (

    select
        model_a as model_id,
        1 as battle_count
    from battles
    where uncounted_reason in ('own_alias', 'model_against_itself')
    union all
    select
        {{ canonical_model('tallies', 'model_a') }} as model_id,
        tallies.win_a_count + tallies.win_b_count + tallies.tie_count + tallies.both_bad_count
            as battle_count
    from {{ ref('stg_events__battles_tallied') }} as tallies
    left join retracted on tallies.event_id = retracted.event_id
    {{ join_canonical_model('tallies', 'model_a') }}
    {{ join_canonical_model('tallies', 'model_b') }}
    where
        retracted.event_id is null
        and {{ canonical_model('tallies', 'model_a') }}
        = {{ canonical_model('tallies', 'model_b') }}
        and {{ happened_by('tallies.occurred_at') }}

),

uncounted as (

    select
        model_id,
        cast(sum(battle_count) as bigint) as battle_count
    from against_itself
    group by model_id

),

names as (

    select distinct
        model_id,
        alias
    from aliased
    where alias <> model_id

),

other_names as (

    select
        model_id,
        {{ joined_text('alias', ', ', 'alias') }} as aliases
    from names
    group by model_id

),

known as (

    select model_id from registered
    union
    select model_id from battled
    union
    select model_id from uncounted
    union
    select model_id from rated

)

select
    known.model_id,
    coalesce(registered.display_name, known.model_id) as display_name,
    registered.provider,
    registered.licence,
    registered.family,
    registered.licence_kind,
    coalesce(registered.is_private, false) or variants.model_id is not null as is_private,
    registered.variant_of,
    published.public_id,
    published.published_at,
    registered.released_at,
    registered.model_id is not null as is_registered,
    battled.model_id is not null as has_battled,
    rated.model_id is not null as is_rated,
    retired.model_id is not null as is_retired,
    retired.retired_reason,
    retired.retired_at,
    retired.was_retirement_announced,
    other_names.aliases,
    coalesce(uncounted.battle_count, 0) as own_alias_battle_count,
    coalesce(registered_again.registration_count, 0) as other_registration_count,
    registered.valid_from_position
from known
left join registered on known.model_id = registered.model_id
left join registered_again on known.model_id = registered_again.model_id
left join battled on known.model_id = battled.model_id
left join rated on known.model_id = rated.model_id
left join retired on known.model_id = retired.model_id
left join published on known.model_id = published.model_id
left join {{ ref('int_variants__registered') }} as variants on known.model_id = variants.model_id
left join other_names on known.model_id = other_names.model_id
left join uncounted on known.model_id = uncounted.model_id
