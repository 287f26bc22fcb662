with

battles as (

    select * from {{ ref('int_battles__numbered') }}

),

tallies as (

    select * from {{ ref('int_tallies__numbered') }}

),

cells as (

    select * from {{ ref('dim_cell') }}

),

nobody_known as (

    select cell_id from cells
    where cell_key = 'unknown'

),

judged as (

    select
        cell_id,
        dimension_number,
        model_a_number,
        model_b_number,
        sum(units) as units
    from battles
    group by cell_id, dimension_number, model_a_number, model_b_number

),

-- Who is in no cell is in nobody's.
nobodys as (

    select
        dimension_number,
        model_a_number,
        model_b_number,
        units
    from judged
    where cell_id is null
    union all
    select * from tallies

),

-- Whoever is excluded is in no row of cells. A condition here would be put to every battle.
counted as (

    select judged.* from judged
    inner join cells on judged.cell_id = cells.cell_id
    union all
    select
        nobody_known.cell_id,
        nobodys.dimension_number,
        nobodys.model_a_number,
        nobodys.model_b_number,
        sum(nobodys.units) as units
    from nobodys
    cross join nobody_known
    group by
        nobody_known.cell_id,
        nobodys.dimension_number,
        nobodys.model_a_number,
        nobodys.model_b_number

),

final as (

    select
        cell_id,
        dimension_number,
        model_a_number,
        model_b_number,
        {{ outcome_count('units', 'a') }} as win_a_count,
        {{ outcome_count('units', 'b') }} as win_b_count,
        {{ outcome_count('units', 'tie') }} as tie_count,
        {{ outcome_count('units', 'both_bad') }} as both_bad_count
    from counted
    where units <> 0

)

select * from final
