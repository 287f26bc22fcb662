"""Room 5: releases of boards, publications of the tables behind them, and the page readers open.

It may import ingestion and ratings. What builds or rebuilds anything is orchestration's, which
hands in the directories, the database connection and the dbt project.
"""
