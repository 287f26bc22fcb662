{#- One sweep of a raking over the cells that `condition` names: a chain of window sums, one per margin,
each scaling its levels to their targets. -#}
{% macro rake_sweep(relation, margin_count, condition='true') -%}
    with margin_0_scaled as (

        select
            {{ rake_columns(margin_count) }},
            weight_share,
            sweep_count,
            cast(0 as double) as largest_change
        from {{ relation }}
        where {{ condition }}

    ),
    {% for margin in range(1, margin_count + 1) %}
    margin_{{ margin }}_measured as (

        select
            *,
            coalesce(
                target_{{ margin }}
                / nullif({{ exact_share_sum('weight_share', 'margin_' ~ margin) }}, 0),
                0
            ) as factor
        from margin_{{ margin - 1 }}_scaled

    ),

    margin_{{ margin }}_scaled as (

        select
            {{ rake_columns(margin_count) }},
            weight_share * factor as weight_share,
            sweep_count,
            greatest(largest_change, abs(factor - 1)) as largest_change
        from margin_{{ margin }}_measured

    ){{ ',' if not loop.last }}
    {% endfor %}
    select * from margin_{{ margin_count }}_scaled
{%- endmacro %}

{#- What a cell keeps through a sweep. -#}
{% macro rake_columns(margin_count) -%}
    raking_id,
    cell_number
    {%- for margin in range(1, margin_count + 1) -%}
    , margin_{{ margin }}, target_{{ margin }}
    {%- endfor %}
{%- endmacro %}

{#- Sum of shares of a whole over a partition, the same whatever the order: taken over integers. -#}
{% macro exact_share_sum(share, partition_by) -%}
    (sum(cast(round({{ share }} * 1e18) as bigint)) over (partition by {{ partition_by }}) / 1e18)
{%- endmacro %}
