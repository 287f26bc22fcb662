{#-
The model that a name means (int_models__aliased). A table that takes models' names from events takes
them through these: for each column with names the join, and in place of the column the expression.
-#}

{#- Joins what the names of a column mean at the place of the log where they were said. -#}
{% macro join_canonical_model(relation, column, position='position') -%}
    left join {{ ref('int_models__aliased') }} as {{ column }}_meant
        on
            {{ relation }}.{{ column }} = {{ column }}_meant.alias
            and {{ relation }}.{{ position }} >= {{ column }}_meant.from_position
            and {{ relation }}.{{ position }} < {{ column }}_meant.until_position
{%- endmacro %}

{#- The model itself. -#}
{% macro canonical_model(relation, column) -%}
    coalesce({{ column }}_meant.model_id, {{ relation }}.{{ column }})
{%- endmacro %}
