"""The questions of docs/metrics.md: their SQL, and the columns that the page says each gives."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PAGE = Path("docs/metrics.md")
QUESTION = re.compile(
    r"^### (\d+\. .+?)\n(.*?)```sql\n(.*?)```\n\nColumns: (.*?)\.\n", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Question:
    """A question, the query that answers it, and the columns of the answer."""

    title: str
    sql: str
    columns: tuple[str, ...]


def questions(repository: Path) -> list[Question]:
    """Every question of the page, in its order."""
    text = (repository / PAGE).read_text(encoding="utf-8")
    return [
        Question(title, sql.strip().rstrip(";"), tuple(re.findall(r"`(\w+)`", columns)))
        for title, _, sql, columns in QUESTION.findall(text)
    ]
