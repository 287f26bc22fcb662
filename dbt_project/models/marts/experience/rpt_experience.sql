with

experience as (

    select * from {{ source('ratings', 'experience') }}

),

models as (

    select * from {{ ref('dim_model') }}

)

select
    {{ is_weighted('experience') }} as is_weighted,
    experience.weighting,
    experience.stratum_id,
    experience.criterion,
    experience.model_id,
    models.display_name,
    models.provider,
    experience.rating_micro / 1e6 as rating,
    experience.rating_lo_micro / 1e6 as rating_lo,
    experience.rating_hi_micro / 1e6 as rating_hi,
    experience.rating_sd_micro / 1e6 as rating_sd,
    experience.rating_count,
    experience.participant_count,
    experience.effective_participant_count_micro / 1e6 as effective_participant_count,
    experience.left_out_count,
    experience.rated_1_share_micro / 1e6 as rated_1_share,
    experience.rated_2_share_micro / 1e6 as rated_2_share,
    experience.rated_3_share_micro / 1e6 as rated_3_share,
    experience.rated_4_share_micro / 1e6 as rated_4_share,
    experience.rated_5_share_micro / 1e6 as rated_5_share,
    experience.rated_6_share_micro / 1e6 as rated_6_share,
    experience.rated_7_share_micro / 1e6 as rated_7_share,
    experience.rank,
    experience.rank_lo,
    experience.rank_hi,
    experience.tier,
    experience.is_provisional,
    experience.probit_effect_micro / 1e6 as probit_effect,
    experience.probit_rating_micro / 1e6 as probit_rating,
    experience.probit_rating_lo_micro / 1e6 as probit_rating_lo,
    experience.probit_rating_hi_micro / 1e6 as probit_rating_hi,
    experience.rater_share_micro / 1e6 as rater_share
from experience
left join models on experience.model_id = models.model_id
