with

fragility as (

    select * from {{ source('ratings', 'fragility') }}

)

select
    weighting,
    stratum_id,
    dimension,
    estimator,
    leader_model_id,
    second_model_id,
    lead_micro / 1e6 as lead,
    is_tie,
    largest_influence_micro / 1e6 as largest_influence,
    largest_item_influence_micro / 1e6 as largest_item_influence,
    item_count,
    participants_removed,
    participant_count,
    leader_without_participants,
    votes_removed,
    vote_count,
    leader_without_votes
from fragility
