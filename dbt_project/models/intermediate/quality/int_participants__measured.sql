{#- All verdicts that stand, those of who is excluded too: a rule must see what it saw before. -#}
with

battles as (

    select * from {{ ref('int_battles__current') }}
    where participant_key is not null

),

measured as (

    {%- for name, outcomes in participant_measures() %}
        {% if not loop.first %}union all{% endif %}
        select
            participant_key,
            cast(null as string) as conversation_id,
            '{{ name }}' as measure,
            avg(case when outcome in ({{ outcomes }}) then 1 else 0 end) as measured_value,
            count(*) as basis_count
        from battles
        group by participant_key
    {%- endfor %}

)

select * from measured
