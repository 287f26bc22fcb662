with

dimensions as (

    select * from {{ ref('int_dimensions__sided') }}

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
    from {{ ref('int_participants__sided') }}
    group by dimension

),

shares as (

    select
        dimension,
        count(*) as battle_count,
        avg(case when outcome = 'a' then 1.0 else 0.0 end) as left_share,
        avg(case when outcome = 'b' then 1.0 else 0.0 end) as right_share,
        avg(case when outcome in ('tie', 'both_bad') then 1.0 else 0.0 end) as tie_share
    from {{ ref('int_battles__current') }}
    where is_counted
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

),

final as (

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

)

select * from final
