"""`demoscope mapping init` writes mappings by which messy exports can be loaded at once."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ingestion.sources.mapping import Mapping, load_mapping
from tests.end_to_end.command import demoscope, document

PANEL = """Teilnehmernummer;Modell links;Modell rechts;Gesamturteil;Vertrauen;Verständlichkeit;Datum
P-01;Aurora Groß;Boreal 7B;Links;Rechts;Unentschieden;03.06.2025 14:05
P-01;Boreal 7B;Cirrus, Mini;Rechts;keine Angabe;Links;27.06.2025 09:30
P-02;Cirrus, Mini;Aurora Groß;Unentschieden;Links;Links;01.07.2025 22:10
P-03;Aurora Groß;Cirrus, Mini;Links;Links;;02.07.2025 08:00
"""
MESSY = """Lfd. Nr.;Teilnehmer-Nr.;Datum/Uhrzeit;Modell A;Modell B;Insgesamt besser;\
Vertrauenswürdiger;Gewicht;Alter;Bemerkung
1;P-1;25.10.2025 23:10;Größe 7;Öko;A;unentschieden;0,71;34;"gut; aber ""lang""|und noch eine Zeile"
2;P-2;26.10.2025 02:30;Öko;Größe 7;B;A;1,05;61;
3;P-2;26.10.2025 03:30;Öko;Größe 7;weiß nicht;A;1,05;61;
4;P-3;26.10.2025 12:00;Öko;Größe 7;B;B;1,2;19;schön
1;P-1;25.10.2025 23:10;Größe 7;Öko;A;unentschieden;0,71;34;"gut; aber ""lang""|und noch eine Zeile"

;;;;;;;;;

"""
ARENA = [
    {
        "question_id": f"{number:032x}",
        "model_a": "gpt-4",
        "model_b": "claude-1",
        "winner": winner,
        "judge": f"arena_user_{number % 3}",
        "conversation_a": [{"role": "user", "content": "hi"}],
        "conversation_b": [{"role": "user", "content": "hi"}],
        "turn": 1,
        "anony": True,
        "language": "English",
        "tstamp": 1_735_700_000.5 + number,
    }
    for number, winner in enumerate(["model_a", "model_b", "tie", "tie (bothbad)"])
]
NESTED = [
    {
        "uuid": f"v{number}",
        "voter": {"id": f"w{number % 2}"},
        "left": {"name": "alpha", "text": "an answer " * 30},
        "right": {"name": "beta", "text": "an answer " * 30},
        "preferred": ["alpha", "beta"][number % 2],
        "created_at": 1_748_779_200_000 + number * 1000,
    }
    for number in range(6)
]
RATINGS = """task,rater,model,helpfulness,clarity,trustworthiness,rated at
1,ann,alpha,7,6,5,2025-06-01T10:00:00Z
2,ann,beta,3,2,4,2025-06-01T10:05:00+02:00
3,bob,alpha,5,1,1,2025-06-01 11:00:00Z
4,cid,beta,6,7,7,2025-06-02T10:00:00Z
"""
PEOPLE = """person,Land,Alter,Geschlecht,Bildung
p1,Vereinigtes Königreich,34,w,Abitur
p2,United States,61,m,Master
p3,United States,19,m,NA
"""


def _write(path: Path, content: str | list[dict[str, Any]], encoding: str = "utf-8") -> Path:
    if not isinstance(content, str):
        content = "\n".join(json.dumps(row) for row in content)
    path.write_bytes(content.encode(encoding))
    return path


def _drafted(path: Path, *more: str) -> tuple[Mapping, dict[str, Any], dict[str, Any]]:
    """The mapping that is written for a file, what was said of it, and a load by it."""
    home, mapping = path.parent / "home", path.parent / "drafted.yml"
    said = document(home, "mapping", "init", path, "--out", mapping, "--json", *more)
    assert not home.exists()
    [load] = document(home, "ingest", path, "--mapping", mapping, "--json")["loads"]
    return load_mapping(str(mapping)), said, load


def test_a_german_panel_with_a_column_per_question(tmp_path: Path) -> None:
    path = _write(tmp_path / "Panel Welle 2.csv", PANEL, "utf-8-sig")
    mapping, said, load = _drafted(path, "--timezone", "Europe/Berlin")
    assert (mapping.source, mapping.delimiter) == ("panel-welle-2", ";")
    assert "overall" in mapping.text
    assert (load["accepted_count"], load["quarantined_count"]) == (10, 0)
    assert load["set_aside_count"] == 2
    assert said["is_complete"]
    assert not any("zone" in line for line in said["to_check"])


def test_an_arena_file_is_read_by_the_preset_for_it(tmp_path: Path) -> None:
    mapping, said, load = _drafted(_write(tmp_path / "arena.jsonl", ARENA))
    assert (said["preset"], mapping.source) == ("arena-human-preference",) * 2
    assert (load["accepted_count"], load["quarantined_count"]) == (4, 0)


def test_with_a_source_of_its_own_a_preset_keeps_its_columns(tmp_path: Path) -> None:
    mapping, _, load = _drafted(_write(tmp_path / "arena.jsonl", ARENA), "--source", "mine")
    assert mapping.source == "mine"
    assert load["accepted_count"] == 4


def test_nested_json_with_the_winners_name_and_milliseconds(tmp_path: Path) -> None:
    mapping, said, load = _drafted(_write(tmp_path / "votes.jsonl", NESTED))
    assert said["preset"] is None
    assert "unit: ms" in mapping.text
    assert "left.name" in mapping.text
    assert (load["accepted_count"], load["quarantined_count"]) == (6, 0)


def test_ratings_in_a_column_per_criterion(tmp_path: Path) -> None:
    mapping, _, load = _drafted(_write(tmp_path / "ratings.csv", RATINGS))
    assert mapping.event == "experience_rated"
    assert (load["accepted_count"], load["quarantined_count"]) == (12, 0)


def test_people_with_countries_in_german(tmp_path: Path) -> None:
    mapping, _, load = _drafted(_write(tmp_path / "people.csv", PEOPLE))
    assert mapping.event == "participant_enrolled"
    assert "UK" in mapping.text
    assert (load["accepted_count"], load["quarantined_count"]) == (3, 0)


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_flags_and_every_delimiter(tmp_path: Path, mark: str) -> None:
    rows = [
        "id,model_1,model_2,first_won,second_won,draw",
        "1,x,y,1,0,0",
        "2,x,y,0,1,0",
        "3,y,x,0,0,1",
    ]
    path = _write(tmp_path / "v.csv", "\n".join(rows).replace(",", mark))
    mapping, _, load = _drafted(path)
    assert mapping.delimiter == (None if mark == "," else mark)
    assert load["accepted_count"] == 3


def test_parquet_with_times_of_its_own(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    instants = pa.array([1_748_779_200_000_000, 1_748_779_300_000_000], pa.timestamp("us", "UTC"))
    table = {"vote_id": [1, 2], "left": ["x", "y"], "right": ["y", "x"], "vote": ["A>B", "A<<B"]}
    pq.write_table(pa.table({**table, "ts": instants}), tmp_path / "v.parquet")
    mapping, said, load = _drafted(tmp_path / "v.parquet")
    assert load["accepted_count"] == 2
    assert said["to_check"] == [
        line for line in said["to_check"] if line.startswith("participant_id")
    ]
    assert "ts" in mapping.text


def test_what_cannot_be_known_is_left_to_be_filled_in(tmp_path: Path) -> None:
    rows = "id,user,model_a,model_b,winner\n1,u,x,y,0\n2,u,x,y,1\n3,v,y,x,1\n"
    path = _write(tmp_path / "v.csv", rows)
    done = demoscope(tmp_path / "home", "mapping", "init", path, "--out", tmp_path / "m.yml")
    assert done.returncode == 1
    assert "outcome: which verdict is '1', '0'?" in done.stderr
    refused = demoscope(tmp_path / "home", "ingest", path, "--mapping", tmp_path / "m.yml")
    assert refused.returncode == 2
    assert re.search(r"m\.yml, line \d+: unknown outcome 'FILL_IN'", refused.stderr)


def test_days_that_may_be_months_are_not_guessed(tmp_path: Path) -> None:
    rows = "id,left,right,vote,date\n1,x,y,left,03/04/2025\n2,y,x,right,05/06/2025\n"
    mapping, said, _ = _drafted(_write(tmp_path / "v.csv", rows))
    assert "occurred_at: null" in mapping.text
    [gap] = said["to_fill_in"]
    assert "%d/%m/%Y" in gap
    assert "%m/%d/%Y" in gap


def test_rows_that_are_not_utf8_are_named(tmp_path: Path) -> None:
    rows = "id,left,right,vote\n1,Größe,y,left\n2,?,x,right\n".encode().replace(b"?", b"gro\xdf")
    path = tmp_path / "v.csv"
    path.write_bytes(rows)
    _, said, load = _drafted(path)
    assert any("iconv" in line for line in said["to_check"])
    assert (load["accepted_count"], load["quarantined_by_reason"]) == (1, {"not_utf8": 1})


def test_an_export_of_a_panel_with_everything_that_excel_does_to_it(tmp_path: Path) -> None:
    rows = MESSY.replace("\n", "\r\n").replace("|", "\n")
    path = _write(tmp_path / "Panel.csv", rows, "cp1252")
    mapping, said, load = _drafted(path, "--timezone", "Europe/Berlin")
    assert (mapping.encoding, mapping.delimiter) == ("windows-1252", ";")
    assert "native_id: Lfd. Nr." in mapping.text
    assert 'participant_id: "Teilnehmer-Nr."' in mapping.text
    assert '{column: "Datum/Uhrzeit", format: "%d.%m.%Y %H:%M", timezone: Europe/Berlin}' in (
        mapping.text
    )
    assert '"weiß nicht": null' in mapping.text
    checks = "\n".join(said["to_check"])
    assert "Europe/Berlin has 1 of the times twice" in checks
    assert "(first: 26.10.2025 02:30)" in checks
    assert "1 of the rows are copies of another" in checks
    assert "Is this right: 'Vertrauenswürdiger'?" in checks
    assert "Alter says who people are" in checks
    # 5 rows of 2 questions: a copy, a time that is there twice, a "weiß nicht", an empty line.
    assert (load["accepted_count"], load["duplicate_count"]) == (5, 2)
    assert load["quarantined_by_reason"] == {"bad_timestamp": 2}
    assert load["set_aside_count"] == 2
    people = ("--event", "participant_enrolled", "--out", tmp_path / "people.yml", "--json")
    checks = "\n".join(document(tmp_path / "home", "mapping", "init", path, *people)["to_check"])
    assert "`country: {constant: UK}`" in checks
    assert "occurred_at" not in checks


def test_numbers_with_a_decimal_comma(tmp_path: Path) -> None:
    scores = "Modell;Benchmark;Score\nx;mmlu;0,71\ny;mmlu;1.234,5\nz;mmlu;3\n"
    mapping, _, load = _drafted(_write(tmp_path / "s.csv", scores))
    assert 'score: {column: Score, decimal: ","}' in mapping.text
    assert load["accepted_count"] == 3


def test_ratings_with_a_decimal_comma(tmp_path: Path) -> None:
    ratings = "Person;Modell;Frage;Bewertung\np;x;Gesamt;7,0\np;y;Gesamt;2,0\nq;x;Gesamt;4\n"
    mapping, _, load = _drafted(_write(tmp_path / "r.csv", ratings))
    assert "criterion: {column: Frage, values: {Gesamt: overall}}" in mapping.text
    assert load["accepted_count"] == 3


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    path = _write(tmp_path / "v.csv", "id,left,right,vote\n1,x,y,left\n2,y,x,right\n")
    mapping = _write(tmp_path / "m.yml", "mine")
    done = demoscope(tmp_path / "home", "mapping", "init", path, "--out", mapping)
    assert (done.returncode, mapping.read_text()) == (2, "mine")
    printed = demoscope(tmp_path / "home", "mapping", "init", path, "--out", "-")
    assert "source: v" in printed.stdout
    assert "wrote" not in printed.stderr


def test_a_file_that_needs_none_and_one_that_says_nothing(tmp_path: Path) -> None:
    native = _write(tmp_path / "e.jsonl", [{"event_type": "model_registered", "native_id": "m"}])
    done = demoscope(tmp_path / "home", "mapping", "init", native)
    assert done.returncode == 2
    assert "needs no mapping" in done.stderr
    other = _write(tmp_path / "x.csv", "foo,bar\n1,2\n")
    done = demoscope(tmp_path / "home", "mapping", "init", other)
    assert done.returncode == 2
    assert "--event battle_judged" in done.stderr


def test_of_a_date_alone_no_vote_is_known_again(tmp_path: Path) -> None:
    mapping, said, _ = _drafted(_write(tmp_path / "p.csv", PANEL), "--timezone", "Europe/Berlin")
    assert "native_id: [Teilnehmernummer, Modell links, Modell rechts, Datum]" in mapping.text
    assert any(line.startswith("native_id") for line in said["to_check"])


def test_people_are_taken_from_a_file_of_votes(tmp_path: Path) -> None:
    rows = (
        "when,rater,left,right,vote,age,country\n2025-06-01 10:00,u,x,y,left,34,USA\n"
        "2025-06-01 10:05,u,y,x,right,34,USA\n2025-06-01 10:06,v,y,x,tie,50,US\n"
    )
    path = _write(tmp_path / "v.csv", rows)
    _, said, load = _drafted(path, "--event", "participant_enrolled")
    assert said["event"] == "participant_enrolled"
    assert (load["accepted_count"], load["duplicate_count"]) == (2, 1)


def test_counts_of_pairs(tmp_path: Path) -> None:
    counts = _write(
        tmp_path / "c.csv", "model_a,model_b,wins_a,wins_b,ties\nx,y,3,4,5\nx,z,1,2,0\n"
    )
    mapping, _, load = _drafted(counts)
    assert (mapping.event, load["accepted_count"]) == ("battles_tallied", 2)


def test_scores(tmp_path: Path) -> None:
    scores = _write(tmp_path / "s.csv", "Model,Benchmark,Score,Date\nx,mmlu,0.5,2025-01-02\n")
    mapping, _, load = _drafted(scores)
    assert (mapping.event, load["accepted_count"]) == ("benchmark_reported", 1)
    assert "[Model, Benchmark, Date]" in mapping.text


def test_hidden_characters_are_written_as_escapes(tmp_path: Path) -> None:
    rows = "id,left,right,vote,tas\u202ek\x1b[31m\n1,x\u2066,y,left,a\n2,y,x,right,b\n"
    path = _write(tmp_path / "v.csv", rows)
    done = demoscope(tmp_path / "home", "mapping", "init", path, "--out", "-")
    assert done.returncode == 0
    assert not {"\u202e", "\x1b", "\u2066"} & {*done.stdout, *done.stderr}


SPANISH = """Marca temporal;Correo electrónico;Asistente A;Asistente B;\
¿Cuál prefiere en general?;¿Cuál le inspira más confianza?
28/03/2025 09:20:00;uno@ejemplo.es;Ñandú;Cóndor;Asistente A;Empate
29/03/2025 09:20:00;dos@ejemplo.es;Cóndor;Ñandú;Ninguno de los dos;Asistente B
30/03/2025 09:20:00;dos@ejemplo.es;Ñandú;Cóndor;Asistente B;No lo sé
"""
FRENCH = """Horodateur;Adresse e-mail;Modèle A;Modèle B;Lequel préférez-vous ?;Quelle confiance ?
28/03/2025 09:20:00;un@exemple.fr;Étoile;Lune;Modèle A;Égalité
29/03/2025 09:20:00;deux@exemple.fr;Lune;Étoile;Aucun des deux;Modèle B
30/03/2025 09:20:00;deux@exemple.fr;Étoile;Lune;Le modèle B;Je ne sais pas
"""
ENGLISH = """Completed at;E-mail;Model A;Model B;Overall;Trust
28/03/2025 09:20:00;one@example.org;X;Y;Model A;Tie
29/03/2025 09:20:00;two@example.org;Y;X;Neither;Model B
30/03/2025 09:20:00;two@example.org;X;Y;Model B;Don't know
"""


@pytest.mark.parametrize("text", [SPANISH, FRENCH, ENGLISH], ids=["Spanish", "French", "English"])
def test_headers_and_verdicts_in_other_languages_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "form.csv").write_text(text, encoding="utf-8")
    said = demoscope(tmp_path / "home", "mapping", "init", "form.csv").stderr
    assert "tried on these rows: 5 understood, 0 refused" in said
    mapping = load_mapping(str(tmp_path / "form.yml"))
    assert {"participant_id", "occurred_at"} <= mapping.columns.keys()
    drafted = (tmp_path / "form.yml").read_text(encoding="utf-8")
    assert ": overall," in drafted
    assert ": trust}" in drafted
    assert set(re.findall(r"\b(?:a|b|tie|both_bad|null)\b(?=[,}])", drafted)) == {
        *("a", "b", "tie", "both_bad", "null")
    }


def test_two_columns_of_times_are_named_and_so_is_what_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text(
        "Opened,Closed up,worker,model_a,model_b,winner\n"
        "28.03.2025 09:20,28.03.2025 09:25,p,x,y,a\n29.03.2025 09:20,29.03.2025 09:25,q,x,y,b\n"
    )
    said = demoscope(tmp_path / "home", "mapping", "init", "t.csv").stderr
    assert "Opened and Closed up hold times" in said
    assert "no column holds times" not in said
    assert (
        "'Opened', 'Closed up' all hold times, and no name says which is of the vote; times are"
        " left out. Write the one at which people answered: occurred_at: {column: Closed up, "
        'format: "%d.%m.%Y %H:%M", timezone: Europe/Berlin}.'
    ) in said


def test_an_id_that_two_rows_share_is_named_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [f"r{at},p{at % 7},x,y,a" for at in range(100)]
    rows[60] = "r30,p1,x,y,b"
    (tmp_path / "i.csv").write_text(
        "Response ID,worker,model_a,model_b,winner\n" + "\n".join(rows) + "\n"
    )
    said = demoscope(tmp_path / "home", "mapping", "init", "i.csv").stderr
    assert "Response ID names every row but that rows 31 and 61 are both 'r30' and differ" in said
    assert "native_id: Response ID" in (tmp_path / "i.yml").read_text()
