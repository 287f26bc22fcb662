"""Room 1: from the world to immutable events.

- `tables.py` says how a table is declared; `contracts.py` declares the events, `vocabulary.py` the
  closed sets of values.
- `sources/` and `mappings/` read files verbatim and account for every row.
- `subjects/` turns ids of people into pseudonyms and seals their answers.
- `log/` keeps the events: segments, commits, proofs, erasure.
- `simulation/` makes studies whose truth is known.
- `digests.py` and `sha256_many.py` hash columns; `paths.py` knows directories, `errors.py` the
  errors that a user can meet.

What stays out: whether a value is right (expectations), what events mean (dbt_project), and the
order of a load (orchestration). This room imports no other.
"""
