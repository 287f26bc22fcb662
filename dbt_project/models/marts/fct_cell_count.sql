with

counts as (

    select * from {{ ref('int_cells__counted') }}

),

weighted as (

    select * from {{ ref('int_cells__weighted') }}

),

dimensions as (

    select * from {{ ref('int_names__numbered') }}
    where kind = 'dimension'

),

models as (

    select * from {{ ref('int_names__numbered') }}
    where kind = 'model'

),

named as (

    select
        counts.*,
        dimensions.name as dimension,
        first_models.name as model_a,
        second_models.name as model_b,
        weighted.win_a_weight_micro,
        weighted.win_b_weight_micro,
        weighted.tie_weight_micro,
        weighted.both_bad_weight_micro
    from counts
    inner join dimensions on counts.dimension_number = dimensions.number
    inner join models as first_models on counts.model_a_number = first_models.number
    inner join models as second_models on counts.model_b_number = second_models.number
    left join weighted
        on
            counts.cell_id = weighted.cell_id
            and counts.dimension_number = weighted.dimension_number
            and counts.model_a_number = weighted.model_a_number
            and counts.model_b_number = weighted.model_b_number

),

final as (

    {%- for outcome, column in [
        ('a', 'win_a'), ('b', 'win_b'), ('tie', 'tie'), ('both_bad', 'both_bad')
    ] %}
        {% if not loop.first %}union all{% endif %}
        select
            cast(cell_id as integer) as cell_id,
            dimension,
            model_a,
            model_b,
            '{{ outcome }}' as outcome,
            {{ column }}_count as battle_count,
            coalesce({{ column }}_weight_micro, 0) as weight_micro
        from named
        where {{ column }}_count > 0
    {%- endfor %}

)

select * from final
