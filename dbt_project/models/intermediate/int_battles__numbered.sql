{{ config(materialized='view') }}
{#-
Numbers are looked up before anything multiplies the rows: Parquet has texts as numbers of its own, and
until then a look-up by those is all but free. For the same reason a revised battle is not sought among
all battles: it comes again, once to take it out and once as it stands.
-#}
with

battles as (

    select * from {{ ref('stg_events__battles_judged') }}

),

revised as (

    select * from {{ ref('int_battles__revised') }}

),

dimensions as (

    select * from {{ ref('int_names__numbered') }}
    where kind = 'dimension'

),

models as (

    select * from {{ ref('int_names__numbered') }}
    where kind = 'model'

),

outcomes as (

    select * from {{ ref('int_outcomes__unitized') }}

),

placed as (

    select * from {{ ref('int_participants__placed') }}

),

verdicts as (

    {%- for relation, verdict, condition in [
        ('battles', 'outcome', 'true'),
        ('revised', taken_back('outcome'), '(is_corrected or is_retracted)'),
        ('revised', 'corrected_outcome', '(is_corrected and not is_retracted)'),
    ] %}
        {% if not loop.first %}union all{% endif %}
        select
            participant_key,
            dimension,
            model_a,
            model_b,
            {{ verdict }} as verdict
        from {{ relation }}
        where {{ happened_by('occurred_at') }} and {{ condition }}
    {%- endfor %}

),

numbered as (

    select
        verdicts.participant_key,
        placed.cell_id,
        dimensions.number as dimension_number,
        left_models.number as left_number,
        right_models.number as right_number,
        outcomes.unit,
        outcomes.swapped_unit
    from verdicts
    left join placed on verdicts.participant_key = placed.participant_key
    left join dimensions on verdicts.dimension = dimensions.name
    left join models as left_models on verdicts.model_a = left_models.name
    left join models as right_models on verdicts.model_b = right_models.name
    left join outcomes on verdicts.verdict = outcomes.verdict

),

-- A pair has one order here, whichever model stood on the left.
final as (

    select
        participant_key,
        cell_id,
        dimension_number,
        least(left_number, right_number) as model_a_number,
        greatest(left_number, right_number) as model_b_number,
        case when left_number < right_number then unit else swapped_unit end as units
    from numbered

)

select * from final
