"""What an operator is planted to do is found by its own probe, on marts made without a build."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion.simulation.parameters import Parameters
from ingestion.simulation.study import simulate
from publishing.boards.finding import Finding
from publishing.boards.retirement import retirement
from publishing.boards.sampling import sampling
from tests.publishing.boards.marts_alone import make, name_accounts

STUDY = Parameters(participants=300, battles_per_participant=4.0, tie_rates={"overall": 0.1})
MARTS = (
    "int_battles__sampled",
    "int_models__grouped",
    "int_sampling__expected",
    "rpt_sampling_rate",
    "rpt_sampling_fairness",
    "rpt_sampling_rank",
    "rpt_retirement",
)
EVENTS = """
create table events as
select * from read_json($files, format = 'newline_delimited', columns = {
    native_id: 'varchar', event_type: 'varchar', occurred_at: 'timestamptz',
    participant_id: 'varchar', conversation_id: 'varchar', model_a: 'varchar', model_b: 'varchar',
    propensity: 'double', model_id: 'varchar', provider: 'varchar', licence_kind: 'varchar',
    was_announced: 'boolean'
})
"""
BATTLES = """
create table fct_battle as
select
    judged.native_id as battle_key, judged.participant_id as participant_key,
    null::varchar as item_id, judged.occurred_at, judged.model_a, judged.model_b,
    scheduled.propensity, true as is_counted
from events as judged
left join events as scheduled
    on judged.conversation_id = scheduled.conversation_id
        and scheduled.event_type = 'battle_scheduled'
where judged.event_type = 'battle_judged'
"""
MODELS = """
create table dim_model as
select
    model_id, any_value(provider) as provider, any_value(licence_kind) as licence_kind,
    false as is_private, true as is_registered, true as has_battled,
    bool_or(event_type = 'model_retired') as is_retired,
    any_value(was_announced) as was_retirement_announced,
    max(occurred_at) filter (event_type = 'model_retired') as retired_at
from events where model_id is not null
group by model_id
"""
RATED = """
create table rating as
select
    model_id, 'trueskill_ep' as estimator, 'none' as weighting, 'all' as stratum_id,
    'overall' as dimension, hash(model_id) % 1000 as skill_micro
from dim_model
"""


def probed(directory: Path, attack: str | None) -> tuple[dict[str, Finding], dict[str, Any]]:
    """What both probes say of the study, and what is true of what was planted."""
    made = simulate(STUDY, directory, attack=attack)
    files = [str(path) for path in made.files if path.stem in {"models", "battles", "attack"}]
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(EVENTS, {"files": files})
    for query in (BATTLES, MODELS, RATED):
        connection.execute(query)
    name_accounts(connection, {})
    make(connection, *MARTS)

    def read(query: str, values: dict[str, Any]) -> Sequence[dict[str, Any]]:
        if "retirement_effect" in query:
            return []
        rows = connection.sql(query, params=values or None).to_arrow_table()
        return list(rows.to_pylist())

    truth = connection.sql("from read_json($file)", params={"file": str(made.truth)})
    document: dict[str, Any] = truth.to_arrow_table().to_pylist()[0]
    found = {"retirement": retirement(read), "sampling": sampling(read)}
    return found, document.get("attack", {})


def test_nothing_is_found_where_nothing_was_planted(tmp_path: Path) -> None:
    found, _ = probed(tmp_path, None)
    assert not any(one.is_found for one in found.values())


@pytest.mark.parametrize("attack", ["retirement", "sampling"])
def test_a_probe_finds_its_own_and_only_its_own(attack: str, tmp_path: Path) -> None:
    found, truth = probed(tmp_path, attack)
    assert [name for name, one in found.items() if one.is_found] == [attack]
    sentence = found[attack].sentence
    if attack == "retirement":
        assert f"{len(truth['model_ids'])} in silence" in sentence
        assert "The licence kind open_weights lost 7 of 7" in sentence
    else:
        assert sentence.startswith(f"The provider {truth['provider']} was drawn 2.")
        assert "at its policy's chances" in sentence
