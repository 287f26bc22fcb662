"""How many battles choosing saves on boards that know who judged: a table for the documentation.

    python -m tests.benchmarks.choosing [--batch 60] [--people 300] [--studies 12]

The studies of `demoscope simulate --adaptive`, in memory: the same first battles, then batches that
are chosen or at random, until the widest 95% interval of everybody's board is 2 wide.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from ingestion.simulation.battles import Vote, Voters
from ingestion.simulation.parameters import Parameters
from ingestion.simulation.population import read_population
from ingestion.simulation.study import BATTLES, simulate
from ingestion.simulation.truth import draw_truth
from orchestration.adaptive_study import DIMENSION, TIES, board_of, read_votes
from ratings.pairing import PairingPolicy, Rule, propose
from ratings.stopping import Measure, value_of

CHOSEN, AT_RANDOM = PairingPolicy("chosen", "1"), PairingPolicy("random", "1", Rule.RANDOM)
WIDTH = 2.0


def taken(people: int, seed: int, batch: int) -> tuple[int, int]:
    """Battles of one study until it may stop: chosen, and at random."""
    parameters = Parameters(
        participants=people, seed=seed, tie_rates={DIMENSION: TIES}, low_effort_share=0.0
    )
    voters = Voters.of(draw_truth(parameters, read_population()))
    # The last of the roster retire.
    models = voters.models[: len(voters.models) - len(parameters.retired_at)]
    with TemporaryDirectory() as directory:
        simulate(parameters, Path(directory))
        first = read_votes(Path(directory) / BATTLES)
    chosen, at_random = (
        _until_met(policy, voters, first, models, batch) for policy in (CHOSEN, AT_RANDOM)
    )
    return chosen, at_random


def _until_met(
    policy: PairingPolicy,
    voters: Voters,
    first: Sequence[Vote],
    models: Sequence[str],
    batch: int,
) -> int:
    votes = list(first)
    while True:
        posterior, _ = board_of(votes).over(models)
        if value_of(Measure.INTERVAL_WIDTH, posterior) <= WIDTH:
            return len(votes)
        proposed = propose([posterior], policy, size=batch, seed=len(votes))
        sides = zip(proposed.left, proposed.right, strict=True)
        pairs = [(models[left], models[right]) for left, right in sides]
        votes += voters.judge(pairs, dimension=DIMENSION, place=(len(votes),))


def report(people: int, studies: int, batch: int) -> Iterator[str]:
    """Lines of a table: each study, then the means."""
    yield f"{people} people, batches of {batch}, until every interval is {WIDTH:g} wide\n"
    yield "| seed | chosen | at random |\n|---|---|---|"
    every = []
    for seed in range(1, studies + 1):
        every.append(taken(people, seed, batch))
        yield f"| {seed} | {every[-1][0]:,} | {every[-1][1]:,} |"
    means = np.mean(every, axis=0)
    yield f"| mean | {means[0]:,.0f} | {means[1]:,.0f} |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("batch", 60), ("people", 300), ("studies", 12)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    for line in report(asked.people, asked.studies, asked.batch):
        print(line, flush=True)
