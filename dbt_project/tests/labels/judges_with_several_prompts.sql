{{ config(severity='warn') }}
{#- Warns: judges that labelled under one name and version with different words. They are two
judges: no rate is corrected by them. Give each its own judge_version, and load the labels again. -#}
select
    judge,
    judge_version,
    rubric,
    rubric_version,
    label,
    count(distinct prompt_sha256) as prompt_count
from {{ ref('int_labels__current') }}
where left_out_reason is null
group by judge, judge_version, rubric, rubric_version, label
having count(distinct prompt_sha256) > 1
