{#-
Each model as itself, as its provider's and as of its kind of licence. Providers whose names differ in
case, blanks or punctuation alone are one, by the spelling that the first of their models has.
-#}
with

models as (

    select
        model_id,
        first_value(provider) over (
            partition by {{ folded_name('provider') }}
            order by model_id
        ) as provider,
        licence_kind
    from {{ ref('dim_model') }}

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
