{#-
A weighted mean and its standard error by linearisation, clustered by participant.

`rows` is a relation with participant_key, weight and value; several rows of a participant are one
cluster. `score` is what a row contributes to the estimate's error: by default as if the weights
had been known beforehand. For weights raked to margins give weight * residual, where residual is
what the margins leave of (value - mean) / sum(weight) (macro margin_residuals).

SE = sqrt(n / (n - 1) * sum((z - mean(z))^2)), z the sum of a participant's scores, n participants:
Taylor linearisation as in R `survey`, one stratum, with replacement.

Gives weighted_mean, standard_error, participant_count.
-#}
{% macro weighted_mean(rows, score='weight * (value - weighted_mean) / weight_sum') -%}
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
            sum({{ score }}) as participant_score
        from measured
        group by participant_key

    )

    select
        max(weighted_mean) as weighted_mean,
        sqrt(count(*) * var_samp(participant_score)) as standard_error,
        count(*) as participant_count
    from clustered
{%- endmacro %}

{#-
What additive effects of the margins leave of a value: the means of one margin after the other are
swept out, again and again (backfitting), which ends at least squares on the margins' dummies.

`rows` is a relation with participant_key, sweep_weight, value and margin_1 .. margin_n.
    sweep_weight the base weight, swept until it stands still: R `survey::calibrate`.
    sweep_weight 1, ten sweeps: R `survey::rake`, which differs by 0.05%.

Gives participant_key, residual.
-#}
{% macro margin_residuals(rows, margin_count, sweep_count=60) -%}
    {%- set margins = [] -%}
    {%- for margin in range(1, margin_count + 1) -%}
        {%- do margins.append('margin_' ~ margin) -%}
    {%- endfor -%}
    {%- set columns = margins | join(', ') -%}
    with recursive sweeps as (

        select participant_key, sweep_weight, {{ columns }}, 0 as sweep_number, value as residual
        from {{ rows }}

        union all

        select participant_key, sweep_weight, {{ columns }}, sweep_number + 1, residual
        from (
            with margin_0_swept as (

                select * from sweeps
                where sweep_number < {{ sweep_count }}

            )
            {%- for margin in margins %},

            {{ margin }}_swept as (

                select
                    participant_key, sweep_weight, {{ columns }}, sweep_number,
                    residual - sum(sweep_weight * residual) over (partition by {{ margin }})
                    / sum(sweep_weight) over (partition by {{ margin }}) as residual
                from margin_{{ loop.index0 }}_swept

            )
            {%- endfor %}

            select * from {{ margins | last }}_swept
        ) as swept

    )

    select
        participant_key,
        residual
    from sweeps
    where sweep_number = {{ sweep_count }}
{%- endmacro %}
