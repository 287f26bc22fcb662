{#- A scheme with bounds takes the weights that keep them; one without, the raked ones. -#}
with

cells as (

    select * from {{ ref('int_weighting_cells__counted') }}

),

raked as (

    select * from {{ ref('int_weighting_cells__raked') }}

),

bounded as (

    select * from {{ ref('int_weighting_cells__bounded') }}

),

compared as (

    select
        cells.raking_id,
        cells.cell_number,
        cells.participant_count,
        cells.raking_count,
        cells.trim_lo,
        cells.trim_hi,
        raked.weight_share * cells.raking_count / cells.participant_count as raked_weight,
        bounded.weight as bounded_weight,
        raked.sweep_count,
        bounded.step_count,
        coalesce(bounded.is_met, raked.is_converged) as is_converged
    from cells
    inner join raked on cells.cell_number = raked.cell_number
    left join bounded on cells.cell_number = bounded.cell_number

)

select
    raking_id,
    cell_number,
    participant_count,
    coalesce(bounded_weight, raked_weight) as weight,
    coalesce(bounded_weight, raked_weight) * participant_count / raking_count as weight_share,
    coalesce(raked_weight < trim_lo or raked_weight > trim_hi, false) as is_trimmed,
    coalesce(step_count, sweep_count) as sweep_count,
    is_converged
from compared
