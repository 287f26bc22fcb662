{#- A board whose models are centred on each other is shown whole or not at all: where few people
judged one of its models, none of it is. -#}
with

boards as (

    select * from {{ ref('rpt_safety') }}

),

disclosed as (

    select * from {{ ref('int_topics__disclosed') }}

),

thinnest as (

    select
        weighting,
        stratum_id,
        dimension,
        topic,
        min(model_participant_count) as participant_count,
        max(participant_count) as board_participant_count
    from boards
    group by weighting, stratum_id, dimension, topic

)

select
    boards.weighting,
    boards.stratum_id,
    boards.dimension,
    boards.topic,
    boards.model_id,
    disclosed.is_disclosed
    and (
        thinnest.participant_count >= {{ disclosed_people_min() }}
        or thinnest.board_participant_count = 0
    ) as is_disclosed
from boards
inner join thinnest
    on
        boards.weighting = thinnest.weighting
        and boards.stratum_id = thinnest.stratum_id
        and boards.dimension = thinnest.dimension
        and boards.topic = thinnest.topic
inner join disclosed
    on
        boards.weighting = disclosed.weighting
        and boards.stratum_id = disclosed.stratum_id
        and boards.dimension = disclosed.dimension
        and boards.topic = disclosed.topic
