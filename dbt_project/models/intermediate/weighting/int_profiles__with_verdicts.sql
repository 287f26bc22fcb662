select
    profile_number,
    country,
    count(*) as participant_count
from {{ ref('int_participants__with_verdicts') }}
where profile_number is not null
group by profile_number, country
