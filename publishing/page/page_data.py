"""The page's data: one JSON document, a pure function of the published marts.

Names stand once, in `models`, `dimensions`, `strata`, `estimators`, `weightings`; elsewhere is
their place. Numbers are rounded to what the page shows and written as whole numbers: `PERCENT` and
`SKILL` in hundredths, `PERMILLE` in thousandths. Leaderboards, which are most of the page, are
columns of small differences; that keeps the page in its size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from publishing.boards.dependence import dependence_words
from publishing.boards.labels import UNWEIGHTED, Labels
from publishing.boards.view import (
    DEFAULT_DIMENSION,
    DEFAULT_STRATUM,
    SECONDARY_PREFIX,
    SECONDARY_SUFFIX,
    title,
)
from publishing.counted import counted
from publishing.dates import long_date
from publishing.page.benchmarks import benchmark_section
from publishing.page.experience import experience, ratings_alone
from publishing.page.incidents import incidents
from publishing.page.leaderboards import (
    PERCENT,
    SKILL,
    Key,
    Places,
    board_columns,
    columns,
    key_of,
    scaled,
)
from publishing.page.marts import Rows
from publishing.page.pairs import pairs
from publishing.page.profiles import profiles
from publishing.page.safety import safety
from publishing.page.study import about, collection, named_study
from publishing.page.sycophancy import sycophancy
from publishing.page.time import by_month, over_time

Row = Mapping[str, Any]
SCHEMA_VERSION = 3
PERMILLE, RANK = 3, 1  # decimal places that are kept
EXACT = "trueskill_ep"
# In the order in which they are offered; others follow under their own names.
ESTIMATORS = {
    EXACT: (
        "TrueSkill, exact",
        "The figure to quote. The order of the votes makes no difference, and ties count.",
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
        "For comparison: vote by vote, so their order counts. The same as the trueskill package.",
    ),
}
CODE_DIGITS = 16


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
        "models": columns(models, MODEL_COLUMNS),
        "dimensions": columns(dimensions, ("dimension", "label", "short_label", "description")),
        "strata": {
            **columns(strata, ("stratum_id", "country", "axis", "group_name", "label")),
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
        "plain": first
        and plain_table(
            first,
            boards[first],
            models,
            marts["rpt_board_summary"],
            board_labels(first, marts["dim_board"]),
        ),
        "pairs": pairs(marts["rpt_pairwise"], ordered),
        "profiles": profiles(marts, places["model_id"]),
        "study": named_study(marts["dim_study"]),
        "collection": collection(marts["rpt_data_collection"], places["stratum_id"]),
        "history": history(summaries, places),
        "time": over_time(marts["rpt_rank_history"], places),
        "months": by_month(marts["rpt_votes_by_month"], places),
        "experience": experience(marts, places["stratum_id"], places["model_id"]),
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
            labels={
                row[name]: row["label"]
                for mart, name in (("dim_dimension", "dimension"), ("dim_criterion", "criterion"))
                for row in marts[mart]
            },
        ),
        "integrity": integrity(publication, *marts["rpt_log_integrity"]),
    }


PUBLICATION_COLUMNS = (
    "release_id", "title", "is_simulated", "log_position", "valid_until", "sources",
    "code_version", "provisional_battle_count", "disclosed_people_min",
)  # fmt: skip
MODEL_COLUMNS = (
    "model_id", "display_name", "provider", "terms", "released", "retired_reason",
    "retired_date", "private_note",
)  # fmt: skip


def board_labels(key: Key, boards: Rows) -> Labels:
    """What people read in place of a board's names."""
    row = next(row for row in boards if key_of(row) == key)
    return Labels(
        dimensions={key.dimension: row["dimension_label"]},
        weightings={key.weighting: row["weighting_label"]},
        estimators={key.estimator: row["estimator_label"]},
    )


def plain_table(
    key: Key, board: Rows, models: Rows, summaries: Rows, labels: Labels
) -> dict[str, Any]:
    """A leaderboard's title and rows, with the models' names.

    In the order of the page: ranked, then withdrawn, then those of too few votes.
    """
    known = {row["model_id"]: row for row in models}
    verdicts = next(row["battle_count"] for row in summaries if key_of(row) == key)
    beside = dependence_words(board[0], verdicts)
    return {
        "title": title(
            key._asdict(), labels, beside=beside, is_simulated=False
        ),  # the page says so everywhere
        "rows": sorted(
            (
                {**row, "name": named["display_name"], "notes": _notes(row, named)}
                for row in board
                for named in (known[row["model_id"]],)
            ),
            key=lambda row: (
                row["is_provisional"],
                known[row["model_id"]]["retired_reason"] is not None,
                row["rank"],
            ),
        ),
    }


def _notes(row: Row, model: Row) -> str:
    """What a reader must know before quoting a row: provisional, private, withdrawn."""
    said = [
        "too few votes: don't quote" if row["is_provisional"] else "",
        f"private, {model['private_note']}" if model["private_note"] else "",
        "withdrawn" if model["retired_reason"] else "",
    ]
    return "; ".join(filter(None, said))


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
    """How far ranks move between the groups of an axis; tenths of a rank, and percent.

    `largest` is null where it says nothing: of an axis that divides people no more than chance, or
    is the only one.
    """
    axes = Counter((row["country"], row["dimension"]) for row in rows)
    return [
        {
            "country": row["country"],
            "axis": row["axis"],
            "dimension": places["dimension"][row["dimension"]],
            "shift": scaled(row["rank_shift"], RANK),
            "lo": scaled(row["rank_shift_lo"], RANK),
            "hi": scaled(row["rank_shift_hi"], RANK),
            "if_agreed": scaled(row["rank_shift_if_agreed"], RANK),
            "largest": scaled(row["p_largest"], PERCENT)
            if row["rank_shift"] > row["rank_shift_if_agreed"]
            and axes[row["country"], row["dimension"]] > 1
            else None,
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
            **{name: row[name] for name in ("country", "variable_label", "level")},
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
            **{
                name: row[name]
                for name in ("country", "scheme", "scheme_label", "participant_count")
            },
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
        # Of a country in which nobody is weighted there is nothing to say.
        if row["design_effect"] is not None
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
        ("Board", publication["release_id"], True),
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
            boards.setdefault(key_of(row), []).append(row)
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
            "retired_date": long_date(row["retired_at"]) if row["retired_at"] else None,
            "released": long_date(row["released_at"]) if row["released_at"] else None,
            "terms": LICENCE_KINDS.get(row["licence_kind"] or "", row["licence"]),
            "private_note": _private_note(row),
        }
        for row in sorted(rows, key=lambda row: (row["display_name"].casefold(), row["model_id"]))
        if row["model_id"] in judged
    ]


LICENCE_KINDS = {
    "open_source": "Open source",
    "open_weights": "Open weights",
    "proprietary": "Proprietary",
}


def _private_note(row: dict[str, Any]) -> str | None:
    """What became of a variant that was tested in private; None of other models."""
    if not row["is_private"]:
        return None
    if row["public_id"] is None:
        return "not published"
    day = f" on {long_date(row['published_at'])}" if row["published_at"] else ""
    return f"published as {row['public_id']}{day}"


def _known(rows: Rows, name: str, used: set[str]) -> Rows:
    """Those that have a board, in the order people read them."""
    found = [row for row in rows if row[name] in used]
    return sorted(found, key=lambda row: (row["sort_order"], row[name]))


def _places(names: Any) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}
