{#-
A weighted mean and its standard error by linearisation, clustered by participant.

`rows` is a relation with participant_key, weight and value. With `residuals`, the name of a column that holds what the
margins leave of (value - mean) / sum(weight), the error takes into account that the weights were raked to them.

SE = sqrt(n / (n - 1) * sum((z - mean(z))^2)), z = sum of weight * residual per participant, n participants: Taylor
linearisation as in R `survey`, one stratum, with replacement.

Gives weighted_mean, standard_error, participant_count.
-#}
{% macro weighted_mean(rows, residuals=none) -%}
    with measured as (

        select
            *,
            sum(weight * value) over () / sum(weight) over () as weighted_mean,
            sum(weight) over () as weight_sum
        from {{ rows }}

    ),

    clustered as (

        select
            participant_key,
            max(weighted_mean) as weighted_mean,
            sum(weight * {{ residuals or '(value - weighted_mean) / weight_sum' }}) as score
        from measured
        group by participant_key

    )

    select
        max(weighted_mean) as weighted_mean,
        sqrt(count(*) * var_samp(score)) as standard_error,
        count(*) as participant_count
    from clustered
{%- endmacro %}

{#-
What additive effects of the margins leave of a value: least squares on the margins' dummies by sweeping out the means of
one margin after the other (backfitting). Weights are the base weights, as R `survey` takes them for raked designs.

`rows` is a relation with participant_key, base_weight, value and margin_1 .. margin_n. Gives participant_key, residual.
-#}
{% macro margin_residuals(rows, margin_count, sweep_count=60) -%}
    {%- set margins = [] -%}
    {%- for margin in range(1, margin_count + 1) -%}
        {%- do margins.append('margin_' ~ margin) -%}
    {%- endfor -%}
    {%- set columns = margins | join(', ') -%}
    {%- set chain = namespace(relation='sweeps') -%}
    {%- for margin in margins -%}
        {%- set chain.relation -%}
            (
                select
                    participant_key, base_weight, {{ columns }}, sweep_number,
                    residual - sum(base_weight * residual) over (partition by {{ margin }})
                    / sum(base_weight) over (partition by {{ margin }}) as residual
                from {{ chain.relation }}
            ) as {{ margin }}_swept
        {%- endset -%}
    {%- endfor -%}
    with recursive sweeps as (

        select participant_key, base_weight, {{ columns }}, 0 as sweep_number, value as residual
        from {{ rows }}

        union all

        select participant_key, base_weight, {{ columns }}, sweep_number + 1, residual
        from {{ chain.relation }}
        where sweep_number < {{ sweep_count }}

    )

    select
        participant_key,
        residual
    from sweeps
    where sweep_number = {{ sweep_count }}
{%- endmacro %}
