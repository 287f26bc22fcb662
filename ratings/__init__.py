"""Posteriors of skill from counts of battles: arrays and Arrow in, Arrow out.

The numerics lie here, the tables made of them in `tables/`. What stays out: databases, files,
Dagster, dbt, clocks, and any randomness that is not keyed by the caller. So anybody can run this
room alone, and `orchestration/rating_step.py` says what it reads and where its tables are kept.

This room imports nothing of the project but `ingestion.tables`, how a table is declared. Kernels
are compiled by `ratings.compiled` and nothing else.
"""
