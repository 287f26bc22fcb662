with

cells as (

    select * from {{ ref('int_weighting_cells__counted') }}

),

raked as (

    select * from {{ ref('int_weighting_cells__raked') }}

),

untrimmed as (

    select
        raked.raking_id,
        raked.cell_number,
        raked.weight_share,
        cells.participant_count,
        cells.trim_lo,
        cells.trim_hi
    from raked
    inner join cells on raked.cell_number = cells.cell_number

),

trimmed as (

    {{ trim_weights('untrimmed') }}

)

select * from trimmed
