{#- One text for the four keys of a board. Names have no bar in them. -#}
{% macro board_id(board) -%}
    {{ board }}.stratum_id || '|' || {{ board }}.dimension || '|' || {{ board }}.estimator
    || '|' || {{ board }}.weighting
{%- endmacro %}

{#- Whether people are weighted. -#}
{% macro is_weighted(board) -%}
    {{ board }}.weighting <> 'none'
{%- endmacro %}

{#- Shown only where somebody asks for it: every country counting alike, groups of one axis merged. -#}
{% macro is_secondary(weighting) -%}
    {{ weighting }} like '%!_half!_half' escape '!'
    or {{ weighting }} like 'merged!_by!_%' escape '!'
{%- endmacro %}

{#-
Whether a board is the one to quote of its stratum and dimension: trueskill_ep, weighted to the
census where people were weighted. `parted_by` are columns that part the boards further. The same
choice is made where a release is read without dbt (publishing/boards/view.py).
-#}
{% macro is_default(board, parted_by=[]) -%}
    {%- set keys = parted_by + ['stratum_id', 'dimension', 'estimator'] -%}
    {{ board }}.estimator = 'trueskill_ep'
    and {{ board }}.weighting = coalesce(
        min(
            case
                when
                    {{ board }}.weighting <> 'none'
                    and not ({{ is_secondary(board ~ '.weighting') }})
                    then {{ board }}.weighting
            end
        ) over (partition by {{ board }}.{{ keys | join(', ' ~ board ~ '.') }}),
        'none'
    )
{%- endmacro %}
