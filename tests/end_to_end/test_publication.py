"""From votes to what readers get: nobody's own figures, and nothing of another board."""

import json
import shutil
import subprocess
import sys
from collections import Counter
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ingestion.paths import Home
from orchestration.database import open_database
from orchestration.loading import load_file
from publishing.boards import store as boards
from publishing.boards.statement import configured
from publishing.boards.store import KEY
from publishing.publications import store
from tests.attacks.small_votes import signing_key
from tests.end_to_end.command import demoscope, document

# A build of its own takes half a minute of processor time.
pytestmark = pytest.mark.slow

# Holds a database, as a build in another process does, until its input ends.
HOLD = """
import duckdb, sys
with duckdb.connect(sys.argv[1]):
    print(flush=True)
    sys.stdin.read()
"""
MODELS = ("aurora", "basalt", "cobalt")
MIN = 10
# Country, age, politics, and how many. One group of the US is too small, and a country.
PEOPLE = (
    ("US", "25", "Democrat", 14),
    ("US", "40", "Republican", 13),
    ("US", "60", "Republican", 4),
    ("US", None, "Democrat", 3),
    ("UK", "25", "Labour", 16),
    ("UK", "40", "Green", 12),
    ("UK", "60", "Green", 11),
    ("CA", "25", None, 4),
)
GROUPS = {"25": "18-34", "40": "35-54", "60": "55+"}


def events() -> list[dict[str, Any]]:
    found = []
    people = [kind[:3] for kind in PEOPLE for _ in range(kind[3])]
    for number, (country, age, politics) in enumerate(people):
        person = {"source": "panel", "participant_id": f"person-{number}"}
        answers = {"country": country, "age": age, "politics": politics}
        found.append(
            {"event_type": "participant_enrolled", "native_id": f"enrolled-{number}", **person}
            | {name: answer for name, answer in answers.items() if answer}
        )
        pairs = [(a, b) for a, b in product(MODELS, MODELS) if a != b]
        for place, dimension in enumerate(("overall", "trust")):
            if dimension == "trust" and country == "UK" and age == "60":
                continue
            for turn in range(2):
                model_a, model_b = pairs[(number + place + 2 * turn) % len(pairs)]
                battle = {
                    "event_type": "battle_judged",
                    "native_id": f"{dimension}-{number}-{turn}",
                    "dimension": dimension,
                    "model_a": model_a,
                    "model_b": model_b,
                    "outcome": ("a", "b", "tie")[(number + turn) % 3],
                }
                found.append(battle | person)
    return found


def heard() -> dict[tuple[str, str], int]:
    """People per stratum and dimension, counted by hand from PEOPLE."""
    counts: Counter[tuple[str, str]] = Counter()
    for country, age, politics, count in PEOPLE:
        for dimension in ("overall", "trust"):
            if dimension == "trust" and country == "UK" and age == "60":
                continue
            strata = ["all"]
            if country != "CA":  # no stratum is declared for Canada
                strata.append(country)
                strata += [f"{country}/age/{GROUPS[age]}"] if age else []
                strata += [f"{country}/politics/{politics}"] if politics else []
            counts.update({(one, dimension): count for one in strata})
    return dict(counts)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with that study, built and published."""
    directory = tmp_path_factory.mktemp("published")
    votes = directory / "votes.jsonl"
    votes.write_text("".join(json.dumps(event) + "\n" for event in events()))
    home = Home(directory / "home")
    assert load_file(home, str(votes)).quarantined_count == 0
    document(home.root, "build", "--json")
    document(home.root, "publish", "--json")
    return home.root


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Home:
    """The home, to meddle with."""
    return Home(Path(shutil.copytree(built, tmp_path / "copy", symlinks=True)))


def rows_of(built: Path, table: str) -> list[dict[str, Any]]:
    path = Home(built).marts / "current" / f"{table}.parquet"
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def families(stratum_ids: set[str]) -> dict[str, set[str]]:
    """What adds up to a stratum that is shown: countries to all, an axis' groups to a country."""
    found: dict[str, set[str]] = {}
    for stratum_id in stratum_ids - {"all"}:
        name, _, _ = stratum_id.rpartition("/")
        found.setdefault(name or "all", set()).add(stratum_id)
    return found


def test_no_figure_is_of_too_few_people_nor_can_be_had_by_subtraction(built: Path) -> None:
    people = heard()
    shown = {(row["stratum_id"], row["dimension"]) for row in rows_of(built, "rpt_tournament")}
    boards = {(row["stratum_id"], row["dimension"]) for row in rows_of(built, "rpt_leaderboard")}
    assert boards
    assert boards <= shown
    assert all(people[key] >= MIN for key in shown)
    for dimension in ("overall", "trust"):
        counts = {key[0]: count for key, count in people.items() if key[1] == dimension}
        for members in families(set(counts)).values():
            hidden = [counts[one] for one in members if (one, dimension) not in shown]
            assert not hidden or (len(hidden) > 1 and sum(hidden) >= MIN), (dimension, members)
    # Too few of 55 and older, and with them the next smallest group; all others are shown.
    assert {key for key in people.keys() - shown if key[1] == "overall"} == {
        ("US/age/55+", "overall"),
        ("US/age/35-54", "overall"),
    }


def test_people_counted_are_at_least_ten(built: Path) -> None:
    rows = rows_of(built, "fct_stratum_coverage")
    coverage = {row["stratum_id"]: row["heard_count"] for row in rows}
    people = {key[0]: count for key, count in heard().items() if key[1] == "overall"}
    # Coverage counts people of the countries that are declared.
    people["all"] -= sum(count for country, *_, count in PEOPLE if country == "CA")
    assert {name: count for name, count in coverage.items() if count} == {
        name: count // MIN * MIN
        for name, count in people.items()
        if "US/age" not in name or "18-34" in name
    }
    for row in rows_of(built, "rpt_weighting_margin"):
        assert row["participant_count"] == 0 or row["participant_count"] >= MIN
    for row in rows_of(built, "rpt_weighting_diagnostics"):
        assert row["country"] != "CA"
        assert row["left_out_count"] == 0 or row["left_out_count"] >= MIN
    counted = [row["participant_count"] for row in rows_of(built, "rpt_leaderboard")]
    assert min(count for count in counted if count is not None) >= MIN


def test_ties_of_a_level_are_of_enough_people_and_shares_of_tens(built: Path) -> None:
    rows = rows_of(built, "rpt_decisiveness")
    ages = {row["level"] for row in rows if (row["kind"], row["country"]) == ("age", "US")}
    assert ages == {"18-34"}
    for row in rows:
        assert row["participant_count"] == 0 or row["participant_count"] >= MIN
        assert "difference" not in row
        if row["participant_count"] and row["tie_share"] is not None:
            tens = row["tie_share"] * row["battle_count"] / MIN
            assert tens == pytest.approx(round(tens), abs=1e-3)


def test_figures_are_those_of_the_board_rounded(built: Path) -> None:
    board = boards.current(Home(built).boards)
    kept: dict[tuple[Any, ...], dict[str, dict[str, Any]]] = {}
    for row in board.rows().to_pylist():
        kept.setdefault(tuple(row[name] for name in KEY[:-1]), {})[row["model_id"]] = row
    shown: dict[tuple[Any, ...], dict[str, dict[str, Any]]] = {}
    for row in rows_of(built, "rpt_leaderboard"):
        shown.setdefault(tuple(row[name] for name in KEY[:-1]), {})[row["model_id"]] = row
    whole = [key for key in shown if shown[key].keys() == kept[key].keys()]
    assert len(whole) > len(shown) / 2
    for key in whole:
        for model, row in shown[key].items():
            one = kept[key][model]
            assert abs(row["skill"] - one["skill_micro"] / 1e6) <= 0.05 + 1e-9
            assert row["rank"] == one["rank"]
            assert row["battle_count"] == one["battle_count"] // MIN * MIN


def test_nobody_is_in_it(built: Path) -> None:
    home = Home(built)
    with open_database(home.database) as connection:
        query = "select participant_key from dim_participant"
        people = [row[0] for row in connection.sql(query).fetchall()]
    assert len(people) == sum(kind[3] for kind in PEOPLE)
    files = list((home.marts / "current").iterdir())
    assert len(files) > 30
    text = b"".join(path.read_bytes() for path in files)
    assert not [key for key in people if key.encode() in text]
    assert b"votes.jsonl" not in text


def test_the_manifest_says_what_is_there(built: Path) -> None:
    directory = Home(built).marts / "current"
    manifest = store.current(Home(built).marts).manifest
    board = boards.current(Home(built).boards)
    assert manifest["release_id"] == board.id == directory.resolve().name
    assert not manifest["is_simulated"]
    named = {file["name"] for file in manifest["files"]}
    for table in manifest["tables"]:
        rows = pq.read_table(directory / f"{table['name']}.parquet")
        assert rows.num_rows == table["row_count"]
        assert rows.column_names == [column["name"] for column in table["columns"]]
        named |= {file["name"] for file in table["files"]}
    assert named | {"manifest.json"} == {path.name for path in directory.iterdir()}


def test_what_is_said_of_the_log_is_what_the_log_says(built: Path) -> None:
    [row] = rows_of(built, "rpt_log_integrity")
    verified = document(built, "log", "verify", "--json")
    assert verified["is_whole"]
    assert (row["is_verified"], row["finding_count"]) == (True, 0)
    assert row["log_position"] == verified["commit_count"]
    assert row["event_count"] == verified["event_count"] == len(events())
    assert row["log_head_hash"] == verified["head_hash"]
    statement = json.loads((Home(built).boards / "current" / "statement.json").read_text("utf-8"))
    assert row["log_root_hash"] == statement["predicate"]["log"]["root_sha256"]


def test_built_again_it_is_the_same_publication(copy: Home) -> None:
    shutil.rmtree(copy.ratings)
    copy.database.unlink()
    document(copy.root, "build", "--json")
    document(copy.root, "publish", "--json")
    assert len(document(copy.root, "publish", "--list", "--json")["rows"]) == 1


def test_a_board_signed_since_is_published_again(copy: Home) -> None:
    assert not rows_of(copy.root, "publication")[0]["is_signed"]
    signing_key(copy)
    signer, current = configured(copy.vault), boards.current(copy.boards).directory
    assert signer is not None
    envelope = signer.envelope((current / boards.STATEMENT_FILE).read_bytes())
    (current / boards.ENVELOPE_FILE).write_bytes(envelope)
    name = document(copy.root, "publish", "--json")["publication"]["name"]
    assert name.endswith("-2")
    assert rows_of(copy.root, "publication")[0]["is_signed"]


def test_a_few_more_people_change_nothing_that_is_shown(copy: Home, tmp_path: Path) -> None:
    """Two people more, in the US: what differs by them stays behind, what doesn't is shown."""
    votes = tmp_path / "more.jsonl"
    more = []
    for number in range(2):
        person = {"source": "panel", "participant_id": f"more-{number}"}
        answers = {"country": "US", "age": "25", "politics": "Democrat"}
        more += [
            {"event_type": "participant_enrolled", "native_id": f"more-{number}", **person}
            | answers,
            {"event_type": "battle_judged", "native_id": f"more-{number}-0", **person}
            | {"dimension": "overall", "model_a": "aurora", "model_b": "basalt", "outcome": "b"},
        ]
    votes.write_text("".join(json.dumps(event) + "\n" for event in more))
    before = rows_of(copy.root, "rpt_leaderboard")
    load_file(copy, str(votes))
    document(copy.root, "build", "--json")
    document(copy.root, "publish", "--json")
    after = rows_of(copy.root, "rpt_leaderboard")
    names = ("stratum_id", "dimension")
    overall = {(row[names[0]], row[names[1]]) for row in after}
    assert ("all", "trust") in overall
    assert not overall & {("all", "overall"), ("US", "overall"), ("US/age/18-34", "overall")}
    # Each row names the release that it is of.
    old, new = ([row | {"release_id": None} for row in rows] for rows in (before, after))
    assert [row for row in new if row not in old] == []


def test_the_command_lists_keeps_and_repeats(copy: Home) -> None:
    again = document(copy.root, "publish", "--json", "--keep", "1")
    assert again["removed"] == []
    [listed] = document(copy.root, "publish", "--list", "--json")["rows"]
    assert listed == again["publication"]
    assert listed["is_current"]
    said = demoscope(copy.root, "publish", "--list").stdout
    assert said.startswith(f"* {listed['release_id'][:12]}")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, copy.database], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        busy = demoscope(copy.root, "publish")
        holder.communicate()
    assert (busy.returncode, busy.stdout) == (4, "")
    assert "is open in another process" in busy.stderr
