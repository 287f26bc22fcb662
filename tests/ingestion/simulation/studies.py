"""Reads a study that was written, with nothing of the code that wrote it."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from ingestion.simulation.parameters import Parameters
from ingestion.simulation.population import Population
from ingestion.simulation.study import Summary, simulate
from tests.ingestion.simulation.populations import POPULATION

AGE_BAND = "case when age::int < 35 then '18-34' when age::int < 55 then '35-54' else '55+' end"


@dataclass(frozen=True)
class Study:
    directory: Path
    summary: Summary

    @cached_property
    def truth(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.directory / "truth.json").read_text("utf-8"))
        return document

    @cached_property
    def models(self) -> list[str]:
        return [model["model_id"] for model in self.truth["models"]]

    @cached_property
    def skills(self) -> dict[str, dict[str, NDArray[np.float64]]]:
        """By stratum and dimension."""
        skills: dict[str, dict[str, NDArray[np.float64]]] = {}
        for row in self.truth["strata"]:
            own = skills.setdefault(row["stratum_id"], {})
            own[row["dimension"]] = np.array(row["skills"])
        return skills

    def rows(self, name: str) -> list[dict[str, Any]]:
        text = (self.directory / f"{name}.jsonl").read_text("utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def bytes(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted(self.directory.iterdir())}

    def columns(self, query: str) -> dict[str, NDArray[Any]]:
        """SQL over the files: `battles`, `participants`, `conversations`."""
        with duckdb.connect() as connection:
            for name in ("battles", "participants", "conversations"):
                path = self.directory / f"{name}.jsonl"
                connection.execute(f"create view {name} as from read_json('{path}')")
            columns = connection.execute(query).fetchnumpy()
        return {name: np.asarray(values) for name, values in columns.items()}


def study(directory: Path, population: Population = POPULATION, **asked: Any) -> Study:
    """Simulate; 300 participants unless asked otherwise."""
    parameters = Parameters(**{"participants": 300, **asked})
    return Study(directory, simulate(parameters, directory, population=population))
