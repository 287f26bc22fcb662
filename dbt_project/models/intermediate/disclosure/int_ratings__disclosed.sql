with

ratings as (

    select * from {{ ref('fct_rating') }}
    where is_counted

),

cells as (

    select * from {{ ref('int_cells__assigned_to_strata') }}

),

strata as (

    select * from {{ ref('dim_stratum') }}

),

-- A rating is on its criterion, on the one that it is a part of, and on all together; of its model,
-- and of all together.
on_criteria as (

    {%- for criterion in ['criterion', 'parent_criterion', "'" ~ every_dimension() ~ "'"] %}
        {% if not loop.first %}union all{% endif %}
        select
            event_id,
            participant_key,
            cell_id,
            model_id,
            {{ criterion }} as criterion
        from ratings
        where {{ criterion }} is not null
    {%- endfor %}

),

of_models as (

    select * from on_criteria
    union all
    select
        event_id,
        participant_key,
        cell_id,
        '{{ every_dimension() }}' as model_id,
        criterion
    from on_criteria

),

-- A rating of nobody known is somebody's own.
people as (

    select
        cells.stratum_id,
        of_models.criterion,
        of_models.model_id,
        count(distinct coalesce(of_models.participant_key, of_models.event_id)) as rater_count
    from of_models
    inner join cells on of_models.cell_id = cells.cell_id
    group by cells.stratum_id, of_models.criterion, of_models.model_id

),

-- A family is what adds up to the same people: the countries, or the groups of an axis.
members as (

    select
        people.*,
        {{ family_of('strata') }}
    from people
    inner join strata on people.stratum_id = strata.stratum_id
    where people.stratum_id <> 'all'

),

judged as (

    {{ large_enough(
        'members', ['parent_id', 'axis', 'criterion', 'model_id'], 'stratum_id', 'rater_count'
    ) }}

)

select
    people.stratum_id,
    people.criterion,
    people.model_id,
    people.rater_count,
    coalesce(everybody.rater_count >= {{ disclosed_people_min() }}, false)
    and coalesce(countries.is_large_enough, true)
    and coalesce(judged.is_large_enough, true) as is_disclosed
from people
left join judged
    on
        people.stratum_id = judged.stratum_id
        and people.criterion = judged.criterion
        and people.model_id = judged.model_id
left join judged as countries
    on
        judged.parent_id = countries.stratum_id
        and judged.criterion = countries.criterion
        and judged.model_id = countries.model_id
left join people as everybody
    on
        people.criterion = everybody.criterion
        and people.model_id = everybody.model_id
        and everybody.stratum_id = 'all'
