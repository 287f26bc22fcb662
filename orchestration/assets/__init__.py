"""What Dagster can materialise: events, dbt's tables, the ratings, releases, publications.

An asset calls one function, and says with metadata what came of it. Groups are the stages of the
path, in order: ingest, state, weight, count, rate, report, publish.
"""
