with

descriptions as (

    select * from {{ ref('stg_events__studies_described') }}

),

retracted as (

    select * from {{ ref('int_events__revised') }}
    where retracted_position is not null

),

standing as (

    select descriptions.*
    from descriptions
    left join retracted on descriptions.event_id = retracted.event_id
    where retracted.event_id is null

)

-- A later description leaves what it does not speak of as it was.
select
    max_by(title, position) filter (where title is not null) as title,
    max_by(conductor, position) filter (where conductor is not null) as conductor,
    max_by(sponsor, position) filter (where sponsor is not null) as sponsor,
    max_by(funding, position) filter (where funding is not null) as funding,
    max_by(population, position) filter (where population is not null) as population,
    max_by(questions, position) filter (where questions is not null) as questions,
    max_by(mode, position) filter (where mode is not null) as mode,
    max_by(recruitment, position) filter (where recruitment is not null) as recruitment,
    max_by(started_on, position) filter (where started_on is not null) as started_on,
    max_by(ended_on, position) filter (where ended_on is not null) as ended_on,
    max_by(contact, position) filter (where contact is not null) as contact,
    max_by(licence, position) filter (where licence is not null) as licence,
    max_by(limits, position) filter (where limits is not null) as limits,
    max(position) as valid_from_position
from standing
having count(*) > 0
