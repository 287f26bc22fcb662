"""A mart's SQL over tables made by hand, without dbt: for many small studies in one test."""

from collections.abc import Mapping

import duckdb

from tests.dbt.models import render_model


def make(connection: duckdb.DuckDBPyConnection, *marts: str) -> None:
    """Make each as a table of its name; what it reads lies there under its own."""
    for mart in marts:
        sql = render_model(mart, "comparable_text", "folded_name", "type_of_times")
        connection.execute(f"create or replace table {mart} as {sql}")


def name_accounts(
    connection: duckdb.DuckDBPyConnection, named: Mapping[str, str], is_found: bool = True
) -> None:
    """What vote quality says of one_model_preferred on overall: which account, for which model."""
    connection.execute("""
        create table vote_signal (
            dimension varchar, signal varchar, model_id varchar, source varchar, is_found boolean
        );
        create table vote_suspect (
            dimension varchar, signal varchar, model_id varchar, participant_number integer
        );
        create table int_participants__with_verdicts (
            participant_key varchar, participant_number integer
        );
        create view rpt_vote_quality as from vote_signal;
    """)
    signal = "one_model_preferred"
    for model in sorted(set(named.values())):
        connection.execute(
            "insert into vote_signal values ('overall', ?, ?, null, ?)", [signal, model, is_found]
        )
    for number, (account, model) in enumerate(named.items()):
        connection.execute(
            "insert into vote_suspect values ('overall', ?, ?, ?)", [signal, model, number]
        )
        connection.execute(
            "insert into int_participants__with_verdicts values (?, ?)", [account, number]
        )
