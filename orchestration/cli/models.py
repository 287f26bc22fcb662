"""`demoscope model` and `compare`: one model, or one against another, board by board."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingestion.errors import NotFoundError, UsageError
from ingestion.paths import Home
from orchestration.cli.choices import require_known
from orchestration.cli.output import FORMAT, Format, print_rows
from orchestration.cli.settings import settings
from publishing.meant import did_you_mean

if TYPE_CHECKING:
    from orchestration.cli.output import Columns

ESTIMATOR = "trueskill_ep"
NAMES = """
select model_id, model_id as name from dim_model
union
select model_id, display_name from dim_model where display_name is not null
"""
STRATA = "select distinct stratum_id from rpt_leaderboard order by stratum_id"
BOARDS = """
select boards.*, coalesce(dimensions.short_label, boards.dimension) as question
from rpt_leaderboard as boards
left join dim_dimension as dimensions using (dimension)
where model_id = $model and estimator = $estimator
    and ($stratum is null or stratum_id = $stratum)
    and ($dimension is null or dimension = $dimension)
order by stratum_id, dimension, weighting
"""
PAIRS = """
select pairs.*, coalesce(dimensions.short_label, pairs.dimension) as question
from rpt_pairwise as pairs
left join dim_dimension as dimensions using (dimension)
where model_a = $model_a and model_b = $model_b and estimator = $estimator
    and ($stratum is null or stratum_id = $stratum)
    and ($dimension is null or dimension = $dimension)
order by stratum_id, dimension, weighting
"""
DIMENSIONS = "select distinct dimension from rpt_leaderboard order by dimension"
ABOUT = """
select model_id, display_name, provider, licence, is_retired, retired_reason
from dim_model where model_id = $model
"""
FINDINGS = """
select distinct sentence, p_adjusted from rpt_model_profile
where model_id = $model and ($stratum is null or stratum_id = $stratum)
order by p_adjusted, sentence
limit 5
"""
MODEL_COLUMNS: Columns = {
    "who": "{stratum_id}",
    "question": "{question}",
    ">rank": "{rank}",
    "^range": "{rank_lo}-{rank_hi}",
    ">win share": "{win_share:.1%}",
    ">95% interval": "{win_share_lo:.1%} to {win_share_hi:.1%}",
    ">P(best)": "{p_best:.1%}",
    ">battles": "{battle_count:,}",
}
PAIR_COLUMNS: Columns = {
    "who": "{stratum_id}",
    "question": "{question}",
    ">win share of first": "{win_share:.1%}",
    ">95% interval": "{win_share_lo:.1%} to {win_share_hi:.1%}",
    ">first wins": "{p_win:.1%}",
    ">tie": "{p_tie:.1%}",
    ">second wins": lambda row: f"{max(0.0, 1.0 - row['p_win'] - row['p_tie']):.1%}",
    ">P(first is better)": "{p_better:.1%}",
    ">battles of the two": "{battle_count:,}",
}
STRATUM = Annotated[
    str | None, typer.Option(help="all, US, US/age/18-34, ...; every stratum where not given.")
]
DIMENSION = Annotated[
    str | None, typer.Option(help="What was judged; every question where not given.")
]


def model(
    name: Annotated[str, typer.Argument(help="Its id or the name people read.")],
    stratum: STRATUM = None,
    dimension: DIMENSION = None,
    output: FORMAT = Format.TABLE,
) -> None:
    """Show one model: its rank and win share on every default board, and where it is weak."""
    home = Home.from_environment()
    chosen = {"stratum": stratum, "dimension": dimension}
    _require_choices(home, **chosen)
    model_id = _named(home, name)
    asked = {**chosen, "model": model_id, "estimator": ESTIMATOR}
    rows = _default(_rows(home, BOARDS, asked))
    [about] = _rows(home, ABOUT, {"model": model_id})
    findings = _rows(home, FINDINGS, {"model": model_id, "stratum": stratum})
    sentences = [row["sentence"] for row in findings]
    head = {"model": about, "findings": sentences}
    note = "\n".join(["win share: of battles against every other model alike", *sentences])
    nothing = f"{model_id} is on no board that was chosen: nobody compared it there."
    print_rows(
        "rows", rows, output, MODEL_COLUMNS, head=head, title=_words(about), note=note,
        nothing=nothing, fields=lambda: _fields(home, BOARDS, asked),
    )  # fmt: skip


def compare(
    first: Annotated[str, typer.Argument(help="A model: its id or the name people read.")],
    second: Annotated[str, typer.Argument(help="The other.")],
    stratum: STRATUM = None,
    dimension: DIMENSION = None,
    output: FORMAT = Format.TABLE,
) -> None:
    """Show how often people prefer one model over another, on every default board."""
    home = Home.from_environment()
    chosen = {"stratum": stratum, "dimension": dimension}
    _require_choices(home, **chosen)
    model_a, model_b = _named(home, first), _named(home, second)
    if model_a == model_b:
        message = f"{first!r} and {second!r} are one model: {model_a}."
        raise UsageError(message, remedy="Name two.")
    asked = {**chosen, "model_a": model_a, "model_b": model_b, "estimator": ESTIMATOR}
    rows = _default(_rows(home, PAIRS, asked))
    print_rows(
        "rows", rows, output, PAIR_COLUMNS, head={"first": model_a, "second": model_b},
        title=f"{model_a} (first) against {model_b} (second)",
        note="win share: of battles between the two, a tie counting half; wins and ties: apart; all"
        " are estimated from every vote of the board, not from those on this pair alone",
        nothing=f"{model_a} and {model_b} share no board that was chosen.",
        fields=lambda: _fields(home, PAIRS, asked),
    )  # fmt: skip


def _words(about: dict[str, Any]) -> str:
    """Who a model is, in a line."""
    said = [about["display_name"] or about["model_id"], about["provider"], about["licence"]]
    words = ", ".join(filter(None, said))
    if about["is_retired"]:
        words += f"; withdrawn: {about['retired_reason'] or 'no reason given'}"
    return words


def _rows(home: Home, query: str, asked: dict[str, Any]) -> list[dict[str, Any]]:
    from orchestration.database import mart_rows

    return mart_rows(home, query, asked)


def _fields(home: Home, query: str, asked: dict[str, Any]) -> list[str]:
    from orchestration.database import mart_columns

    return mart_columns(home, query, asked)


def _default(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each stratum and dimension the row of the weighting that is shown unless asked."""
    from publishing.boards.view import default_weighting  # imports Arrow

    scheme = settings().scheme
    boards: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        boards.setdefault((row["stratum_id"], row["dimension"]), []).append(row)
    shown = []
    for own in boards.values():
        known = [row["weighting"] for row in own]
        weighting = scheme if scheme in known else default_weighting(known)
        shown += [row for row in own if row["weighting"] == weighting]
    # Everybody first, then countries, then their groups.
    return sorted(
        shown,
        key=lambda row: (
            row["stratum_id"] != "all", row["stratum_id"].count("/") > 0, row["stratum_id"],
            row["dimension"] != "overall", row["dimension"],
        ),
    )  # fmt: skip


def _require_choices(home: Home, stratum: str | None, dimension: str | None) -> None:
    for name, asked, query in (
        ("stratum", stratum, STRATA), ("dimension", dimension, DIMENSIONS),
    ):  # fmt: skip
        if asked is not None:
            known = [next(iter(row.values())) for row in _rows(home, query, {})]
            require_known(name, asked, known)


def _named(home: Home, name: str) -> str:
    """The id of a model by its id, or by the name people read, in any case.

    Raises:
        NotFoundError: there is none; names what was probably meant.
        UsageError: several models are called so.
    """
    names = [(str(row["name"]), str(row["model_id"])) for row in _rows(home, NAMES, {})]
    ids = {own for known, own in names if known.casefold() == name.casefold()}
    if name in ids:
        return name
    if len(ids) > 1:
        message = f"Several models are called {name!r}."
        raise UsageError(message, remedy=f"Name one by its id: {', '.join(sorted(ids))}")
    if ids:
        return ids.pop()
    message = f"There is no model {name!r} here."
    meant = did_you_mean(name, [known for known, _ in names])
    raise NotFoundError(message, remedy=f"{meant}demoscope leaderboard lists them.")
