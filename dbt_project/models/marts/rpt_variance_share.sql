with

variance_share as (

    select * from {{ source('ratings', 'variance_share') }}

)

select
    weighting,
    stratum_id,
    dimension,
    axis,
    part,
    share_micro / 1e6 as share,
    share_lo_micro / 1e6 as share_lo,
    share_hi_micro / 1e6 as share_hi,
    latent_share_micro / 1e6 as latent_share,
    latent_share_lo_micro / 1e6 as latent_share_lo,
    latent_share_hi_micro / 1e6 as latent_share_hi,
    couple_count,
    verdict_count,
    left_out_count,
    participant_count,
    effective_participant_count_micro / 1e6 as effective_participant_count
from variance_share
