"""What a build writes for queues, of a study of one country, two groups and five models.

What stays out: what queues must be (the tests beside it).
"""

from dataclasses import replace

import numpy as np
import pyarrow as pa

from orchestration.dbt_runs import PROJECT_DIRECTORY
from orchestration.queueing import find_policy
from ratings.tables.count_boards import canonical, pair_rows
from ratings.tables.declarations import conform
from ratings.tables.inputs import Study
from ratings.tables.planning import Start, candidate_rows, part_rows
from ratings.tournaments import Rated, RatingParameters, rate_each
from tests.ratings.simulation import model_ids, simulate

GROUPS = {"18-34": 0.3, "55+": 0.7}
STRATA = ["all", "US", *(f"US/age/{group}" for group in GROUPS), "UK"]
MODELS = [*model_ids(5), "newcomer"]
DEFAULT = find_policy(PROJECT_DIRECTORY, None)
POLICY = replace(DEFAULT, pool="only", population_axis="age")


def rated() -> list[Rated]:
    """Two groups of one country, the older hardly asked; the UK not at all."""
    tables = []
    for stratum, battles in (("all", 330), ("US", 330), ("US/age/18-34", 300), ("US/age/55+", 30)):
        counts = simulate(3, size=5, battles=battles).counts
        size = counts.tie.size
        names = np.array(counts.model_ids)
        columns = {"model_a": names[counts.first], "model_b": names[counts.second]}
        columns |= {"win_a_count": counts.win_first, "win_b_count": counts.win_second}
        keys = {"stratum_id": [stratum] * size, "dimension": ["overall"] * size}
        tables.append(pa.table(keys | columns | {"tie_count": counts.tie}))
    return list(rate_each(pa.concat_tables(tables), RatingParameters()))


def start_of(boards: list[Rated]) -> Start:
    """The tables of boards, in micro-units."""
    population = Study({"US": {"age": GROUPS}}, {}, {"only": {"US": 1.0}})
    return Start(
        conform("candidate", candidate_rows(boards, STRATA, MODELS)),
        conform("pairwise", pa.concat_tables(pair_rows(one) for one in canonical(boards).values())),
        conform("population_part", part_rows(population)),
    )
