"""What became of private variants: registered otherwise, published, joined, left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from ingestion.lookalikes import skeleton
from publishing.boards.finding import Read, Row
from publishing.counted import counted, listed

VARIANTS = "select * from rpt_tested_variant order by model_id"
PUBLIC = """
select model_id from dim_model
where has_battled and not is_private
order by model_id
"""
BECAME = {
    "changed": "a later registration has another provider, family or model",
    "public": "another registration says not private",
    "retracted": "the registration was retracted",
}
NAMED = 3


def registered_otherwise(variants: Iterable[Row]) -> dict[str, list[str]]:
    """Per registration but `private` the variants that a verdict ever named."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in variants:
        if row["registration"] != "private" and row["recorded_count"] + row["battle_count"] > 0:
            found[row["registration"]].append(row["model_id"])
    return dict(sorted(found.items()))


def about_registrations(otherwise: dict[str, list[str]]) -> list[str]:
    """A sentence of each registration."""
    return [
        f"{counted(len(names), 'private variant')} ({listed(names, NAMED)}): {BECAME[what]}."
        for what, names in otherwise.items()
    ]


def twins(variants: Iterable[Row], read: Read) -> list[tuple[str, str]]:
    """Variants that no verdict ever named, each with a public model whose name looks the same.

    Verdicts on the one may stand under the name of the other.
    """
    unnamed = [row for row in variants if row["recorded_count"] + row["battle_count"] == 0]
    if not unnamed:
        return []
    looks: dict[str, list[str]] = defaultdict(list)
    for row in read(PUBLIC, {}):
        looks[skeleton(row["model_id"])].append(row["model_id"])
    return [
        (row["model_id"], twin)
        for row in unnamed
        for twin in looks[skeleton(row["model_id"])]
        if twin != row["model_id"]
    ]


def about_twins(found: Sequence[tuple[str, str]]) -> list[str]:
    """A sentence of those that look alike; other letters than ASCII are written as escapes."""
    pairs = [f"{variant!a} and {twin!a}" for variant, twin in found]
    if not pairs:
        return []
    one = "a private variant that nobody compared and a public model that people did"
    return [f"Names look the same of {one}: {listed(pairs, NAMED)}."]


def about_votes(variants: Sequence[Row]) -> list[str]:
    """Sentences of votes that count for another model, or no more."""
    moved: dict[str, list[str]] = defaultdict(list)
    for row in variants:
        if row["moved_to"] is not None:
            moved[row["moved_to"]].append(row["model_id"])
    lost = [
        row["model_id"]
        for row in variants
        if row["recorded_count"] > 0 and row["battle_count"] == 0
    ]
    sentences = [
        f"Votes for {listed(names, NAMED)} count for {other}, by an alias or a correction."
        for other, names in sorted(moved.items())
    ]
    if lost:
        sentences.append(
            f"No vote counts any more of {counted(len(lost), 'variant')} that people compared:"
            f" {listed(lost, NAMED)}."
        )
    return sentences


def uncompared(variants: Iterable[Row]) -> dict[str, str]:
    """Variants that were published as a model that nobody compared, and that model."""
    return {
        row["model_id"]: row["public_model_id"]
        for row in variants
        if row["public_model_id"] is not None and not row["is_public_compared"]
    }


def about_publications(variants: Sequence[Row]) -> list[str]:
    """Sentences of publications that were said again, taken back, by others or of no use."""
    sentences = []
    unused = list(uncompared(variants).values())
    if unused:
        was = "was published as a model" if len(unused) == 1 else "were published as models"
        names = listed(unused, NAMED)
        sentences.append(f"{counted(len(unused), 'variant')} {was} that nobody compared: {names}.")
    for row in variants:
        what = f"{row['model_id']} was published as {row['public_model_id']}"
        if row["publication"] == "retracted":
            sentences.append(f"It was retracted that {what}; it counts here all the same.")
        elif row["publication"] == "by_another":
            sentences.append(f"That {what} is said by another source than registered it.")
        if row["other_public_id"] is not None:
            sentences.append(f"{what}, and also as {row['other_public_id']}.")
    return sentences
