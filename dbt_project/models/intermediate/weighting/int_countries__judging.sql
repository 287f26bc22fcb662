with

judging as (

    select * from {{ ref('int_participants__judging') }}

),

contradicted as (

    select distinct participant_key from {{ ref('int_participants__contradicted') }}

),

countries as (

    select
        judging.country,
        count(*) as participant_count,
        count(contradicted.participant_key) as contradicted_count
    from judging
    left join contradicted on judging.participant_key = contradicted.participant_key
    group by judging.country

)

select * from countries
