{#-
Every model that was ever registered as private, by its own name, and what became of that: a later
registration that says otherwise, or a retraction, doesn't undo that it was.

Of each name the source that registered it first says what it is, as in dim_model. What was retracted
says nothing of a name that another source registered, unless its own source took it back.

Provider and family are compared as they were first said: who has seen results can't group them anew.
What the operator took back counts last there.
-#}
with recursive

taken_back as (

    select distinct
        target_event_id as event_id,
        source
    from {{ ref('stg_events__events_retracted') }}

),

stated as (

    select
        registrations.*,
        revised.retracted_position is not null as is_retracted,
        taken_back.event_id is not null as is_taken_back
    from {{ ref('stg_events__models_registered') }} as registrations
    left join {{ ref('int_events__revised') }} as revised
        on registrations.event_id = revised.event_id
    left join taken_back
        on
            registrations.event_id = taken_back.event_id
            and registrations.source is not distinct from taken_back.source

),

placed as (

    select
        *,
        first_value(source) over (
            partition by model_id
            order by is_retracted, position
        ) as standing_source,
        min(case when not is_retracted then position end) over (
            partition by model_id
        ) as standing_position,
        row_number() over (
            partition by model_id
            order by is_retracted and not is_taken_back, position
        ) as place
    from stated

),

registrations as (

    select * from placed
    where
        source is not distinct from standing_source
        or standing_position is null
        or (is_taken_back and position < standing_position)

),

models as (

    select
        model_id,
        {%- for column in ['provider', 'family', 'variant_of'] %}
            {{ latest_known(column, 'position') }} as {{ column }},
            {{ first_known(column, 'place') }} as first_{{ column }},
        {%- endfor %}
        {{ first_known('source', 'position') }} as first_source,
        max(standing_source) as standing_source,
        min(occurred_at) as registered_at,
        min(position) as position,
        max(case when is_private = 'true' then 1 else 0 end) = 1 as was_private,
        {{ latest_known('case when not is_retracted then is_private end', 'position') }} = 'true'
            as is_private,
        count(case when not is_retracted then 1 end) = 0 as is_retracted
    from registrations
    group by model_id

),

-- Up from a variant to what it is a variant of, until a family is stated. What was reached before
-- isn't gone to again, so that a circle ends.
walked as (

    select
        model_id,
        model_id as reached_id
    from models
    where was_private
    union
    select
        walked.model_id,
        models.first_variant_of as reached_id
    from walked
    inner join models on walked.reached_id = models.model_id
    where
        models.first_family is null
        and models.first_variant_of is not null

),

-- Of a circle, the first name.
roots as (

    select
        walked.model_id,
        coalesce(
            max(models.first_family),
            max(case when models.first_variant_of is null then walked.reached_id end),
            min(walked.reached_id)
        ) as family
    from walked
    left join models on walked.reached_id = models.model_id
    group by walked.model_id

),

compared as (

    select
        models.*,
        roots.family as root_family,
        {{ folded_name('models.provider') }} as folded_provider,
        {{ folded_name('models.first_provider') }} as folded_first_provider,
        {{ comparable_text('roots.family') }} as folded_root_family
    from models
    inner join roots on models.model_id = roots.model_id

)

select
    model_id,
    provider,
    family,
    variant_of,
    -- Names that are the same but for how they are spelt have the spelling that came first.
    first_value(first_provider) over (
        partition by folded_first_provider
        order by position, model_id
    ) as provider_key,
    first_value(root_family) over (
        partition by folded_first_provider, folded_root_family
        order by position, model_id
    ) as family_key,
    case
        when is_retracted then 'retracted'
        when not coalesce(is_private, false) then 'public'
        when
            folded_provider <> folded_first_provider
            or {{ comparable_text('family') }} <> {{ comparable_text('first_family') }}
            or variant_of <> first_variant_of
            then 'changed'
        else 'private'
    end as registration,
    first_source,
    standing_source,
    registered_at,
    position
from compared
