{#- Fewest participants whose figures a publication shows (docs/bi-analysts.md). -#}
{% macro disclosed_people_min() -%}
    {{ var('disclosed_people_min') }}
{%- endmacro %}

{#- The name under which people are counted over all dimensions together. -#}
{% macro every_dimension() -%}*{%- endmacro %}

{#- What a stratum is a part of, by the columns of dim_stratum under this name: a country of all, a
group of its axis and country. -#}
{% macro family_of(strata) -%}
    case when {{ strata }}.axis is null then 'all' else {{ strata }}.country end as parent_id,
    coalesce({{ strata }}.axis, '') as axis
{%- endmacro %}

{#-
Which members of a family may be shown, where the family's total is shown too.

`rows` is a relation with one row per member: the columns of `family`, `member` and `people`, a
count. A member with too few people is hidden, and with it the next smallest ones, until
those that are hidden are together enough people, and so at least two: what is missing from the
total is then no small member's own figure. Where that cannot be, the whole family is hidden.
Members may have the same people in them (`is_overlapping`), topics or months, say. Then their
counts don't add up, and one of the hidden members must itself be enough people.

Gives the columns of `family`, `member`, is_large_enough, and is_family_mixed: whether a weighted
sum over the family keeps its hidden members apart from each other.
-#}
{% macro large_enough(rows, family, member, people, is_overlapping=false) -%}
    with ordered as (

        select
            {{ family | join(', ') }},
            {{ member }},
            row_number() over (
                partition by {{ family | join(', ') }}
                order by {{ people }}, {{ member }}
            ) as place,
            {{ 'max' if is_overlapping else 'sum' }}({{ people }}) over (
                partition by {{ family | join(', ') }}
                order by {{ people }}, {{ member }}
                rows between unbounded preceding and current row
            ) as hidden_count,
            sum(case when {{ people }} < {{ disclosed_people_min() }} then 1 else 0 end)
                over (partition by {{ family | join(', ') }}) as small_count
        from {{ rows }}

    ),

    bounded as (

        select
            *,
            min(
                case
                    when
                        place >= small_count
                        and hidden_count >= {{ disclosed_people_min() }}
                        then place
                end
            ) over (partition by {{ family | join(', ') }}) as last_hidden_place
        from ordered

    )

    select
        {{ family | join(', ') }},
        {{ member }},
        small_count = 0 or coalesce(place > last_hidden_place, false) as is_large_enough,
        small_count = 0 or last_hidden_place is not null as is_family_mixed
    from bounded
{%- endmacro %}
