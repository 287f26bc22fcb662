"""Room 2: the gate on every load.

- `row_checks.py` makes the SQL that types and checks every row, from the event's contract.
- `suites.py` makes the Great Expectations suite of a contract and of a load; `gate.py` runs them
  and alone imports the library.
- `quarantine.py` keeps every refused row with reason, row number and original content;
  `accounts.py` says of them what the log keeps, and compares.

What stays out: reading files, committing, and the order of a load. This room imports ingestion.
"""
