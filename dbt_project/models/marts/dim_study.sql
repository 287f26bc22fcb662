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
    {{ latest_known('title', 'position') }} as title,
    {{ latest_known('conductor', 'position') }} as conductor,
    {{ latest_known('sponsor', 'position') }} as sponsor,
    {{ latest_known('funding', 'position') }} as funding,
    {{ latest_known('population', 'position') }} as population,
    {{ latest_known('questions', 'position') }} as questions,
    {{ latest_known('mode', 'position') }} as mode,
    {{ latest_known('recruitment', 'position') }} as recruitment,
    {{ latest_known('started_on', 'position') }} as started_on,
    {{ latest_known('ended_on', 'position') }} as ended_on,
    {{ latest_known('contact', 'position') }} as contact,
    {{ latest_known('licence', 'position') }} as licence,
    {{ latest_known('limits', 'position') }} as limits,
    max(position) as valid_from_position
from standing
having count(*) > 0
