{#- Each model as itself, as its provider's and as of its kind of licence. -#}
with

models as (

    select * from {{ ref('dim_model') }}

)

select
    model_id,
    'model' as scope,
    model_id as member
from models
union all
select
    model_id,
    'provider' as scope,
    coalesce(provider, 'unknown') as member
from models
union all
select
    model_id,
    'licence_kind' as scope,
    coalesce(licence_kind, 'unknown') as member
from models
