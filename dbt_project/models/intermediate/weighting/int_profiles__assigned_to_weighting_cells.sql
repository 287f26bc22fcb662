{#-
margin_k is the number of the profile's level on the k-th margin; a margin the scheme lacks has one
level.
-#}
with

margined as (

    select * from {{ ref('int_profiles__with_margins') }}

),

targets as (

    select * from {{ ref('int_margins__targeted') }}

),

numbered as (

    select
        margined.profile_number,
        margined.participant_count,
        targets.raking_id,
        targets.margin,
        targets.margin_number
    from margined
    inner join targets
        on
            margined.country = targets.country
            and margined.scheme = targets.scheme
            and margined.margin = targets.margin
            and margined.raked_level = targets.raked_level

),

pivoted as (

    select
        raking_id,
        profile_number,
        participant_count,
    {%- for margin in range(1, margins_max() + 1) %}
        coalesce(max(case when margin = {{ margin }} then margin_number end), -raking_id)
            as margin_{{ margin }}{{ ',' if not loop.last }}
    {%- endfor %}
    from numbered
    group by raking_id, profile_number, participant_count

)

select
    *,
    cast(dense_rank() over (
        order by
            raking_id
            {%- for margin in range(1, margins_max() + 1) -%}
                , margin_{{ margin }}
            {%- endfor %}
    ) as integer) as cell_number
from pivoted
