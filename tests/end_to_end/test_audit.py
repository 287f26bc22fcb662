"""`demoscope boards audit` on a built home: what it finds there after this and that was altered."""

import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion.paths import Home
from ingestion.simulation.parameters import Parameters
from ingestion.simulation.study import simulate
from orchestration import provenance
from orchestration.building import build
from orchestration.cli.audit import _lines, _page
from orchestration.dbt_runs import PROJECT_DIRECTORY
from orchestration.decided_since import Decided
from orchestration.loading import load_file
from orchestration.probes import PROBES
from publishing.boards.finding import Finding
from publishing.boards.statement import configured
from tests.end_to_end.command import demoscope

ALTERED, FOUND = 5, 1


def audited(home: Path, *options: str | Path) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit code, and what each probe says, by name."""
    done = demoscope(home, "boards", "audit", *options, "--json")
    probes = json.loads(done.stdout)["rows"]
    assert [one["probe"] for one in probes] == [*PROBES, "provenance"]
    return done.returncode, {one["probe"]: one for one in probes}


def of_provenance(home: Path, *options: str | Path) -> tuple[str, str]:
    """Its status and sentence; the exit code is that of what was altered."""
    code, probes = audited(home, *options)
    said = probes["provenance"]
    assert (code == ALTERED) == bool(said["figures"]["altered"])
    return said["status"], said["sentence"]


def release_of(home: Path) -> Path:
    return (home / "boards" / "current").resolve()


def public_key_of(home: Path, path: Path) -> Path:
    """What the operator gave to who audits."""
    from cryptography.hazmat.primitives import serialization

    signer = configured(home / "vault")
    assert signer is not None
    path.write_bytes(
        signer.public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return path


@pytest.fixture(scope="module")
def rebuilt(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home, built again at the head of its log: it has an older release, and tables."""
    home = tmp_path_factory.mktemp("rebuilt") / "home"
    shutil.copytree(built, home, symlinks=True)
    done = demoscope(home, "build")
    assert done.returncode == 0, done.stderr
    return home


def test_a_signed_release_of_a_whole_log_is_well(built: Path, tmp_path: Path) -> None:
    status, sentence = of_provenance(built, "--key", public_key_of(built, tmp_path / "key.pub"))
    assert status == "ok"
    assert "Every hash of the log" in sentence
    assert "signed by" in sentence
    assert "--checkpoint FILE --policy FILE" in sentence


def test_a_key_that_lies_beside_the_release_vouches_for_nothing(built: Path) -> None:
    """Who rewrote the log and made another key has signed it all again."""
    status, sentence = of_provenance(built)
    assert status == "can't tell"
    assert "bring the one you were given (--key)" in sentence


@pytest.mark.parametrize("is_gone", [True, False], ids=["no file", "no signature in it"])
def test_a_signature_that_was_taken_off_is_none(copy: Path, tmp_path: Path, is_gone: bool) -> None:
    key = public_key_of(copy, tmp_path / "key.pub")
    envelope = release_of(copy) / "statement.dsse.json"
    envelope.chmod(0o600)
    if is_gone:
        envelope.unlink()
    else:
        document = json.loads(envelope.read_text("utf-8")) | {"signatures": []}
        envelope.write_text(json.dumps(document), "utf-8")
    status, sentence = of_provenance(copy)
    assert (status, "The release isn't signed." in sentence) == ("can't tell", True)
    status, sentence = of_provenance(copy, "--key", key)
    assert status == "found"
    assert "isn't signed by a key that was named" in sentence


def test_cosignatures_that_were_taken_off_are_missed(copy: Path, tmp_path: Path) -> None:
    """With the operator's own line gone too, it is no checkpoint of this log."""
    note, bare = tmp_path / "note", tmp_path / "bare"
    demoscope(copy, "log", "checkpoint", "--out", note)
    text, _, _ = note.read_text("utf-8").rpartition("\n\n")
    bare.write_text(f"{text}\n\n", "utf-8")
    assert demoscope(copy, "boards", "audit", "--checkpoint", bare).returncode == ALTERED


def test_without_a_signature_and_a_checkpoint_nobody_vouches(copy: Path) -> None:
    (release_of(copy) / "statement.dsse.json").unlink()
    (copy / "vault" / "board-signing.key").unlink()
    status, sentence = of_provenance(copy)
    assert status == "can't tell"
    assert "The release isn't signed." in sentence
    held = copy.parent / "checkpoint"
    demoscope(copy, "log", "checkpoint", "--out", held)
    status, sentence = of_provenance(copy, "--checkpoint", held)
    assert status == "ok"
    assert "whether witnesses cosigned that wasn't asked" in sentence


def test_who_cosigned_is_named(copy: Path, tmp_path: Path) -> None:
    note, request, cosigned, policy = (tmp_path / name for name in "abcd")
    who = ("--state", tmp_path / "witness", "--name", "paper.example")
    demoscope(copy, "log", "checkpoint", "--out", note)
    demoscope(copy, "log", "prove-consistency", note, "--size", "0", "--out", request)
    key = ("--log-key", copy / "log-public.pub")
    line = demoscope(copy, "witness", "sign", request, *who, *key).stdout
    cosigned.write_text(note.read_text("utf-8") + line, "utf-8")
    witness = demoscope(copy, "witness", "key", *who).stdout.strip()
    policy.write_text(f"witness {witness}\nquorum 1\n", "utf-8")
    status, sentence = of_provenance(copy, "--checkpoint", cosigned, "--policy", policy)
    assert status == "ok"
    assert "cosigned by paper.example (" in sentence
    done = demoscope(copy, "boards", "audit", "--checkpoint", note, "--policy", policy)
    assert done.returncode == ALTERED


def test_an_edited_board_is_found(copy: Path) -> None:
    path = release_of(copy) / "board.json"
    path.write_bytes(path.read_bytes().replace(b'"overall"', b'"overa11"', 1))
    status, sentence = of_provenance(copy)
    assert status == "found"
    assert "board.json was changed" in sentence


def test_an_edited_table_is_found(rebuilt: Path) -> None:
    edit = "update rpt_leaderboard set battle_count = battle_count"
    with duckdb.connect(rebuilt / "demoscope.duckdb") as connection:
        connection.execute(f"{edit} + 1")
    status, sentence = of_provenance(rebuilt)
    with duckdb.connect(rebuilt / "demoscope.duckdb") as connection:
        connection.execute(f"{edit} - 1")
    assert status == "found"
    assert "rpt_leaderboard differs" in sentence
    assert "rpt_leaderboard" not in of_provenance(rebuilt)[1]


def test_an_edited_log_is_found(copy: Path) -> None:
    segment = next((copy / "log" / "segments").rglob("*.parquet"))
    segment.chmod(0o600)
    content = bytearray(segment.read_bytes())
    content[len(content) // 2] ^= 1
    segment.write_bytes(content)
    status, _ = of_provenance(copy)
    assert status == "found"


def test_a_key_that_did_not_sign_is_found(built: Path, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    public = Ed25519PrivateKey.generate().public_key()
    path = tmp_path / "other.pub"
    path.write_bytes(
        public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    status, sentence = of_provenance(built, "--key", path)
    assert status == "found"
    assert "isn't signed by a key that was named" in sentence


def test_a_seed_that_an_operator_edited_is_found(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    shutil.copytree(PROJECT_DIRECTORY / "seeds", project / "seeds")
    path = next(project.rglob("seed_targets.csv"))
    path.write_text(path.read_text("utf-8").replace("0.510892861250464", "0.6"), "utf-8")
    monkeypatch.setattr(provenance, "PROJECT_DIRECTORY", project)
    status, sentence = of_provenance(built)
    assert status == "found"
    assert "seed_targets US sex2 Female: share 0.510892861250464 > 0.6" in sentence


@pytest.mark.parametrize(
    ("ranks", "status", "words"), [(0, "ok", "no rank differs"), (3, "found", "ranks differ")]
)
def test_a_decision_that_moved_ranks_is_found(
    built: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ranks: int,
    status: str,
    words: str,
) -> None:
    changed = [
        {
            "from_release_id": "a" * 64,
            "to_release_id": "b" * 64,
            "made_at": "2026-01-01T00:00:00Z",
            "changed_rank_count": ranks,
            "decisions": [],
            "not_known": None,
        }
    ]
    decided = Decided(changed, [], 2)
    monkeypatch.setattr("orchestration.decided_since.decided_since", lambda *_: decided)
    key = public_key_of(built, tmp_path / "key.pub")
    said, sentence = of_provenance(built, "--key", key)
    assert said == status
    assert words in sentence


def test_an_older_release_that_was_edited_is_found(built: Path, rebuilt: Path) -> None:
    old = release_of(built).name
    path = rebuilt / "boards" / old / "statement.json"
    said = path.read_text("utf-8")
    path.write_text(said.replace('"design_hash": "', '"design_hash": "0'))
    status, sentence = of_provenance(rebuilt)
    path.write_text("{}")
    of_nothing = of_provenance(rebuilt)[0]
    path.write_text(said)
    assert status == of_nothing == "found"
    assert f"Release {old[:12]}: statement.json was changed" in sentence


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_board_of_which_nothing_could_be_checked_is_not_well(
    built: Path, rebuilt: Path, form: tuple[str, ...]
) -> None:
    done = demoscope(rebuilt, "boards", "audit", release_of(built).name, *form)
    assert done.returncode == 3
    assert "error: The board was not checked. The tables here are of the last build" in done.stderr


def test_an_unknown_dimension_is_an_error_that_says_what_there_is(built: Path) -> None:
    done = demoscope(built, "boards", "audit", "--dimension", "overal")
    assert done.returncode == 3
    assert "overall" in done.stderr


def test_a_weighting_that_settings_show_first_is_named(copy: Path) -> None:
    """It changes what is shown at the command line, and is in no release."""
    settings = copy.parent / "demoscope.toml"
    settings.write_text('scheme = "everybody"\n', "utf-8")
    done = demoscope(copy, "boards", "audit")
    settings.unlink()
    said = " ".join(done.stdout.split())
    assert f"{settings} says scheme = 'everybody': leaderboard, model and compare" in said
    assert "says scheme" not in demoscope(copy, "boards", "audit").stdout


def test_an_older_release_has_no_tables_to_look_at(
    built: Path, rebuilt: Path, tmp_path: Path
) -> None:
    old = release_of(built).name
    assert release_of(rebuilt).name != old
    _, probes = audited(rebuilt, old, "--key", public_key_of(built, tmp_path / "key.pub"))
    assert {probes[name]["status"] for name in PROBES} == {"can't tell"}
    assert probes["provenance"]["status"] == "ok"


def test_a_line_each_and_what_does_not_fit_below() -> None:
    lines = _lines(Finding("private_testing", None, "Too few people judged. " * 6, {}), 100)
    assert lines[0].startswith("can't tell  private testing  Too few people judged.")
    assert all(len(line) <= 100 for line in lines)
    assert {line[:29] for line in lines[1:]} == {" " * 29}


def test_what_several_probes_say_is_said_once() -> None:
    names = ("private_testing", "removed_models", "one_loud_person")
    found = [Finding(name, None, "There are no tables.", {}) for name in names]
    lines = list(_page(None, found, 100))
    assert [line.endswith("as above") for line in lines] == [False, True, True]


@pytest.mark.slow
def test_a_clean_simulated_study_shows_what_is_true_of_it(tmp_path: Path) -> None:
    made = simulate(Parameters(participants=2000, seed=4), tmp_path / "study")
    home = Home(tmp_path / "home")
    for file in made.files:
        load_file(home, str(file))
    build(home)
    code, probes = audited(home.root)
    statuses = {name: one["status"] for name, one in probes.items()}
    # Its weighted board is worth few people: few decide who leads.
    assert statuses == dict.fromkeys(PROBES, "ok") | {
        "fragility": "found",
        "provenance": "can't tell",
    }
    assert code == FOUND
