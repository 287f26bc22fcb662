{{ config(severity='warn') }}
{#- Warns: levels of the default scheme with too few people or nobody, and what became of them.
Recruit them (demoscope recruit). -#}
select
    rpt_weighting_margin.country,
    rpt_weighting_margin.variable,
    rpt_weighting_margin.level,
    rpt_weighting_margin.level_status,
    rpt_weighting_margin.raked_level,
    rpt_weighting_margin.participant_count
from {{ ref('rpt_weighting_margin') }}
inner join {{ ref('int_weighting_schemes__chosen') }}
    on rpt_weighting_margin.scheme = int_weighting_schemes__chosen.scheme
where
    int_weighting_schemes__chosen.is_default
    and rpt_weighting_margin.is_raked
    and rpt_weighting_margin.level_status in ('empty', 'collapsed')
