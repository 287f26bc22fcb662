"""Posteriors of skill from counts of battles: arrays and Arrow in, Arrow out.

Counts (`counts`) become a posterior (`expectation_propagation`, `hierarchical`, `bradley_terry`,
`online`). Its interval is clustered by participant (`sandwich`), a board's columns are read off it
(`summary`), and the next battles are planned from it (`pairing`, `stopping`). The tables made of
all this are in `tables/`. What stays out: databases, files,
Dagster, dbt, clocks, and any randomness that is not keyed by the caller. So anybody can run this
room alone, and `orchestration/rating_queries.py` says what it reads.

This room imports nothing of the project but `ingestion.tables`, how a table is declared. Kernels
are compiled by `ratings.compiled` and nothing else.
"""
