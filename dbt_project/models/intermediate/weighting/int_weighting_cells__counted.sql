{%- set margins = range(1, margins_max() + 1) -%}

with

allotted as (

    select * from {{ ref('int_profiles__assigned_to_weighting_cells') }}

),

targets as (

    select * from {{ ref('int_margins__targeted') }}

),

schemes as (

    select * from {{ ref('seed_weighting_schemes') }}

),

rakings as (

    select distinct
        targets.raking_id,
        targets.raking_count,
        schemes.trim_lo,
        schemes.trim_hi
    from targets
    inner join schemes on targets.scheme = schemes.scheme

),

cells as (

    select
        raking_id,
        cell_number,
        {%- for margin in margins %}
            margin_{{ margin }},
        {%- endfor %}
        sum(participant_count) as participant_count
    from allotted
    group by
        raking_id,
        cell_number
        {%- for margin in margins -%}
            , margin_{{ margin }}
        {%- endfor %}

)

select
    cells.*,
    {%- for margin in margins %}
        coalesce(target_{{ margin }}.target_share, 1) as target_{{ margin }},
    {%- endfor %}
    rakings.raking_count,
    rakings.trim_lo,
    rakings.trim_hi,
    cast(cells.participant_count as double) / rakings.raking_count as weight_share
from cells
inner join rakings on cells.raking_id = rakings.raking_id
{%- for margin in margins %}
    left join targets as target_{{ margin }}
        on cells.margin_{{ margin }} = target_{{ margin }}.margin_number
{%- endfor %}
