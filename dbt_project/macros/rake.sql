{#-
Raking (iterative proportional fitting, Deming and Stephan 1940) as a chain of window sums over cells.

A cell is one combination of levels. `cells` is a relation with
    raking_id             which raking the cell belongs to; several run side by side
    cell_number           key of the cell
    weight_share          its share of the raking's base weight; sums to 1 per raking
    margin_1 .. margin_n  number of its level on each margin, unique over rakings
    target_1 .. target_n  that level's share of the population; sums to 1 per raking and margin
A raking with fewer margins repeats one level with target 1, which changes nothing.

One sweep scales every level of every margin to its target, one margin after the other. Sweeps go on
until none moved a level by more than `tolerance` of itself, so the error left in any margin is below
it; targets that contradict each other never get there and stop after `sweeps_max`.

Sums are taken over integers (10^-18 of the total), so no result depends on order or threads.

Gives raking_id, cell_number, weight_share, sweep_count, is_converged.
-#}
{% macro rake(cells, margin_count, tolerance='1e-12', sweeps_max=200) -%}
    with recursive sweeps as (

        select
            {{ rake_columns(margin_count) }},
            weight_share,
            0 as sweep_count,
            cast(1 as double) as largest_change
        from {{ cells }}

        union all

        select
            {{ rake_columns(margin_count) }},
            weight_share,
            sweep_count + 1 as sweep_count,
            max(largest_change) over (partition by raking_id) as largest_change
        from (
            {{ rake_sweep('sweeps', margin_count, 'largest_change > ' ~ tolerance
                ~ ' and sweep_count < ' ~ sweeps_max) }}
        ) as swept

    ),

    last_sweeps as (

        select
            raking_id,
            cell_number,
            weight_share,
            sweep_count,
            largest_change,
            max(sweep_count) over (partition by raking_id) as last_sweep
        from sweeps

    )

    select
        raking_id,
        cell_number,
        weight_share,
        sweep_count,
        largest_change <= {{ tolerance }} as is_converged
    from last_sweeps
    where sweep_count = last_sweep
{%- endmacro %}
