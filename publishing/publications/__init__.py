"""Publications: immutable copies of the marts, in `marts/<release_id>/`, one per release.

Which tables and columns are public is declared beside each mart (catalogue.py); which rows are is
decided in dbt_project/models/intermediate/disclosure.
"""
