"""What the page says of a variant that was tested in private."""

from datetime import UTC, datetime
from typing import Any

import pytest

from publishing.page.page_data import _private_note

PUBLIC: dict[str, Any] = {"is_private": False, "public_id": None, "published_at": None}
PUBLISHED = PUBLIC | {"is_private": True, "public_id": "gadfly-1"}


@pytest.mark.parametrize(
    ("row", "note"),
    [
        (PUBLIC, None),
        (PUBLIC | {"is_private": True}, "not published"),
        (PUBLISHED, "published as gadfly-1"),
        (
            PUBLISHED | {"published_at": datetime(2025, 7, 10, tzinfo=UTC)},
            "published as gadfly-1 on 10 July 2025",
        ),
    ],
)
def test_it_names_what_became_of_it(row: dict[str, Any], note: str | None) -> None:
    assert _private_note(row) == note
