with

model_shifts as (

    select * from {{ source('ratings', 'model_rank_shift') }}

),

axis_shifts as (

    select * from {{ source('ratings', 'axis_rank_shift') }}

),

of_models as (

    select
        country,
        dimension,
        axis,
        model_id,
        rank_shift_micro,
        rank_shift_lo_micro,
        rank_shift_hi_micro,
        rank_shift_if_agreed_micro,
        cast(null as bigint) as p_largest_micro
    from model_shifts

),

of_axes as (

    select
        country,
        dimension,
        axis,
        cast(null as string) as model_id,
        rank_shift_micro,
        rank_shift_lo_micro,
        rank_shift_hi_micro,
        rank_shift_if_agreed_micro,
        p_largest_micro
    from axis_shifts

),

united as (

    select * from of_axes
    union all
    select * from of_models

)

select
    country,
    dimension,
    axis,
    model_id,
    rank_shift_micro / 1e6 as rank_shift,
    rank_shift_lo_micro / 1e6 as rank_shift_lo,
    rank_shift_hi_micro / 1e6 as rank_shift_hi,
    rank_shift_if_agreed_micro / 1e6 as rank_shift_if_agreed,
    p_largest_micro / 1e6 as p_largest
from united
