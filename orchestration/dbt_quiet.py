"""dbt in this process with nobody listening: no event is made into a message, and rubbish is rare.

dbt tells of each step of each node; making messages of it that no logger and no callback gets costs
a tenth of a build. The collector of cyclic garbage looks through dbt's hundred thousand lasting
objects again and again; a build is over before it finds what would be worth the time.

What stays out: running dbt (dbt_runs.py). What goes wrong dbt's results say, and the exceptions it
raises; neither comes by an event.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dbt_common.events import event_manager_client
from dbt_common.events.base_types import EventLevel
from dbt_common.events.event_manager import EventManager

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbt_common.events.base_types import BaseEvent

# Allocations between two collections, instead of 700: a collection then finds something.
ALLOCATIONS = 20_000
UNHEARD = {EventLevel.DEBUG, EventLevel.TEST, EventLevel.INFO}


class QuietEvents(EventManager):
    """Drops what no logger wants, as long as there is none; warnings and errors go their way.

    A warning can be made an error (dbt_project.yml), and dbt's own callback wants some of them.
    """

    def fire_event(
        self,
        e: BaseEvent,
        level: EventLevel | None = None,
        node: Any = None,
        force_warn_or_error_handling: bool = False,  # noqa: FBT001, FBT002 (dbt's signature)
    ) -> None:
        """As dbt's, for events that somebody may hear."""
        is_unheard = not self.loggers and (level or e.level_tag()) in UNHEARD
        if force_warn_or_error_handling or not is_unheard:
            super().fire_event(e, level, node, force_warn_or_error_handling)


@contextmanager
def quiet() -> Iterator[None]:
    """Run dbt quietly as long as the block lasts."""
    manager, thresholds = event_manager_client.get_event_manager(), gc.get_threshold()
    event_manager_client.ctx_set_event_manager(QuietEvents())
    gc.set_threshold(ALLOCATIONS, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        event_manager_client.ctx_set_event_manager(manager)
