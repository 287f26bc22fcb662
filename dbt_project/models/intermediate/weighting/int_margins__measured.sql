{%- set margins = range(1, margins_max() + 1) -%}

with

cells as (

    select * from {{ ref('int_weighting_cells__counted') }}

),

raked as (

    select * from {{ ref('int_weighting_cells__raked') }}

),

reraked as (

    select * from {{ ref('int_weighting_cells__reraked') }}

),

shares as (

    select
        cells.*,
        raked.weight_share as raked_share,
        reraked.weight_share as reraked_share
    from cells
    inner join raked on cells.cell_number = raked.cell_number
    inner join reraked on cells.cell_number = reraked.cell_number

),

-- One row per cell and margin of its scheme, with shares as exact integers of 10^-18.
unfolded as (

    {%- for margin in margins %}
        {% if not loop.first %}union all{% endif %}
        select
            raking_id,
            margin_{{ margin }} as margin_number,
            target_{{ margin }} as target_share,
            cast(raked_share * 1e18 as bigint) as raked_units,
            cast(reraked_share * 1e18 as bigint) as reraked_units
        from shares
        where margin_{{ margin }} > 0
    {%- endfor %}

),

measured as (

    select
        raking_id,
        margin_number,
        max(target_share) as target_share,
        abs(sum(raked_units) / 1e18 - max(target_share)) as raked_margin_error,
        abs(sum(reraked_units) / 1e18 - max(target_share)) as margin_error
    from unfolded
    group by raking_id, margin_number

)

select * from measured
