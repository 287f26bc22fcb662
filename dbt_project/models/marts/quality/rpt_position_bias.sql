{#-
Outcome 1 for the left, -1 for the right, 0 for a tie; side 1 where the pair's first model is on the left,
else -1. Least squares of the preference for a side on a constant (the bias) and on each pair's strength
times the side. What the pair's strength explains is swept out of the constant (Frisch and Waugh 1933).
Sums over whole numbers or millionths, so that they do not depend on order.
-#}
with

battles as (

    select * from {{ ref('int_battles__current') }}
    where is_counted

),

sided as (

    select
        dimension,
        coalesce(participant_key, battle_key) as cluster_id,
        least(model_a, model_b) as first_model_id,
        greatest(model_a, model_b) as second_model_id,
        case when model_a < model_b then 1 else -1 end as side,
        case outcome when 'a' then 1 when 'b' then -1 else 0 end as preference
    from battles

),

-- A pair that always stood the same way round says nothing of a side.
pairs as (

    select
        dimension,
        first_model_id,
        second_model_id,
        count(*) as battle_count,
        cast(sum(side) as bigint) as side_sum,
        cast(sum(side) as double) / count(*) as side_mean,
        cast(sum(preference) as bigint) as preference_sum,
        cast(sum(side * preference) as bigint) as sided_preference_sum
    from sided
    group by dimension, first_model_id, second_model_id
    having abs(sum(side)) < count(*)

),

pair_sums as (

    select
        dimension,
        count(*) as pair_count,
        cast(sum(battle_count) as bigint) as compared_count,
        cast(sum(cast(round((battle_count - side_mean * side_sum) * 1000000) as bigint)) as bigint)
            as information_micro,
        cast(
            sum(
                cast(round((preference_sum - side_mean * sided_preference_sum) * 1000000) as bigint)
            ) as bigint
        ) as preference_micro
    from pairs
    group by dimension

),

dimensions as (

    select
        dimension,
        pair_count,
        compared_count,
        cast(information_micro as double) / 1000000 as information,
        cast(preference_micro as double) / information_micro as bias
    from pair_sums

),

residuals as (

    select
        sided.dimension,
        sided.cluster_id,
        1 - sided.side * cast(pairs.side_sum as double) / pairs.battle_count as leverage,
        sided.preference - dimensions.bias - sided.side
        * (pairs.sided_preference_sum - dimensions.bias * pairs.side_sum)
        / pairs.battle_count as residual
    from sided
    inner join pairs
        on
            sided.dimension = pairs.dimension
            and sided.first_model_id = pairs.first_model_id
            and sided.second_model_id = pairs.second_model_id
    inner join dimensions on sided.dimension = dimensions.dimension

),

-- How much each participant pulls on the bias of a dimension: their residuals' sum. Verdicts
-- without a participant are of one person per battle.
summed as (

    select
        dimension,
        cluster_id,
        cast(sum(cast(round(leverage * residual * 1000000) as bigint)) as bigint) as score_micro
    from residuals
    group by dimension, cluster_id

),

clusters as (

    select
        dimension,
        count(*) as participant_count,
        cast(
            sum(
                cast(
                    round(cast(score_micro as double) * score_micro / 1000000) as bigint
                )
            ) as double
        ) / 1000000 as square_sum
    from summed
    group by dimension

),

shares as (

    select
        dimension,
        count(*) as battle_count,
        avg(case when outcome = 'a' then 1 else 0 end) as left_share,
        avg(case when outcome = 'b' then 1 else 0 end) as right_share,
        avg(case when outcome in ('tie', 'both_bad') then 1 else 0 end) as tie_share
    from battles
    group by dimension

),

-- Clustered by participant, with Stata's factors for few clusters and for a strength per pair.
measured as (

    select
        dimensions.*,
        clusters.participant_count,
        sqrt(
            clusters.square_sum
            * (
                clusters.participant_count
                / nullif(cast(clusters.participant_count - 1 as double), 0)
            )
            * (
                (dimensions.compared_count - 1)
                / nullif(cast(dimensions.compared_count - dimensions.pair_count - 1 as double), 0)
            )
        ) / dimensions.information as bias_sd
    from dimensions
    inner join clusters on dimensions.dimension = clusters.dimension

)

select
    shares.dimension,
    shares.battle_count,
    shares.left_share,
    shares.right_share,
    shares.tie_share,
    measured.bias,
    measured.bias_sd,
    measured.bias - 1.959963984540054 * measured.bias_sd as bias_lo,
    measured.bias + 1.959963984540054 * measured.bias_sd as bias_hi,
    coalesce(measured.participant_count, 0) as participant_count,
    coalesce(measured.pair_count, 0) as pair_count,
    coalesce(measured.information, 0) / shares.battle_count as information_share
from shares
left join measured on shares.dimension = measured.dimension
