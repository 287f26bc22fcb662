"""Votes whose participants another source enrolled."""

from pathlib import Path

from ingestion.log import EventLog
from ingestion.log.reader import read
from ingestion.paths import Home
from ingestion.vocabulary import EventType
from orchestration.loading import load_file

PEOPLE = """source: panel
event: participant_enrolled
columns: {native_id: pid, participant_id: pid, country: country}
"""
VOTES = """source: arena
event: battle_judged
columns:
  native_id: id
  participant_id: worker
  model_a: left
  model_b: right
  outcome: winner
  dimension: {constant: overall}
outcome: {left: a, right: b}
"""


def loaded(home: Home, folder: Path, votes_mapping: str) -> tuple[set[str], set[str], set[str]]:
    """Who is enrolled, who voted, and the sources of the votes."""
    files = {
        "people.csv": "pid,country\nann,US\nbob,US\n",
        "people.yml": PEOPLE,
        "votes.csv": "id,worker,left,right,winner\n1,ann,x,y,left\n2,bob,x,y,right\n",
        "votes.yml": votes_mapping,
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name in ("people", "votes"):
        path, mapping = folder / f"{name}.csv", folder / f"{name}.yml"
        load_file(home, str(path), mapping=str(mapping))
    log = EventLog.open(home.log)
    votes = read(log, EventType.BATTLE_JUDGED)
    enrolled = read(log, EventType.PARTICIPANT_ENROLLED)["subject_id"].to_pylist()
    return set(enrolled), set(votes["subject_id"].to_pylist()), set(votes["source"].to_pylist())


def test_another_sources_people_are_the_same_people_and_battles_keep_their_source(
    tmp_path: Path,
) -> None:
    mapping = VOTES + "participants_of: panel\n"
    enrolled, voted, sources = loaded(Home(tmp_path / "home"), tmp_path, mapping)
    assert enrolled == voted
    assert sources == {"arena"}


def test_without_it_two_sources_have_two_people_of_one_id(tmp_path: Path) -> None:
    enrolled, voted, _ = loaded(Home(tmp_path / "home"), tmp_path, VOTES)
    assert not enrolled & voted
