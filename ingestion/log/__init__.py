"""The event log: the only truth. Written through `EventLog`, read through `ingestion.log.reader`.

docs/event-log.md says what every byte means. The files by topic:

- `event_log` is what the rest of Demoscope uses; `batch` stages events and commits them together,
  `staged_rows` keeps them until then, and `matching` tells what is new from what is known.
- `layout` says where things lie: FORMAT, schemas, segments, commits. `durable` writes so that a
  crash loses nothing, `workspace` gives a writer a directory of its own and clears up after others.
- `segments` writes Parquet files; `leaves`, `salts` and `merkle` make the tree over their rows.
- `chain` says what a commit is and reads all of them; `append` adds one.
- `held_files` says which files hold the rows as of a commit, `whole_files` compares each with its
  hash before it is read, `reader` makes views over them, and `verification` checks a log from its
  bytes up.
- `checkpoint` signs a log's size and root; `event_proof` proves that an event is in it.
- `shared` keeps a log at an object store, of which the directory is a copy; `object_store` is how
  one is spoken to, and `store_repair` puts the store or a copy right from the other.
- `compaction` merges small files, `redaction` and `erasure` destroy what must be forgotten, and
  `export` shows the log to other engines.

How a commit happens: segments become durable under their hashes; the chain is read to its head; the
record that continues it is written, made durable and linked to the next number, which fails if
another writer came first, and then it is tried again; only then the writer is told. At an object
store the same is done there first.

What stays out: judging rows is the job of `expectations/`, current state and everything else that
is rebuilt from the log that of `dbt_project/`, and printing that of `orchestration/cli`. Nothing
here imports them. `event_log` imports the protocol; what works on a whole log (reader, compaction,
redaction, erasure, event_proof, export) imports `event_log`.
"""

from __future__ import annotations

from ingestion.log.batch import Batch
from ingestion.log.chain import Commit
from ingestion.log.event_log import EventLog
from ingestion.log.receipt import Receipt

__all__ = ["Batch", "Commit", "EventLog", "Receipt"]
