"""The seed of rubrics is what their YAML says."""

from orchestration.rubric_seed import SEED_FILE, rubric_seed


def test_the_seed_is_current() -> None:
    assert SEED_FILE.read_text(encoding="utf-8") == rubric_seed(), (
        "write it again: python -m orchestration.rubric_seed"
    )
