{#-
Trimming as R's `survey::trimWeights(strict = TRUE)`: weights outside the bounds go to the bound, what that frees or
costs is spread equally over everybody inside, and again until nobody is outside. The total stays.

`cells` is a relation with raking_id, cell_number, weight_share (sums to 1 per raking), participant_count, and the bounds
trim_lo and trim_hi in means (null: none). Everybody in a cell weighs the same.

Gives raking_id, cell_number, weight_share, is_trimmed.
-#}
{% macro trim_weights(cells, rounds_max=50) -%}
    with recursive rounds as (

        select
            raking_id,
            cell_number,
            weight_share,
            participant_count,
            coalesce(trim_lo, 0) * participant_count / raking_count as share_lo,
            coalesce(trim_hi * participant_count / raking_count, 1) as share_hi,
            0 as round_number,
            false as was_outside
        from (
            select
                *,
                sum(participant_count) over (partition by raking_id) as raking_count
            from {{ cells }}
        ) as counted

        union all

        select
            raking_id,
            cell_number,
            -- The share is equal per person, so a cell's is by its people; none where all are outside.
            clipped + case when is_outside then 0 else coalesce(
                (1 - {{ exact_share_sum('clipped', 'raking_id') }}) * participant_count
                / nullif(sum(case when is_outside then 0 else participant_count end)
                    over (partition by raking_id), 0),
                0
            ) end as weight_share,
            participant_count,
            share_lo,
            share_hi,
            round_number + 1 as round_number,
            was_outside or is_outside as was_outside
        from (
            select
                *,
                greatest(share_lo, least(share_hi, weight_share)) as clipped,
                weight_share < share_lo or weight_share > share_hi as is_outside,
                max(case when weight_share < share_lo or weight_share > share_hi then 1 else 0 end)
                    over (partition by raking_id) as outside_count
            from rounds
        ) as judged
        where outside_count > 0 and round_number < {{ rounds_max }}

    ),

    last_rounds as (

        select
            *,
            max(round_number) over (partition by raking_id) as last_round
        from rounds

    )

    select
        raking_id,
        cell_number,
        weight_share,
        was_outside as is_trimmed
    from last_rounds
    where round_number = last_round
{%- endmacro %}
