{#- Pairing policies that can be followed, and exactly one default. -#}
with

policies as (

    select * from {{ ref('seed_pairing_policies') }}

),

unsound as (

    select policy || ' ' || version as fault
    from policies
    where
        random_share not between 0 and 1
        or uncertainty_power < 0
        or model_limit <= 0
        or participant_limit < 1
        or batch_size < 1
        or awaited_battles < 0

),

defaults as (

    select 'defaults: ' || cast(count(*) as string) as fault
    from policies
    where is_default
    having count(*) <> 1

)

select * from unsound
union all
select * from defaults
