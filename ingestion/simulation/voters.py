"""People who judge the battles they are asked to judge, by the truth of a simulated study.

What stays out: who they are (sample.py), and battles they chose by themselves (battles.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from ingestion.simulation.battles import LEFT, OUTCOMES, RIGHT, TIE
from ingestion.simulation.lines import participant_id, study_models
from ingestion.simulation.population import IntArray
from ingestion.simulation.sample import draw_participants
from ingestion.simulation.streams import Purpose, stream
from ingestion.simulation.truth import Truth
from ingestion.vocabulary import Outcome


@dataclass(frozen=True)
class Vote:
    """What one participant said of one battle."""

    participant_id: str
    model_a: str
    model_b: str
    outcome: Outcome


@dataclass(frozen=True, eq=False)
class Voters:
    """The participants of a study; they try, whatever its share of low effort.

    Args:
        truth: what they go by.
        cells: the cell each lives in (participants).
        models: the study's models, in the order of the truth.
    """

    truth: Truth
    cells: IntArray
    models: tuple[str, ...]

    @classmethod
    def of(cls, truth: Truth) -> Self:
        """Those whom `simulate` enrols for the same truth."""
        cells = [chunk.cell for chunk in draw_participants(truth)]
        models = tuple(model.model_id for model in study_models(truth))
        return cls(truth, np.concatenate(cells), models)

    def judge(
        self, pairs: list[tuple[str, str]], *, dimension: str, place: tuple[int, ...]
    ) -> list[Vote]:
        """One vote per pair, each by somebody else as long as there are people.

        Args:
            pairs: models left and right.
            dimension: what is judged.
            place: names the streams of random numbers: study, round, ...
        """
        parameters = self.truth.parameters
        number = parameters.dimensions.index(dimension)
        order = stream(parameters.seed, Purpose.ASKED, *place).permutation(len(self.cells))
        who = np.resize(order, len(pairs))
        left, right = (
            np.array([self.models.index(pair[side]) for pair in pairs], dtype=np.int64)
            for side in (0, 1)
        )
        noise = stream(parameters.seed, Purpose.ASKED_VERDICT, *place).standard_normal(len(pairs))
        skills = self.truth.cell_skills[self.cells[who], :, number]
        rows = np.arange(len(pairs))
        difference = skills[rows, left] - skills[rows, right] + parameters.left_bias
        difference += np.sqrt(2.0) * parameters.beta * noise
        said = np.where(difference > 0.0, LEFT, RIGHT)
        said[np.abs(difference) < self.truth.draw_margins[number]] = TIE
        return [
            Vote(participant_id(int(person)), *pair, OUTCOMES[code])
            for person, pair, code in zip(who, pairs, said, strict=True)
        ]
