{{ config(materialized='view') }}

with

counts as (

    select * from {{ ref('int_cells__counted') }}

),

weighted as (

    select * from {{ ref('int_cells__weighted') }}

),

dimensions as (

    select * from {{ ref('int_names__numbered') }}
    where kind = 'dimension'

),

models as (

    select * from {{ ref('int_names__numbered') }}
    where kind = 'model'

),

final as (

    select
        cast(counts.cell_id as integer) as cell_id,
        dimensions.name as dimension,
        first_models.name as model_a,
        second_models.name as model_b,
        counts.win_a_count,
        counts.win_b_count,
        counts.tie_count,
        counts.both_bad_count,
        coalesce(weighted.win_a_weight_micro, 0) as win_a_weight_micro,
        coalesce(weighted.win_b_weight_micro, 0) as win_b_weight_micro,
        coalesce(weighted.tie_weight_micro, 0) as tie_weight_micro,
        coalesce(weighted.both_bad_weight_micro, 0) as both_bad_weight_micro
    from counts
    inner join dimensions on counts.dimension_number = dimensions.number
    inner join models as first_models on counts.model_a_number = first_models.number
    inner join models as second_models on counts.model_b_number = second_models.number
    left join weighted
        on
            counts.cell_id = weighted.cell_id
            and counts.dimension_number = weighted.dimension_number
            and counts.model_a_number = weighted.model_a_number
            and counts.model_b_number = weighted.model_b_number

)

select * from final
