with

variants as (

    select * from {{ ref('int_variants__tested') }}

)

select
    model_id,
    board_model_id,
    provider,
    family,
    variant_of,
    case
        when public_model_id is not null then 'published'
        when is_retired then 'retired'
        else 'private'
    end as status,
    case
        when public_model_id is not null then concat('Published as ', public_model_id, '.')
        when is_retired then coalesce(retired_reason, 'No reason is given.')
        else 'No reason is given.'
    end as reason,
    case
        when public_model_id is not null then published_at
        when is_retired then retired_at
        else registered_at
    end as since,
    was_retirement_announced,
    registration,
    registered_at,
    public_model_id,
    publication,
    other_public_id,
    is_public_compared,
    battle_count,
    recorded_count,
    moved_count,
    moved_to,
    first_battle_at,
    last_battle_at,
    battle_count > 0 as is_on_board,
    is_joined
from variants
