{#-
Every model that was ever registered as private, by its own name, and what became of that: a later
registration that says otherwise, or a retraction, doesn't undo that it was.

Of each name the source that registered it first says what it is, as in dim_model. Another source's
word counts too where it says private before any verdict on the name, or where it was the first: else
a sock puppet could say otherwise first, or after the operator undid it. But not if it was retracted
before a verdict was there, unless its own source took it back. Who calls a public model private that
was judged before says nothing of it.

Provider and family are compared as they were first said by who said private: who has seen results
can't group them anew. What the operator took back counts last there.
-#}
with recursive

taken_back as (

    select distinct
        target_event_id as event_id,
        source
    from {{ ref('stg_events__events_retracted') }}

),

first_verdicts as (

    select
        model_id,
        min(first_position) as position
    from {{ ref('int_variants__compared') }}
    group by model_id

),

stated as (

    select
        registrations.*,
        revised.retracted_position is not null as is_retracted,
        taken_back.event_id is not null as is_taken_back,
        coalesce(registrations.is_private = 'true', false)
        and first_verdicts.position
        < coalesce(revised.retracted_position, cast(9223372036854775807 as bigint))
        and (
            registrations.position < first_verdicts.position
            or registrations.position
            = min(registrations.position) over (partition by registrations.model_id)
        ) as is_compared
    from {{ ref('stg_events__models_registered') }} as registrations
    left join {{ ref('int_events__revised') }} as revised
        on registrations.event_id = revised.event_id
    left join taken_back
        on
            registrations.event_id = taken_back.event_id
            and registrations.source is not distinct from taken_back.source
    left join first_verdicts on registrations.model_id = first_verdicts.model_id

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
        max(case when is_private = 'true' then 1 else 0 end) over (
            partition by model_id, source
        ) as is_of_private_source,
        is_retracted and not is_taken_back and not coalesce(is_compared, false) as is_undone
    from stated

),

registrations as (

    select
        *,
        (source is not distinct from standing_source or standing_position is null) as is_standing,
        row_number() over (
            partition by model_id
            order by is_undone asc, is_of_private_source desc, position asc
        ) as place
    from placed
    where
        source is not distinct from standing_source
        or standing_position is null
        or is_compared
        or (is_taken_back and position < standing_position)

),

models as (

    select
        model_id,
        {%- for column in ['provider', 'family', 'variant_of'] %}
            {{ latest_known('case when is_standing then ' ~ column ~ ' end', 'position') }}
                as {{ column }},
            {{ first_known(column, 'place') }} as first_{{ column }},
        {%- endfor %}
        {{ first_known('source', 'position') }} as first_source,
        {{ first_known("case when is_private = 'true' then source end", 'position') }}
            as private_source,
        max(standing_source) as standing_source,
        min(occurred_at) as registered_at,
        min(position) as position,
        max(case when is_private = 'true' then 1 else 0 end) = 1 as was_private,
        {{ latest_known(
            'case when is_standing and not is_retracted then is_private end', 'position'
        ) }} = 'true' as is_private,
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
    private_source,
    registered_at,
    position
from compared
