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

weighted as (

    select * from {{ ref('int_weighting_cells__weighted') }}

),

shares as (

    select
        cells.*,
        raked.weight_share as raked_share,
        weighted.weight_share as weighted_share
    from cells
    inner join raked on cells.cell_number = raked.cell_number
    inner join weighted on cells.cell_number = weighted.cell_number

),

-- One row per cell and margin of its scheme, with shares as exact integers of 10^-18.
unfolded as (

    {%- for margin in margins %}
        {% if not loop.first %}union all{% endif %}
        select
            raking_id,
            margin_{{ margin }} as margin_number,
            target_{{ margin }} as target_share,
            cast(round(raked_share * 1e18) as bigint) as raked_units,
            cast(round(weighted_share * 1e18) as bigint) as weighted_units
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
        abs(sum(weighted_units) / 1e18 - max(target_share)) as margin_error
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

endings as (

    select
        raking_id,
        max(sweep_count) as sweep_count,
        bool_and(is_converged) as is_converged,
        count(*) as cell_count,
        min(participant_count) as cell_participant_count_min
    from weighted
    group by raking_id

)

select
    rakings.raking_id,
    rakings.country,
    rakings.scheme,
    endings.cell_count,
    endings.cell_participant_count_min,
    errors.raked_margin_error,
    errors.margin_error,
    endings.sweep_count,
    endings.is_converged
from rakings
inner join errors on rakings.raking_id = errors.raking_id
inner join endings on rakings.raking_id = endings.raking_id
