"""What Dagster can materialise: the log's events, dbt's models, the ratings, the board.

What stays out: what each of them does (loading.py, building.py, dbt_project/). An asset here calls
one function, and says with metadata what came of it.
"""
