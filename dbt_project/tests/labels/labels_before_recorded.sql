{{ config(severity='warn') }}
{#- Warns: conversations labelled before they were recorded; such labels are left out. Correct the
times in the file of labels, or that of conversations, and load it again. -#}
select
    judge,
    judge_version,
    label,
    count(*) as label_count
from {{ ref('int_labels__current') }}
where left_out_reason = 'before_recorded'
group by judge, judge_version, label
