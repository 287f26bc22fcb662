"""The page's data: one JSON document, a pure function of the published marts.

Names stand once, in `models`, `dimensions`, `strata`, `estimators`, `weightings`; elsewhere is
their place. Numbers are rounded to what the page shows and written as whole numbers: `PERCENT` and
`SKILL` in hundredths, `PERMILLE` in thousandths. Leaderboards, which are most of the page, are
columns of small differences; that keeps the page in its size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from publishing.boards.dependence import dependence_sentence, dependence_words
from publishing.boards.view import (
    DEFAULT_DIMENSION,
    DEFAULT_STRATUM,
    SECONDARY_PREFIX,
    SECONDARY_SUFFIX,
    UNWEIGHTED,
    title,
)
from publishing.counted import counted
from publishing.page.about import about
from publishing.page.benchmarks import benchmark_section
from publishing.page.experience import experience, ratings_alone
from publishing.page.incidents import incidents
from publishing.page.marts import MATRIX_MODELS, Rows
from publishing.page.safety import safety
from publishing.page.sycophancy import sycophancy

Row = Mapping[str, Any]
Places = Mapping[str, Mapping[str, int]]
SCHEMA_VERSION = 2
SKILL, PERCENT, PERMILLE, RANK = 2, 2, 3, 1  # decimal places that are kept
FEW_BATTLES, WIDE_INTERVAL, APART, NEW_TIER = 1, 2, 4, 8
PROVISIONAL_FLAGS = {
    None: 0,
    "few_battles": FEW_BATTLES,
    "wide_interval": WIDE_INTERVAL,
    "few_battles_and_wide_interval": FEW_BATTLES | WIDE_INTERVAL,
}
EXACT = "trueskill_ep"
# In the order in which they are offered; others follow under their own names.
ESTIMATORS = {
    EXACT: (
        "TrueSkill, exact",
        "The figure to quote: depends on no order, knows ties, keeps the full covariance.",
    ),
    "trueskill_hierarchical": (
        "TrueSkill, pooled",
        "One model over all groups: a small group borrows from what all say.",
    ),
    "bradley_terry": (
        "Bradley-Terry",
        "For comparison with other arenas: a tie is half a win, nothing more.",
    ),
    "trueskill_online": (
        "TrueSkill, one by one",
        "For comparison: battle by battle, so order counts. Equals the trueskill package to 1e-9.",
    ),
}
CODE_DIGITS = 16


class Key(NamedTuple):
    """Which leaderboard."""

    stratum_id: str
    dimension: str
    estimator: str
    weighting: str


def page_data(
    marts: Mapping[str, Rows], editions: Sequence[Row], summaries: Sequence[Rows]
) -> dict[str, Any]:
    """Everything the page shows of one published board.

    Args:
        marts: rows by mart (marts.py).
        editions: every published board, oldest first, with the page it is on.
        summaries: the `rpt_board_summary` of each of them.

    Returns:
        A document for JSON. `opens_with` is the place of the leaderboard that is shown first;
        `plain` is the same leaderboard as a table for readers without JavaScript.
    """
    boards = _boards(marts["rpt_leaderboard"])
    dimensions = _known(marts["dim_dimension"], "dimension", {key.dimension for key in boards})
    strata = _known(marts["dim_stratum"], "stratum_id", {key.stratum_id for key in boards})
    estimators = sorted({key.estimator for key in boards}, key=_estimator_order)
    weightings = sorted({key.weighting for key in boards}, key=lambda name: (_weighs(name), name))
    models = _models(marts["dim_model"], boards)
    places: Places = {
        "stratum_id": _places(row["stratum_id"] for row in strata),
        "dimension": _places(row["dimension"] for row in dimensions),
        "estimator": _places(estimators),
        "weighting": _places(weightings),
        "model_id": _places(row["model_id"] for row in models),
    }

    names = {row["model_id"]: row["display_name"] for row in models}

    def by_country(rows: Rows) -> Rows:
        return sorted(rows, key=lambda row: places["stratum_id"].get(row["country"], len(strata)))

    order = ("estimator", "weighting", "dimension", "stratum_id")
    keys = sorted(boards, key=lambda key: [places[name][getattr(key, name)] for name in order])
    ordered = {key: boards[key] for key in keys}
    [publication] = marts["publication"]
    first = _opens_with(keys, places)
    consistency = sorted(
        marts["rpt_demographic_consistency"], key=lambda row: -(row["p_largest"] or 0)
    )
    return {
        "schema_version": SCHEMA_VERSION,
        "board": {name: publication[name] for name in PUBLICATION_COLUMNS},
        "editions": [dict(edition) for edition in editions],
        "models": _columns(models, MODEL_COLUMNS),
        "dimensions": _columns(dimensions, ("dimension", "label", "description")),
        "strata": {
            **_columns(strata, ("stratum_id", "country", "axis", "group_name", "label")),
            **coverage(strata, marts["fct_stratum_coverage"]),
        },
        "estimators": {
            "estimator": estimators,
            "label": [ESTIMATORS.get(name, (name, ""))[0] for name in estimators],
            "note": [ESTIMATORS.get(name, (name, ""))[1] for name in estimators],
        },
        "weightings": weightings,
        "boards": board_columns(
            ordered, marts["rpt_rank_comparison"], marts["rpt_board_summary"], places
        ),
        "opens_with": first and keys.index(first),
        "plain": first and plain_table(first, boards[first], models, marts["rpt_board_summary"]),
        "pairs": pairs(marts["rpt_pairwise"], places),
        "history": history(summaries, places),
        "experience": experience(marts, places["stratum_id"]),
        "alone": None if first else ratings_alone(marts),
        "ties": ties(marts["rpt_tie_rate"], places),
        "divisions": divisions(by_country(consistency), places),
        "judges": judges(marts["rpt_disagreement"], places),
        "margins": margins(
            by_country(marts["rpt_weighting_margin"]), marts["rpt_weighting_diagnostics"]
        ),
        "diagnostics": diagnostics(by_country(marts["rpt_weighting_diagnostics"])),
        "safety": safety(marts["rpt_safety"], marts["rpt_topic_tie_rate"]),
        "incidents": incidents(marts["rpt_safety_incident"], names),
        "sycophancy": sycophancy(marts["rpt_sycophancy"], marts["rpt_sycophancy_effect"], names),
        "benchmarks": first
        and benchmark_section(
            marts["rpt_benchmark_gap"],
            marts["rpt_benchmark_residual"],
            dimension=first.dimension,
            weighting=first.weighting,
        ),
        "about": about(
            marts["rpt_about_study"],
            marts["fct_stratum_coverage"],
            marts["rpt_data_collection"],
            marts["rpt_weighting_diagnostics"],
            step=publication["disclosed_people_min"],
        ),
        "integrity": integrity(publication, *marts["rpt_log_integrity"]),
    }


PUBLICATION_COLUMNS = (
    "board_id", "title", "is_simulated", "log_position", "valid_until", "sources",
    "code_version", "provisional_battle_count", "disclosed_people_min",
)  # fmt: skip
MODEL_COLUMNS = (
    "model_id", "display_name", "provider", "retired_reason", "retired_date", "private_note",
)  # fmt: skip


def scaled(value: float, places: int) -> int:
    """A number as a whole count of 10^-places, rounded as every other surface rounds it."""
    whole: int = round(round(value, places) * 10**places)
    return whole


def board_columns(
    boards: Mapping[Key, Rows], comparisons: Rows, summaries: Rows, places: Places
) -> dict[str, Any]:
    """Every board's head and rows.

    Args:
        boards: rows by key, best first, in the order to be shown.
        comparisons: of `rpt_rank_comparison`.
        summaries: of `rpt_board_summary`.
        places: per key column, the place of each of its values; and of each model.

    Returns:
        Columns with one entry per board. Below `rows` an entry is a list, one number per model:
        `model` its place; `skill` in hundredths, the first as it is, then how much less;
        `lo` and `hi` how far the interval's ends are off, `hi` less `lo`; `rank_lo` and `rank_hi`
        how far off; `best` and `win` percent; `change` of rank; `flags`
        1 provisional for few battles, 2 for a wide interval, 4 unlike the board of reference,
        8 the first of a new tier.
        `dependence` is the place in `dependences` of what the intervals rest on: words beside the
        title, and a sentence.
        `tally` is the place in `tallies` of the battles of each model, by the model's place.
    """
    compared: dict[Key, dict[str, Row]] = {}
    for row in comparisons:
        compared.setdefault(_key(row), {})[row["model_id"]] = row
    summary = {_key(row): row for row in summaries}
    heads, tables = [], []
    tallies: dict[tuple[int, ...], int] = {}
    dependences: dict[tuple[str, str], int] = {}
    for key, board in boards.items():
        counts = {row["model_id"]: row["battle_count"] for row in board}
        tally = tuple(counts.get(model, 0) for model in places["model_id"])
        beside = compared.get(key, {})
        head = _head(key, summary[key], beside, places)
        words = dependence_words(board[0], summary[key]["battle_count"])
        depends = (words, dependence_sentence(board[0]))
        head["dependence"] = dependences.setdefault(depends, len(dependences))
        heads.append({**head, "tally": tallies.setdefault(tally, len(tallies))})
        rows = _rows(board, beside, places["model_id"])
        tables.append(_columns(rows, list(rows[0])))
    return {
        **_columns(heads, list(heads[0]) if heads else ()),
        "rows": _columns(tables, list(tables[0]) if tables else ()),
        "tallies": [list(tally) for tally in tallies],
        "dependences": [list(depends) for depends in dependences],
    }


def _head(key: Key, summary: Row, compared: Mapping[str, Row], places: Places) -> dict[str, Any]:
    reference = next((row for row in compared.values() if row["reference_rank"]), None)
    if reference and reference["reference_stratum_id"] not in places["stratum_id"]:
        reference = None  # its board rests on too few people to be published
    effective = summary["effective_participant_count"]
    return {
        **{name: places[name][value] for name, value in key._asdict().items()},
        "reference": reference
        and [
            places["stratum_id"][reference["reference_stratum_id"]],
            places["dimension"][reference["reference_dimension"]],
        ],
        "effective": None if effective is None else round(effective),
        **{name: summary[name] for name in SUMMARY_COLUMNS},
        "sd": scaled(summary["skill_sd_median"], SKILL),
    }


NOT_COMPARED: Row = {"rank_gain": None, "is_different": None}
SUMMARY_COLUMNS = (
    "battle_count",
    "battle_left_out_count",
    "has_few_people",
    "heard_count",
    "leader_count",
    "component_count",
    "misfits",
)


def _rows(board: Rows, compared: Mapping[str, Row], models: Mapping[str, int]) -> Rows:
    rows: Rows = []
    before = tier = None
    for row in board:
        # A comparison may stay behind where the board itself is shown.
        beside = compared.get(row["model_id"], NOT_COMPARED)
        skill, lo, hi = (scaled(row[name], SKILL) for name in ("skill", "skill_lo", "skill_hi"))
        rows.append(
            {
                "model": models[row["model_id"]],
                "skill": skill if before is None else before - skill,
                "lo": skill - lo,
                "hi": (hi - skill) - (skill - lo),
                "rank_lo": row["rank"] - row["rank_lo"],
                "rank_hi": row["rank_hi"] - row["rank"],
                "best": scaled(row["p_best"], PERCENT),
                "win": scaled(row["win_share"], PERCENT),
                "change": beside["rank_gain"],
                "flags": PROVISIONAL_FLAGS[row["provisional_reason"]]
                | (APART if beside["is_different"] else 0)
                | (NEW_TIER if tier and row["tier"] and row["tier"] > tier else 0),
            }
        )
        before, tier = skill, row["tier"]
    return rows


def plain_table(key: Key, board: Rows, models: Rows, summaries: Rows) -> dict[str, Any]:
    """A leaderboard's title and rows as they are in the mart, with the models' names."""
    known = {row["model_id"]: row for row in models}
    verdicts = next(row["battle_count"] for row in summaries if _key(row) == key)
    beside = dependence_words(board[0], verdicts)
    return {
        "title": title(
            key._asdict(), beside=beside, is_simulated=False
        ),  # the page says so everywhere
        "rows": [
            {**row, "name": named["display_name"], "notes": _notes(row, named)}
            for row in board
            for named in (known[row["model_id"]],)
        ],
    }


def _notes(row: Row, model: Row) -> str:
    """What a reader must know before quoting a row: provisional, private, withdrawn."""
    said = [
        "provisional: don't quote" if row["is_provisional"] else "",
        f"private, {model['private_note']}" if model["private_note"] else "",
        "withdrawn" if model["retired_reason"] else "",
    ]
    return "; ".join(filter(None, said))


def pairs(rows: Rows, places: Places) -> list[dict[str, Any] | None]:
    """Per dimension: each pair of models once, by place, (0, 1), (0, 2), ..., (1, 2), ...

    `better` and `worse` are the chances that the first or the second has the higher skill, `win`
    and `lose` that the first or the second wins the next battle, in percent; `battle_count` how
    often they met. A pair is null where one of the two is not on the board. `is_weighted`: whether
    it is of the weighted board. Of very many models only the best are paired: `models`, their
    places.
    """
    models = list(places["model_id"])
    found: dict[str, dict[tuple[str, str], Row]] = {}
    for row in rows:
        found.setdefault(row["dimension"], {})[row["model_a"], row["model_b"]] = row
    return [
        _pairs(found[dimension], models, places["model_id"]) if dimension in found else None
        for dimension in places["dimension"]
    ]


def _pairs(
    rows: Mapping[tuple[str, str], Row], models: Sequence[str], places: Mapping[str, int]
) -> dict[str, Any]:
    is_whole = len(models) <= MATRIX_MODELS
    paired = {model for pair in rows for model in pair}
    among = models if is_whole else [model for model in models if model in paired]
    ordered = [(a, b) for place, a in enumerate(among) for b in among[place + 1 :]]
    columns: dict[str, Any] = _columns([_pair(rows, a, b) for a, b in ordered], PAIR_COLUMNS)
    columns["is_weighted"] = any(_weighs(row["weighting"]) for row in rows.values())
    return columns if is_whole else {**columns, "models": [places[model] for model in among]}


PAIR_COLUMNS = ("better", "worse", "win", "lose", "battle_count")


def _pair(rows: Mapping[tuple[str, str], Row], a: str, b: str) -> dict[str, int | None]:
    row, other = rows.get((a, b)), rows.get((b, a))
    if row is None or other is None:
        return dict.fromkeys(PAIR_COLUMNS)
    return {
        "better": scaled(row["p_better"], PERCENT),
        "worse": scaled(other["p_better"], PERCENT),
        "win": scaled(row["p_win"], PERCENT),
        "lose": scaled(other["p_win"], PERCENT),
        "battle_count": row["battle_count"],
    }


def ties(rows: Rows, places: Places) -> Rows:
    """Per stratum and dimension, in the order of dimensions, shares in thousandths."""
    shown = [
        {
            **{name: places[name][row[name]] for name in ("stratum_id", "dimension")},
            **{name: scaled(row[f"{name}_share"], PERMILLE) for name in TIE_SHARES},
        }
        for row in rows
        if row["stratum_id"] in places["stratum_id"]
        and row["dimension"] in places["dimension"]
        and row["decided_share"] is not None  # too few verdicts for a share
    ]
    return sorted(shown, key=lambda row: row["dimension"])


TIE_SHARES = ("decided", "tie", "both_bad")


def history(summaries: Sequence[Rows], places: Places) -> Rows:
    """Everybody's boards by the exact estimator, over all publications.

    Args:
        summaries: `rpt_board_summary` of every publication, oldest first.
        places: as elsewhere.

    Returns:
        One row per publication, question and weighting: `edition`, the publication's place;
        verdicts; `sd` of a typical skill in hundredths.
    """
    return [
        {
            "edition": edition,
            "dimension": places["dimension"][row["dimension"]],
            "is_weighted": _weighs(row["weighting"]),
            "battle_count": row["battle_count"],
            "sd": scaled(row["skill_sd_median"], SKILL),
        }
        for edition, rows in enumerate(summaries)
        for row in rows
        if (row["stratum_id"], row["estimator"]) == (DEFAULT_STRATUM, EXACT)
        and row["dimension"] in places["dimension"]
        and _is_shown(row["weighting"])
    ]


def coverage(strata: Rows, rows: Rows) -> dict[str, list[int | None]]:
    """Per group: its share of the country's participants and of its adults, in thousandths."""
    by_stratum = {row["stratum_id"]: row for row in rows}

    def share(stratum: Row, name: str) -> int | None:
        value = by_stratum.get(stratum["stratum_id"], {}).get(name)
        return None if value is None or stratum["axis"] is None else scaled(value, PERMILLE)

    return {
        name: [share(stratum, name) for stratum in strata]
        for name in ("heard_share", "population_share")
    }


def divisions(rows: Rows, places: Places) -> Rows:
    """How far ranks move between the groups of an axis; tenths of a rank, and percent."""
    return [
        {
            "country": row["country"],
            "axis": row["axis"],
            "dimension": places["dimension"][row["dimension"]],
            "shift": scaled(row["rank_shift"], RANK),
            "lo": scaled(row["rank_shift_lo"], RANK),
            "hi": scaled(row["rank_shift_hi"], RANK),
            "if_agreed": scaled(row["rank_shift_if_agreed"], RANK),
            "largest": scaled(row["p_largest"], PERCENT),
        }
        for row in rows
        if row["dimension"] in places["dimension"] and row["p_largest"] is not None
    ]


def judges(rows: Rows, places: Places) -> Rows:
    """How often two people name different winners of one pair, in thousandths, per axis.

    `same`: two of one group; `other`: of different groups; each with its interval.
    """
    found: dict[tuple[int, str], dict[str, Any]] = {}
    for row in rows:
        name = {"same_group": "same", "other_group": "other"}.get(row["relation"])
        if name is None or row["dimension"] not in places["dimension"]:
            continue
        key = places["dimension"][row["dimension"]], row["axis"]
        figures = found.setdefault(key, {"dimension": key[0], "axis": AXES.get(key[1], key[1])})
        for end in ("", "_lo", "_hi"):
            value = row[f"opposite_share{end}"]
            figures[name + end] = None if value is None else scaled(value, PERMILLE)
    return [
        row
        for _, row in sorted(found.items())
        if len(row) == JUDGE_COLUMNS and None not in row.values()
    ]


JUDGE_COLUMNS = 8
# A cell is of people who are in one group of every axis.
AXES = {"cell": "all of these at once"}


def margins(rows: Rows, weighted: Rows) -> Rows:
    """Every level of the default weighting: sample, weighted, target; in thousandths."""
    shown = {(row["country"], row["scheme"]) for row in weighted}
    return [
        {
            **{name: row[name] for name in ("country", "variable", "level")},
            **{
                name: scaled(row[f"{name}_share"], PERMILLE)
                for name in ("before", "after", "target")
            },
        }
        for row in rows
        if (row["country"], row["scheme"]) in shown
        and (row["census_share"] is not None or row["participant_count"])
    ]


def diagnostics(rows: Rows) -> Rows:
    """What the default weighting costs and how well it fits, per country."""
    return [
        {
            **{name: row[name] for name in ("country", "scheme", "participant_count")},
            "effective": round(row["effective_participant_count"]),
            **{
                name: scaled(row[name], 2) for name in ("design_effect", "weight_min", "weight_max")
            },
            "trimmed": scaled(row["trimmed_share"] or 0, PERMILLE),
            "asmd_before": scaled(row["asmd_before_max"] or 0, 3),
            "asmd_after": scaled(row["asmd_after_max"] or 0, 3),
            "is_collapsed": row["has_collapsed_levels"],
        }
        for row in rows
        if row["effective_participant_count"] is not None
    ]


def integrity(publication: Row, log: Row) -> list[tuple[str, str, bool]]:
    """Where a board is from and what vouches for it: name, value and whether it is code.

    Args:
        publication: the row of `publication`.
        log: the row of `rpt_log_integrity`; the log was checked when the marts were made.
    """
    finding = counted(log["finding_count"], "finding")
    whole = "whole" if log["is_verified"] else f"NOT whole: {finding}"
    commits, events = counted(log["log_position"], "commit"), counted(log["event_count"], "event")
    first, last = log["first_recorded_at"].date(), log["last_recorded_at"].date()
    key = log["checkpoint_key"]
    code = f"{publication['code_version']} {publication['code_sha256'][:CODE_DIGITS]}"
    rows: list[tuple[str, Any, bool]] = [
        ("Board", publication["board_id"], True),
        ("Log", f"{commits} and {events}", False),
        ("Recorded", f"{first.isoformat()} to {last.isoformat()}", False),
        ("Log checked", f"{whole}, from the bytes up, when these figures were made", False),
        ("Log head", log["log_head_hash"], True),
        ("Merkle root", log["log_root_hash"], True),
        ("Checkpoints", key or "not signed yet", key is not None),
        ("Signature", "signed" if publication["is_signed"] else "not signed", False),
        ("Study design", publication["design_hash"], True),
        ("Code", code, True),
        ("Dependencies", publication["dependency_lock_sha256"], True),
        ("Sources", publication["sources"], False),
    ]
    return [(name, str(value), is_code) for name, value, is_code in rows if value]


def _boards(rows: Rows) -> dict[Key, Rows]:
    """Rows of the boards that are shown, by key, best first."""
    boards: dict[Key, Rows] = {}
    for row in sorted(rows, key=lambda row: (row["rank"], row["model_id"])):
        if _is_shown(row["weighting"]):
            boards.setdefault(_key(row), []).append(row)
    return boards


def _opens_with(keys: Sequence[Key], places: Places) -> Key | None:
    """The first board of everybody on the default question, weighted where people were weighted."""

    def order(key: Key) -> tuple[bool, bool, int, int, bool]:
        return (
            key.dimension != DEFAULT_DIMENSION,
            key.stratum_id != DEFAULT_STRATUM,
            places["dimension"][key.dimension],
            places["stratum_id"][key.stratum_id],
            places["estimator"][key.estimator] != 0 or not _weighs(key.weighting),
        )

    return min(keys, key=order, default=None)


def _key(row: Row) -> Key:
    return Key(*(row[name] for name in Key._fields))


def _is_shown(weighting: str) -> bool:
    """Whether the page shows boards of a weighting; the others are in the files to download."""
    return not weighting.endswith(SECONDARY_SUFFIX) and not weighting.startswith(SECONDARY_PREFIX)


def _weighs(weighting: str) -> bool:
    return weighting != UNWEIGHTED


def _estimator_order(estimator: str) -> tuple[int, str]:
    known = list(ESTIMATORS)
    return (known.index(estimator) if estimator in known else len(known), estimator)


def _models(rows: Rows, boards: Mapping[Key, Rows]) -> Rows:
    """The models on any board, by name, with the day each was retired."""
    judged = {row["model_id"] for board in boards.values() for row in board}
    return [
        {
            **row,
            "retired_reason": row["retired_reason"] or "no reason given"
            if row["is_retired"]
            else None,
            "retired_date": row["retired_at"].date().isoformat() if row["retired_at"] else None,
            "private_note": _private_note(row),
        }
        for row in sorted(rows, key=lambda row: (row["display_name"].casefold(), row["model_id"]))
        if row["model_id"] in judged
    ]


def _private_note(row: dict[str, Any]) -> str | None:
    """What became of a variant that was tested in private; None of other models."""
    if not row["is_private"]:
        return None
    if row["public_id"] is None:
        return "not published"
    day = f" on {row['published_at'].date().isoformat()}" if row["published_at"] else ""
    return f"published as {row['public_id']}{day}"


def _known(rows: Rows, name: str, used: set[str]) -> Rows:
    """Those that have a board, in the order people read them."""
    found = [row for row in rows if row[name] in used]
    return sorted(found, key=lambda row: (row["sort_order"], row[name]))


def _places(names: Any) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}


def _columns(rows: Sequence[Row], names: Sequence[str]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in names}
