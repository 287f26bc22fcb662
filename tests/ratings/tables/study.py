"""The tables that the rating step reads, made by hand for a study of one country and one axis."""

from collections.abc import Iterable
from typing import NamedTuple

import duckdb

from orchestration.dbt_runs import PROJECT_DIRECTORY

MILLION = 1_000_000


class Verdict(NamedTuple):
    """Who said what; a participant weighs what their verdicts of one dimension do together."""

    participant: str | None
    group: str
    dimension: str
    model_a: str
    model_b: str
    outcome: str
    weight: float = 1.0
    item: str | None = None


SEEDS = PROJECT_DIRECTORY / "seeds"


def database(verdicts: Iterable[Verdict]) -> duckdb.DuckDBPyConnection:
    """Group `old` or `young` of axis `age` in the US, half the population each."""
    connection = duckdb.connect()
    connection.execute(
        "create table verdict (participant varchar, group_name varchar, dimension varchar,"
        " model_a varchar, model_b varchar, outcome varchar, weight double, item_id varchar,"
        " position integer)"
    )
    rows = [[*verdict, position] for position, verdict in enumerate(verdicts)]
    connection.executemany("insert into verdict values (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    connection.execute(f"""
        create schema seeds;
        create table seeds.seed_pools as
            select 'everybody' as pool, 'US' as country, 1.0::double as share;
        create table seeds.seed_rubric_values as
            from read_csv('{SEEDS}/seed_rubric_values.csv');
        create table seeds.seed_reference_models as
            from read_csv('{SEEDS}/seed_reference_models.csv');
        create table int_labels__current (
            rubric varchar, rubric_version varchar, label varchar, judge varchar,
            judge_version varchar, value varchar, is_finding boolean, severity varchar,
            labeller_kind varchar, prompt_sha256 varchar, conversation_id varchar,
            participant_key varchar, model_id varchar, topic varchar, left_out_reason varchar,
            position bigint
        );
        create table dim_stratum as
            select 'US' as country, 'age' as axis, unnest(['old', 'young']) as group_name,
                'US/age/' || group_name as stratum_id,
                0.5::double as population_share, 1 as sort_order;
        create table dim_model as
            select distinct unnest([model_a, model_b]) as model_id, true as is_registered,
                false as is_retired, false as is_private, true as has_battled,
                0 as own_alias_battle_count
            from verdict;
        create table seeds.seed_pairing_policies as
            from read_csv('{SEEDS}/seed_pairing_policies.csv', all_varchar = true);
        create table seeds.seed_stopping_targets as
            from read_csv('{SEEDS}/seed_stopping_targets.csv', types = {{'stratum_id': 'varchar'}});
        create table int_variants__tested as
            select '' as model_id, '' as board_model_id, '' as provider, '' as provider_key,
                '' as family_key, '' as variant_of, '' as public_model_id,
                cast(null as timestamp) as known_published_at,
                cast(null as timestamp) as first_battle_at,
                cast(null as timestamp) as registered_at, false as is_joined, 0 as position
            where false;
        create table int_benchmarks__current as
            select '' as benchmark, '' as metric, '' as model_id, 0.0::double as oriented_score,
                0.0::double as score_error, false as is_first_party, true as is_chosen
            where false;
        create table int_cells__grouped as
            select cast(case group_name when 'old' then 1 else 2 end as integer) as cell_id,
                country, axis, group_name
            from dim_stratum;
        create table int_cells__assigned_to_strata as
            select unnest(['all', 'US']) as stratum_id, cell_id from int_cells__grouped
            union all select 'US/age/' || group_name, cell_id from int_cells__grouped;
        create table fct_battle as
            select verdict.*, participant as participant_key, cells.cell_id, true as is_counted,
                'study' as source,
                cast(null as timestamp) as occurred_at
            from verdict inner join int_cells__grouped as cells using (group_name);
        create table fct_tournament_count as
            select stratum_id, dimension, model_a, model_b,
                count(*) filter (outcome = 'a') as win_a_count,
                count(*) filter (outcome = 'b') as win_b_count,
                count(*) filter (outcome = 'tie') as tie_count,
                count(*) filter (outcome = 'both_bad') as both_bad_count
            from fct_battle inner join int_cells__assigned_to_strata using (cell_id) group by all;
        create table dim_cell as
            select distinct cell_id, 'known' as cell_key from int_cells__grouped
            union all select 3, 'unknown';
        create table dim_participant as
            select distinct participant as participant_key, cell_id from fct_battle
            where participant is not null;
        create table fct_participant_count as
            select participant as participant_key, dimension, model_a, model_b,
                count(*) filter (outcome = 'a') as win_a_count,
                count(*) filter (outcome = 'b') as win_b_count,
                count(*) as battle_count
            from fct_battle where participant is not null group by all;
        create table int_participants__with_verdicts as
            select participant_key, row_number() over (order by participant_key)
                as participant_number
            from (select distinct participant_key from fct_participant_count);
        create table int_participants__current as
            select participant_key, 'US' as country, cast(null as varchar) as age,
                cast(null as varchar) as gender, cast(null as varchar) as ethnicity,
                cast(null as varchar) as politics, cast(null as varchar) as education
            from int_participants__with_verdicts;
        create table int_battles__retracted as
            select dimension, participant as participant_key, 'study' as source, model_a,
                model_b, outcome, '' as event_id, 1 as position
            from verdict where false;
        alter table int_participants__with_verdicts add column profile_number bigint;
        create table int_profiles__assigned_to_weighting_cells as
            select 1 as raking_id, 1 as profile_number, 1 as cell_number where false;
        create table int_margins__targeted as
            select 1 as raking_id, 'US' as country, 'census' as scheme where false;
        create table int_weighting_schemes__chosen as
            select 'census' as scheme, true as is_default, 3.0 as trim_hi where false;
        create table int_weighting_cells__counted as
            select 1 as raking_id, 1 as cell_number where false;
        create table int_participants__excluded as
            select participant_key, false as is_by_hand, 1 as excluded_position
            from dim_participant where false;
        create table fct_rating (participant_key varchar, position bigint, cell_id integer,
            model_id varchar, criterion varchar, parent_criterion varchar, rating integer,
            is_counted boolean);
        create table int_policies__applied as
            select 'none' as policy, '1' as policy_version, participant_key, true as is_excluded
            from dim_participant where false;
        create table int_battles__current as
            select *, cast(null as varchar) as uncounted_reason, cast(null as varchar) as topic,
                cast(null as varchar) as conversation_id,
                md5(concat_ws('/', participant, model_a, model_b, outcome)) as battle_key
            from fct_battle;
        create table int_participants__assigned_to_cells as select * from dim_participant;
        create table int_battles__with_topic as
            select *, 'unknown' as topic, false as is_sensitive from fct_battle where false;
        create table int_conversations__current as
            select 'c' as conversation_id, 1 as turn_count where false;
        create table fct_policy_count as
            select 'none' as policy, '1' as policy_version, dimension, model_a, model_b,
                win_a_count, win_b_count, tie_count + both_bad_count as tie_count
            from fct_tournament_count where stratum_id = 'all';
        create table fct_cell_count as
            select cell_id, dimension, model_a, model_b,
                count(*) filter (outcome = 'a') as win_a_count,
                count(*) filter (outcome = 'b') as win_b_count,
                count(*) filter (outcome = 'tie') as tie_count,
                count(*) filter (outcome = 'both_bad') as both_bad_count
            from fct_battle group by all;
        create table int_strata__weighted as
            select 'census' as weighting, 'US' as stratum_id, participant_key, participant_number,
                cast(sum(weight * {MILLION}) / count(distinct dimension) as bigint) as weight_micro
            from int_participants__with_verdicts
            inner join verdict on participant_key = participant
            group by participant_key, participant_number;
    """)
    return connection
