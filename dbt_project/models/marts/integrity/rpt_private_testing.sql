with

variants as (

    select
        *,
        coalesce(first_battle_at, registered_at) as tested_from
    from {{ ref('int_variants__tested') }}

),

ratings as (

    select * from {{ source('ratings', 'rating') }}
    where
        estimator = 'trueskill_ep'
        and weighting = 'none'
        and stratum_id = 'all'

),

releases as (

    select * from variants
    where public_model_id is not null

),

-- What has no time may have been tested before.
before_release as (

    select
        variants.*,
        releases.model_id as released_id,
        releases.board_model_id as released_board_id,
        releases.public_model_id as release_public_id,
        releases.published_at as released_at
    from releases
    inner join variants
        on
            coalesce(releases.provider_key, '') = coalesce(variants.provider_key, '')
            and releases.family_key = variants.family_key
            and (
                releases.model_id = variants.model_id
                or variants.tested_from is null
                or releases.known_published_at is null
                or releases.known_published_at > variants.tested_from
            )

),

tested as (

    select * from before_release
    union all
    select
        variants.*,
        cast(null as string) as released_id,
        cast(null as string) as released_board_id,
        cast(null as string) as release_public_id,
        cast(null as {{ type_of_times() }}) as released_at
    from variants
    left join before_release on variants.model_id = before_release.model_id
    where before_release.model_id is null

),

families as (

    select
        provider_key,
        family_key,
        released_id,
        max(release_public_id) as public_id,
        max(released_at) as published_at,
        count(*) as tested_count,
        cast(sum(battle_count) as bigint) as battle_count,
        min(first_battle_at) as first_battle_at,
        max(last_battle_at) as last_battle_at,
        count(case when battle_count = 0 then 1 end) as uncompared_count,
        count(case when is_retired then 1 end) as retired_count,
        count(
            case when is_retired and not coalesce(was_retirement_announced, false) then 1 end
        ) as silently_retired_count,
        count(case when is_joined then 1 end) as joined_count
    from tested
    group by provider_key, family_key, released_id

),

compared as (

    select
        tested.provider_key,
        tested.family_key,
        tested.released_id,
        tested.model_id,
        ratings.dimension,
        ratings.battle_count,
        coalesce(tested.board_model_id = tested.released_board_id, false) as is_published,
        row_number() over (
            partition by
                tested.provider_key, tested.family_key, tested.released_id, ratings.dimension
            order by ratings.skill_micro desc, tested.model_id asc
        ) as place
    from tested
    inner join ratings on tested.board_model_id = ratings.model_id

),

places as (

    select
        provider_key,
        family_key,
        released_id,
        dimension,
        count(*) as compared_count,
        min(case when is_published then place end) as rank_among_tested,
        {{ first_known('model_id', 'place') }} as best_model_id
    from compared
    group by provider_key, family_key, released_id, dimension

)

select
    families.provider_key as provider,
    families.family_key as family,
    families.released_id as model_id,
    families.public_id,
    families.published_at,
    places.dimension,
    families.tested_count,
    families.battle_count,
    families.first_battle_at,
    families.last_battle_at,
    families.uncompared_count,
    families.retired_count,
    families.silently_retired_count,
    families.joined_count,
    coalesce(places.compared_count, 0) as compared_count,
    case when families.joined_count = 0 then places.rank_among_tested end as rank_among_tested,
    places.best_model_id
from families
left join places
    on
        coalesce(families.provider_key, '') = coalesce(places.provider_key, '')
        and families.family_key = places.family_key
        and coalesce(families.released_id, '') = coalesce(places.released_id, '')
