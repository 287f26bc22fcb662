{#- The outcome of a battle as it reads with the lesser name of the two as model_a. -#}
{% macro oriented_outcome() -%}
    case
        when model_a < model_b or outcome not in ('a', 'b') then outcome
        when outcome = 'a' then 'b'
        else 'a'
    end
{%- endmacro %}

{#- Verdicts of a group by outcome, in one order everywhere. -#}
{% macro outcome_counts() -%}
    count(*) filter (where outcome = 'a') as win_a_count,
        count(*) filter (where outcome = 'b') as win_b_count,
        count(*) filter (where outcome = 'tie') as tie_count,
        count(*) filter (where outcome = 'both_bad') as both_bad_count
{%- endmacro %}
