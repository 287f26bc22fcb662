{#- Least squares of the preference for a side on a constant (the bias) and on each pair's strength
times the side. What the pair's strength explains is swept out of the constant (Frisch and Waugh
1933), so a pair that always stood the same way round says nothing. Sums over millionths. -#}
with

pairs as (

    select
        *,
        cast(side_sum as double) / battle_count as side_mean
    from {{ ref('int_pairs__sided') }}
    where abs(side_sum) < battle_count

),

summed as (

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

estimated as (

    select
        dimension,
        pair_count,
        compared_count,
        cast(information_micro as double) / 1000000 as information,
        cast(preference_micro as double) / information_micro as bias
    from summed

)

select * from estimated
