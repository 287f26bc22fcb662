{%- set margins = range(1, margins_max() + 1) -%}
with

targets as (

    select * from {{ ref('int_margins__targeted') }}

),

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

),

rakings as (

    select distinct
        raking_id,
        country,
        scheme
    from targets

),

errors as (

    select
        raking_id,
        max(raked_margin_error) as raked_margin_error,
        max(margin_error) as margin_error
    from measured
    group by raking_id

),

first_rakings as (

    select
        raking_id,
        max(sweep_count) as sweep_count,
        bool_and(is_converged) as is_converged
    from raked
    group by raking_id

),

second_rakings as (

    select
        raking_id,
        max(sweep_count) as sweep_count,
        bool_and(is_converged) as is_converged,
        count(*) as cell_count,
        min(participant_count) as cell_participant_count_min
    from reraked
    group by raking_id

)

select
    rakings.raking_id,
    rakings.country,
    rakings.scheme,
    second_rakings.cell_count,
    second_rakings.cell_participant_count_min,
    errors.raked_margin_error,
    errors.margin_error,
    first_rakings.sweep_count + second_rakings.sweep_count as sweep_count,
    first_rakings.is_converged and second_rakings.is_converged as is_converged
from rakings
inner join errors on rakings.raking_id = errors.raking_id
inner join first_rakings on rakings.raking_id = first_rakings.raking_id
inner join second_rakings on rakings.raking_id = second_rakings.raking_id
