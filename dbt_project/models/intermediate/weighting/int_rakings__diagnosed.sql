with

targets as (

    select * from {{ ref('int_margins__targeted') }}

),

measured as (

    select * from {{ ref('int_margins__measured') }}

),

raked as (

    select * from {{ ref('int_weighting_cells__raked') }}

),

reraked as (

    select * from {{ ref('int_weighting_cells__reraked') }}

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

),

diagnosed as (

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

)

select * from diagnosed
