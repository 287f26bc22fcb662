with

ratings as (

    select distinct
        weighting,
        stratum_id,
        dimension,
        estimator
    from {{ source('ratings', 'rating') }}

),

releases as (

    select * from {{ source('releases', 'release') }}
    where is_latest

),

strata as (

    select * from {{ ref('dim_stratum') }}

),

dimensions as (

    select * from {{ ref('dim_dimension') }}

),

labels as (

    select * from {{ ref('seed_labels') }}

),

pools as (

    select distinct pools.pool
    from {{ ref('seed_pools') }} as pools

),

asked as (

    select
        margins.scheme,
        margins.country,
        margins.margin,
        variables.variable,
        case variables.question when 'gender' then 'sex' else variables.question end as word
    from {{ ref('seed_weighting_margins') }} as margins
    inner join {{ ref('seed_variables') }} as variables
        on
            margins.country = variables.country
            and margins.variable = variables.variable

),

-- What somebody who judged said of themselves, in words that a seed explains.
stated as (

    select distinct
        profile_levels.country,
        profile_levels.variable
    from {{ ref('int_profile_levels') }} as profile_levels
    inner join {{ ref('int_profiles__with_verdicts') }} as profiles
        on profile_levels.profile_number = profiles.profile_number
    where profile_levels.level <> 'unknown'

),

places as (

    select distinct
        country,
        country as place
    from asked
    union all
    select distinct
        country,
        'all' as place
    from asked

),

-- Of a country, and of the boards of everybody: stated in any country.
spoken as (

    select
        asked.scheme,
        places.place,
        asked.word,
        min(asked.margin) as margin,
        max(case when stated.variable is not null then 1 else 0 end) as is_stated
    from asked
    left join stated
        on
            asked.country = stated.country
            and asked.variable = stated.variable
    inner join places on asked.country = places.country
    group by asked.scheme, places.place, asked.word

),

numbered as (

    select
        *,
        row_number() over (
            partition by scheme, place, is_stated
            order by margin, word
        ) as ordinal,
        count(*) over (partition by scheme, place, is_stated) as word_count,
        row_number() over (
            partition by scheme, place
            order by margin, word
        ) as whole_ordinal,
        count(*) over (partition by scheme, place) as whole_count
    from spoken

),

-- `age, sex and ethnicity`, of what was stated, what was not, and both.
worded as (

    select
        scheme,
        place,
        {{ joined_text(listed_word('word', 'whole_ordinal', 'whole_count'), '', 'margin, word') }}
            as whole_words,
        {{
            joined_text(
                "case when is_stated = 1 then " ~ listed_word('word', 'ordinal', 'word_count')
                ~ " else '' end",
                '',
                'margin, word'
            )
        }} as stated_words,
        {{
            joined_text(
                "case when is_stated = 0 then " ~ listed_word('word', 'ordinal', 'word_count')
                ~ " else '' end",
                '',
                'margin, word'
            )
        }} as unstated_words
    from numbered
    group by scheme, place
    having min(is_stated) = 0 and max(is_stated) = 1

),

-- A label claims no more than what was stated.
claimed as (

    select
        schemes.scheme,
        worded.place,
        case
            when lower(schemes.label) = worded.whole_words
                then
                    upper(substring(worded.stated_words, 1, 1))
                    || substring(worded.stated_words, 2)
            else schemes.label || ' (nobody stated ' || worded.unstated_words || ')'
        end as label
    from {{ ref('seed_weighting_schemes') }} as schemes
    inner join worded on schemes.scheme = worded.scheme

),

-- Weightings of one country or group; those of several countries are one of these and a pool.
single as (

    select
        scheme as weighting,
        label
    from {{ ref('seed_weighting_schemes') }}
    union all
    select
        name as weighting,
        label
    from labels
    where kind = 'weighting'
    union all
    select
        'merged_by_' || axis as weighting,
        'Groups by ' || lower(min(label)) || ', put together by the census' as label
    from {{ ref('seed_axes') }}
    group by axis

),

named as (

    select
        weighting,
        weighting as scheme,
        label,
        '' as pool_label
    from single
    union all
    select
        single.weighting || '_' || pools.pool as weighting,
        single.weighting as scheme,
        single.label,
        '; ' || coalesce(labels.label, pools.pool) as pool_label
    from single
    cross join pools
    left join labels
        on
            labels.kind = 'pool'
            and pools.pool = labels.name

)

select
    {{ board_id('ratings') }} as board_id,
    releases.release_id,
    {{ is_default('ratings') }} as is_default,
    {{ is_weighted('ratings') }} as is_weighted,
    ratings.weighting,
    coalesce(coalesce(claimed.label, named.label) || named.pool_label, ratings.weighting)
        as weighting_label,
    ratings.stratum_id,
    strata.label as stratum_label,
    strata.country,
    strata.axis,
    strata.group_name,
    ratings.dimension,
    dimensions.label as dimension_label,
    dimensions.short_label,
    ratings.estimator,
    coalesce(labels.label, ratings.estimator) as estimator_label
from ratings
left join releases on releases.is_latest
left join strata on ratings.stratum_id = strata.stratum_id
left join dimensions on ratings.dimension = dimensions.dimension
left join named on ratings.weighting = named.weighting
left join claimed
    on
        named.scheme = claimed.scheme
        and coalesce(strata.country, 'all') = claimed.place
left join labels
    on
        labels.kind = 'estimator'
        and ratings.estimator = labels.name
