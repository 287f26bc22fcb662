"""What Dagster can materialise: labels, events, dbt's tables, the ratings, releases, publications.

An asset calls one function, and says with metadata what came of it. Groups are the stages of the
path, in order: label, ingest, state, weight, count, rate, report, publish.
"""
