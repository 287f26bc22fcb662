"""The event log: the only truth. Written through `EventLog`, read through `ingestion.log.reader`.

What stays out: judging rows (expectations/), and everything rebuilt from the log.
"""

from __future__ import annotations

from ingestion.log.batch import Batch
from ingestion.log.chain import Commit, Segment
from ingestion.log.event_log import EventLog
from ingestion.log.receipt import Receipt, StageResult

__all__ = ["Batch", "Commit", "EventLog", "Receipt", "Segment", "StageResult"]
