{#- A rule that reads a measure nobody takes would never hit, and nobody would notice. -#}
{%- set known = {
    'conversation': conversation_measures() | map(attribute=0) | list,
    'participant': participant_measures() | map(attribute=0) | list,
} -%}

select
    rule,
    version,
    unit,
    measure
from {{ ref('seed_quality_rules') }}
where
    not (unit = 'conversation' and measure like '%:%')
    {%- for unit, names in known.items() %}
        and not (
            unit = '{{ unit }}'
            and measure in (
                {%- for name in names %}
                    '{{ name }}'{{ ',' if not loop.last }}
                {%- endfor %}
            )
        )
    {%- endfor %}
