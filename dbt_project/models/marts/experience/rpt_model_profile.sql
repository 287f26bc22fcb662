with

model_profile as (

    select * from {{ source('ratings', 'model_profile') }}

),

criteria as (

    select * from {{ ref('dim_criterion') }}

),

models as (

    select * from {{ ref('dim_model') }}

),

strata as (

    select * from {{ ref('dim_stratum') }}

),

countries as (

    select * from {{ ref('dim_stratum') }}
    where axis is null

)

select
    model_profile.weighting,
    model_profile.stratum_id,
    model_profile.criterion,
    model_profile.model_id,
    models.display_name,
    models.provider,
    model_profile.compared_with,
    model_profile.difference_micro / 1e6 as difference,
    model_profile.difference_lo_micro / 1e6 as difference_lo,
    model_profile.difference_hi_micro / 1e6 as difference_hi,
    model_profile.rating_micro / 1e6 as rating,
    model_profile.p_value_micro / 1e6 as p_value,
    model_profile.p_adjusted_micro / 1e6 as p_adjusted,
    model_profile.family_size,
    model_profile.rating_count,
    model_profile.participant_count,
    model_profile.effective_participant_count_micro / 1e6 as effective_participant_count,
    coalesce(models.display_name, model_profile.model_id) || ' is rated '
    || {{ one_decimal('abs(model_profile.difference_micro) / 1e6') }}
    || case when model_profile.difference_micro < 0 then ' lower' else ' higher' end
    || ' on ' || criteria.label || ' by '
    || case when strata.stratum_id = 'all' then 'everybody' else strata.label end
    || case
        when model_profile.compared_with = 'other_groups'
            then
                ' than by the rest of ' || coalesce(countries.label, strata.country)
                || ', all models considered'
        else ' than its other criteria lead to expect'
    end
    || ' (95% interval ' || {{ one_decimal('model_profile.difference_lo_micro / 1e6') }}
    || ' to ' || {{ one_decimal('model_profile.difference_hi_micro / 1e6') }} || ').' as sentence
from model_profile
left join criteria on model_profile.criterion = criteria.criterion
left join models on model_profile.model_id = models.model_id
inner join strata on model_profile.stratum_id = strata.stratum_id
left join countries on strata.country = countries.stratum_id
