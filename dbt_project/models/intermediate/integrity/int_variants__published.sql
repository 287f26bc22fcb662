{#-
What each model that was ever registered as private was published as. The first that was compared stays,
whatever is said later or was retracted: else the score could be parted from what it became.

Where none was compared, the last word of its own source counts. What another source says counts where
its own says nothing, and a public model was compared.
-#}
with

variants as (

    select * from {{ ref('int_variants__registered') }}

),

on_board as (

    select model_a as model_id from {{ ref('int_cells__counted') }}
    union
    select model_b as model_id from {{ ref('int_cells__counted') }}

),

-- A public name that means the variant itself at a later place than its publication.
own_names as (

    select
        alias,
        model_id,
        max(until_position) as until_position
    from {{ ref('int_models__aliased') }}
    where alias <> model_id
    group by alias, model_id

),

publications as (

    select
        said.model_id,
        said.public_id,
        coalesce(own_names.model_id, {{ canonical_model('said', 'public_id') }})
            as public_model_id,
        on_board.model_id is not null as is_compared,
        (
            said.source is not distinct from variants.standing_source
            or said.source is not distinct from variants.first_source
            or said.source is not distinct from variants.private_source
        ) as is_own,
        revised.retracted_position is not null as is_retracted,
        said.occurred_at,
        -- A time that is stated may lie before the tests; that of recording can't be chosen.
        greatest(
            coalesce(said.occurred_at, said.recorded_at),
            coalesce(said.recorded_at, said.occurred_at)
        ) as known_at,
        said.position
    from {{ ref('stg_events__models_published') }} as said
    inner join variants on said.model_id = variants.model_id
    left join {{ ref('int_events__revised') }} as revised on said.event_id = revised.event_id
    {{ join_canonical_model('said', 'public_id') }}
    left join own_names
        on
            said.public_id = own_names.alias
            and said.model_id = own_names.model_id
            and said.position < own_names.until_position
    left join on_board
        on
            coalesce(own_names.model_id, {{ canonical_model('said', 'public_id') }})
            = on_board.model_id
    where {{ happened_by('said.occurred_at') }}

),

-- What was retracted and never compared may have been a slip.
placed as (

    select
        *,
        row_number() over (
            partition by model_id
            order by
                is_compared desc,
                is_own desc,
                case when is_compared then position else -position end asc
        ) as place
    from publications
    where
        is_compared
        or (is_own and not is_retracted)

),

chosen as (

    select
        model_id,
        public_model_id,
        is_compared,
        is_own,
        is_retracted
    from placed
    where place = 1

)

-- Said again of the same model, the last word is when; said of others, it is told.
select
    chosen.model_id,
    chosen.public_model_id,
    chosen.is_compared,
    case
        when not chosen.is_own then 'by_another'
        when chosen.is_retracted then 'retracted'
        else 'stands'
    end as publication,
    max(case when said.public_model_id = chosen.public_model_id then said.occurred_at end)
        as published_at,
    max(case when said.public_model_id = chosen.public_model_id then said.known_at end)
        as known_published_at,
    {{ latest_known(
        "case when said.public_model_id <> chosen.public_model_id then said.public_id end",
        'said.position'
    ) }} as other_public_id
from chosen
inner join placed as said
    on
        chosen.model_id = said.model_id
        and chosen.is_own = said.is_own
group by
    chosen.model_id,
    chosen.public_model_id,
    chosen.is_compared,
    chosen.is_own,
    chosen.is_retracted
