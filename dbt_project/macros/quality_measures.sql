{#- What a quality rule may read of a conversation: name, value, and on how many observations it rests.
Labels by judges come on top, as label:value. -#}
{% macro conversation_measures() -%}
    {{ return([
        ('turn_count', 'turn_count', '1'),
        ('median_turn_character_count', 'median_turn_character_count', 'turn_count'),
        ('single_word_turn_share',
            'single_word_turn_count / nullif(cast(turn_count as double), 0)', 'turn_count'),
        ('pasted_turn_share',
            'pasted_turn_count / nullif(cast(turn_count as double), 0)', 'turn_count'),
        ('repeated_turn_count', 'repeated_turn_count', 'turn_count'),
        ('median_turn_seconds', 'median_turn_ms / cast(1000 as double)', 'turn_count'),
        ('attention_check_failed_count', 'attention_check_failed_count', 'attention_check_count'),
    ]) }}
{%- endmacro %}

{#- What a quality rule may read of all verdicts of a participant: name, and the outcomes it counts. -#}
{% macro participant_measures() -%}
    {{ return([('left_share', "'a'"), ('tie_share', "'tie', 'both_bad'")]) }}
{%- endmacro %}
