{{ config(materialized='view') }}

with

single as (

    select * from {{ ref('int_profiles__levelled') }}

),

joint as (

    select * from {{ ref('int_profiles__crossed') }}

),

united as (

    select * from single
    union all
    select * from joint

)

select * from united
