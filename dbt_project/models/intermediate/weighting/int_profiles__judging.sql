with

judging as (

    select * from {{ ref('int_participants__judging') }}

),

profiles as (

    select
        profile_number,
        country,
        count(*) as participant_count
    from judging
    group by profile_number, country

)

select * from profiles
