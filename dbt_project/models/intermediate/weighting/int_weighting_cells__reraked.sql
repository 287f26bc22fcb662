{#-
What trimming took from a margin, a second raking gives back; weights may then lie a little outside
the bounds.
-#}
{%- set margins = range(1, margins_max() + 1) -%}

with

cells as (

    select * from {{ ref('int_weighting_cells__counted') }}

),

first_raked as (

    select * from {{ ref('int_weighting_cells__raked') }}

),

untrimmed as (

    select
        first_raked.raking_id,
        first_raked.cell_number,
        first_raked.weight_share,
        cells.participant_count,
        cells.trim_lo,
        cells.trim_hi
    from first_raked
    inner join cells on first_raked.cell_number = cells.cell_number

),

trimmed as (

    {{ trim_weights('untrimmed') }}

),

trimmed_cells as (

    select
        trimmed.raking_id,
        trimmed.cell_number,
        {%- for margin in margins %}
            cells.margin_{{ margin }},
            cells.target_{{ margin }},
        {%- endfor %}
        trimmed.weight_share
    from trimmed
    inner join cells on trimmed.cell_number = cells.cell_number

),

raked as (

    {{ rake('trimmed_cells', margins_max()) }}

)

select
    raked.raking_id,
    raked.cell_number,
    cells.participant_count,
    raked.weight_share,
    raked.weight_share * cells.raking_count / cells.participant_count as weight,
    trimmed.is_trimmed,
    raked.sweep_count,
    raked.is_converged
from raked
inner join cells on raked.cell_number = cells.cell_number
inner join trimmed on raked.cell_number = trimmed.cell_number
