"""Room 6: the order of it all, from a file in landing to a release that is published.

- `loading.py` orders a load; `landing.py` and `studies.py` say what there is to load.
- `building.py` orders a build: dbt (`dbt_runs.py`), the ratings (`rating_step.py`, by the SQL of
  `rating_queries.py`), and the check of the log (`log_verification.py`); `database.py` opens the
  pipeline's database, and `second_process.py` runs beside it.
- `reproduction.py` and `difference.py` make releases again and explain what differs.
- `queueing.py`, `quality.py` and `adaptive_study.py` write what a study decides as events.
- `assets/`, `automation.py`, `made_elsewhere.py` and `definitions.py` are the same for Dagster;
  `cli/` is the command.

What stays out: maths (ratings), the SQL of figures (dbt_project), what a release is (publishing).
This room may import every other. Dagster is imported here alone, and never by the command line.
"""

import os

# Matrices here are small, and boards are rated side by side: BLAS's own threads, which it makes as
# it is loaded, would wait for each other and burn processor time. No figure depends on them.
for _name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
