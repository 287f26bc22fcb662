"""What nobody hears is not said; what somebody hears is said as before."""

import gc
from typing import Any

import pytest
from dbt_common.events import event_manager_client
from dbt_common.events.base_types import EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.events.types import Note
from dbt_common.exceptions.events import EventCompilationError
from dbt_common.helper_types import WarnErrorOptionsV2

from orchestration.dbt_quiet import QuietEvents, quiet

LEVELS = [EventLevel.DEBUG, EventLevel.TEST, EventLevel.INFO, EventLevel.WARN, EventLevel.ERROR]


class Logger:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def filter(self, _message: Any) -> bool:
        return True

    def write_line(self, message: Any) -> None:
        self.lines.append(message.info.level)


def heard(manager: EventManager) -> list[str]:
    levels: list[str] = []
    manager.callbacks.append(lambda message: levels.append(message.info.level))
    for level in LEVELS:
        manager.fire_event(Note(msg="something"), level=level)
    return levels


def test_only_warnings_and_errors_are_said_where_nobody_listens() -> None:
    assert heard(QuietEvents()) == ["warn", "error"]


def test_a_logger_gets_everything() -> None:
    manager, logger = QuietEvents(), Logger()
    manager.loggers.append(logger)  # type: ignore[arg-type]
    assert heard(manager) == logger.lines == [level.value for level in LEVELS]


def test_a_warning_that_is_an_error_is_raised() -> None:
    manager = QuietEvents()
    manager.warn_error_options = WarnErrorOptionsV2(error="all")
    with pytest.raises(EventCompilationError):
        manager.fire_event(
            Note(msg="something"), level=EventLevel.INFO, force_warn_or_error_handling=True
        )


def test_afterwards_all_is_as_before() -> None:
    before = event_manager_client.get_event_manager(), gc.get_threshold()
    with quiet():
        assert isinstance(event_manager_client.get_event_manager(), QuietEvents)
        assert gc.get_threshold() != before[1]
    assert (event_manager_client.get_event_manager(), gc.get_threshold()) == before
