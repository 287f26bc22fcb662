{#-
Trimming as R's `survey::trimWeights(strict = TRUE)`: weights outside the bounds go to the bound, what
that frees or costs is spread equally over everybody who was inside, and again until nobody is
outside. The total stays, even where everybody was outside (R loses it then).

`cells` is a relation with raking_id, cell_number, weight_share (sums to 1 per raking),
participant_count, and the bounds trim_lo and trim_hi in means (null: none). Everybody in a cell
weighs the same.

Gives raking_id, cell_number, weight_share, is_trimmed.
-#}
{% macro trim_weights(cells, rounds_max=100) -%}
    with recursive rounds as (

        select
            raking_id,
            cell_number,
            weight_share,
            participant_count,
            coalesce(trim_lo, 0) * participant_count / raking_count as share_lo,
            coalesce(trim_hi * participant_count / raking_count, 1) as share_hi,
            0 as round_number,
            false as is_trimmed
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
            clipped_share + case
                when is_outside then 0
                else coalesce((1 - clipped_sum) * participant_count / nullif(inside_count, 0), 0)
            end as weight_share,
            participant_count,
            share_lo,
            share_hi,
            round_number + 1 as round_number,
            is_trimmed or is_outside as is_trimmed
        from (
            {{ clip_weights('rounds') }}
        ) as clipped
        where
            (outside_count > 0 or abs(1 - clipped_sum) > 1e-12)
            and round_number < {{ rounds_max }}

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
        is_trimmed
    from last_rounds
    where round_number = last_round
{%- endmacro %}

{#- Every weight within its bounds, and what that leaves to spread over how many. -#}
{% macro clip_weights(relation) -%}
    with judged as (

        select
            *,
            greatest(share_lo, least(share_hi, weight_share)) as clipped_share,
            weight_share < share_lo or weight_share > share_hi as is_outside
        from {{ relation }}

    )

    select
        *,
        {{ exact_share_sum('clipped_share', 'raking_id') }} as clipped_sum,
        sum(case when is_outside then 1 else 0 end) over (partition by raking_id) as outside_count,
        sum(case when is_outside then 0 else participant_count end)
            over (partition by raking_id) as inside_count
    from judged
{%- endmacro %}
