"""`demoscope benchmarks`: how far benchmarks order models as people do, and who reports what."""

from __future__ import annotations

import csv
import io
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingestion.paths import Home
from orchestration.cli.choices import chosen_weighting, listed, require_known, shown_labels
from orchestration.cli.output import FORMAT, Format, print_rows, put_file, say

if TYPE_CHECKING:
    from orchestration.cli.output import Columns

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="How far benchmarks order models as people do; who reports what.",
)

STRATUM = Annotated[str, typer.Option(help="Whose board.")]
DIMENSION = Annotated[str, typer.Option(help="On which question.")]
WEIGHTING = Annotated[
    str | None, typer.Option(help="How people are weighted; the census where they are.")
]
GAPS = """
select * from rpt_benchmark_gap
where stratum_id = $stratum and dimension = $dimension and weighting = $weighting
order by model_count desc, benchmark, metric
"""
RESIDUALS = """
select * from rpt_benchmark_residual
where stratum_id = $stratum and dimension = $dimension and weighting = $weighting
    and benchmark = $benchmark and ($metric is null or metric = $metric)
order by benchmark, metric, residual desc
"""
BOARDS = "select distinct stratum_id, dimension, weighting from rpt_benchmark_gap"
SCORED = "select distinct benchmark, metric, model_id from rpt_reporting_coverage"
COMPARED = "select distinct benchmark from rpt_benchmark_residual order by benchmark"
NO_SCORES = "No benchmark was reported: load scores (docs/beyond-battles.md), then build."
NO_BOARDS = "No benchmark is held against people: that takes a leaderboard and models with scores."
REPORTS = """
select * replace (strftime(timezone('UTC', reported_at), '%Y-%m-%dT%H:%M:%SZ') as reported_at)
from rpt_reporting_coverage
where ($model is null or model_id = $model) and (not $is_apart or is_far_apart)
order by benchmark, metric, model_id, reported_at nulls last, report_id
"""
UNMATCHED = """
select reported_name, count(*) as report_count, count(distinct benchmark) as benchmark_count
from rpt_reporting_coverage
where not is_compared
group by reported_name
order by report_count desc, reported_name
"""
MODELS = "select model_id from dim_model where has_battled order by model_id"
LIKENESS_MIN = 0.6
NO_BOARD = dict.fromkeys(("stratum", "dimension", "weighting"))
NOT_COMPARED = {"few_models": "too few models", "all_equal": "all equal"}


@app.command()
def gap(
    *,
    stratum: STRATUM = "all",
    dimension: DIMENSION = "overall",
    weighting: WEIGHTING = None,
    output: FORMAT = Format.TABLE,
) -> None:
    """Rank correlation of every benchmark with people, and the same without both sides' errors."""
    chosen = _board(stratum, dimension, weighting)
    rows = _rows(GAPS, **chosen) if chosen else []
    columns: Columns = {
        "benchmark": "{benchmark}",
        "metric": "{metric}",
        ">models": "{model_count:,}",
        ">scored only": "{unmatched_count:,}",
        ">rank correlation (95%)": lambda row: (
            NOT_COMPARED.get(row["not_compared_reason"]) or _with_interval(row, "correlation")
        ),
        ">without errors (95%)": lambda row: _with_interval(row, "true_correlation"),
        ">p, all rows": lambda row: _number(row["p_adjusted"], ".3f"),
    }
    print_rows(
        "gaps", rows, output, columns, title=_title(chosen), nothing=_nothing(),
        fields=lambda: _columns(GAPS, **NO_BOARD),
    )  # fmt: skip


@app.command()
def residuals(
    benchmark: Annotated[str, typer.Argument(help="Which benchmark.")],
    *,
    metric: Annotated[str | None, typer.Option(help="Which metric; all if not given.")] = None,
    stratum: STRATUM = "all",
    dimension: DIMENSION = "overall",
    weighting: WEIGHTING = None,
    output: FORMAT = Format.TABLE,
) -> None:
    """Which models people like better than a benchmark lets expect, and which less."""
    scored = _rows(SCORED)
    if scored:
        require_known("benchmark", benchmark, [row["benchmark"] for row in scored])
        own = [row["metric"] for row in scored if row["benchmark"] == benchmark]
        require_known("metric", metric, own)
    chosen = _board(stratum, dimension, weighting)
    rows = _rows(RESIDUALS, benchmark=benchmark, metric=metric, **chosen) if chosen else []
    nothing = _nothing()
    if chosen:
        compared = [row["benchmark"] for row in _rows(COMPARED)]
        nothing = (
            f"Too few models of {benchmark} have a place on the board of {stratum}, {dimension}."
        )
        nothing += f" Benchmarks with residuals: {listed(compared)}" if compared else ""
    columns: Columns = {
        "model": "{display_name}",
        ">score": "{score:g}",
        ">rank by people": "{people_rank}",
        ">rank by score": "{paper_rank}",
        ">skill above expected (95%)": lambda row: _with_interval(row, "residual"),
        ">p, all models": lambda row: _number(row["p_adjusted"], ".3f"),
        "better with": lambda row: row["better_with"] or "",
    }
    asked = {"benchmark": benchmark, "metric": metric, **NO_BOARD}
    print_rows(
        "residuals", rows, output, columns, nothing=nothing,
        fields=lambda: _columns(RESIDUALS, **asked),
    )  # fmt: skip


@app.command()
def reports(
    *,
    model: Annotated[str | None, typer.Option(help="Only this model.")] = None,
    far_apart: Annotated[
        bool, typer.Option("--far-apart", help="Only scores that others report far apart.")
    ] = False,
    output: FORMAT = Format.TABLE,
) -> None:
    """Who reports which score, as the maker or not, with what."""
    scored = _rows(SCORED)
    if scored:
        require_known("model", model, [row["model_id"] for row in scored])
    rows = _rows(REPORTS, model=model, is_apart=far_apart)
    nothing = NO_SCORES
    if scored:
        whose = f" of {model}" if model else ""
        nothing = (
            f"No score{whose} is reported far apart; all reports: demoscope benchmarks reports"
        )
    columns: Columns = {
        "benchmark": "{benchmark}",
        "metric": "{metric}",
        "model": "{model_id}",
        ">score": "{score:g}",
        "reported by": lambda row: row["reported_by"] or "",
        "reporter is": lambda row: (row["relationship"] or "").replace("_", " "),
        "harness": lambda row: " ".join(filter(None, (row["harness"], row["harness_version"]))),
        ">highest less lowest": "{score_spread:g}",
        "counts": lambda row: "yes" if row["is_chosen"] and row["is_compared"] else "",
    }
    print_rows(
        "reports", rows, output, columns, nothing=nothing,
        fields=lambda: _columns(REPORTS, model=model, is_apart=far_apart),
    )  # fmt: skip


@app.command()
def unmatched(
    *,
    aliases: Annotated[
        bool,
        typer.Option("--aliases", help="Write a file of aliases with the most alike names."),
    ] = False,
    output: FORMAT = Format.TABLE,
) -> None:
    """Names with scores that nobody compared, and the most alike name that somebody did."""
    known = [row["model_id"] for row in _rows(MODELS)]
    rows = [{**row, "alike": _alike(row["reported_name"], known)} for row in _rows(UNMATCHED)]
    if aliases:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["alias", "model"])
        writer.writerows([row["reported_name"], row["alike"]] for row in rows if row["alike"])
        put_file(text.getvalue())
        say("Likeness is no identity: read every line before you load the file.")
        return
    columns: Columns = {
        "name": "{reported_name}",
        ">reports": "{report_count:,}",
        ">benchmarks": "{benchmark_count:,}",
        "most alike": "{alike}",
    }
    nothing = "Somebody compared every model with a score." if _rows(SCORED) else NO_SCORES
    print_rows(
        "unmatched", rows, output, columns, nothing=nothing,
        fields=lambda: [*_columns(UNMATCHED), "alike"],
    )  # fmt: skip


def _board(stratum: str, dimension: str, weighting: str | None) -> dict[str, str]:
    """Which board is meant, by the census where people are weighted; empty where there is none.

    Raises:
        UsageError: a choice is none of those there are.
    """
    boards = _rows(BOARDS)
    if not boards:
        return {}
    require_known("stratum", stratum, [row["stratum_id"] for row in boards])
    own = [row for row in boards if row["stratum_id"] == stratum]
    require_known("dimension", dimension, [row["dimension"] for row in own])
    found = [row["weighting"] for row in own if row["dimension"] == dimension]
    chosen = chosen_weighting(weighting, found)
    return {"stratum": stratum, "dimension": dimension, "weighting": chosen}


def _title(chosen: dict[str, str]) -> str | None:
    if not chosen:
        return None
    board = {**chosen, "stratum_id": chosen["stratum"]}
    return "; ".join(["Benchmarks", *shown_labels().board(board)])


def _nothing() -> str:
    return NO_BOARDS if _rows(SCORED) else NO_SCORES


def _alike(name: str, known: list[str]) -> str:
    near = get_close_matches(name.lower().replace(" ", "-"), known, n=1, cutoff=LIKENESS_MIN)
    return near[0] if near else ""


def _rows(query: str, **values: Any) -> list[dict[str, Any]]:
    from orchestration.database import mart_rows

    return mart_rows(Home.from_environment(), query, values)


def _columns(query: str, **values: Any) -> list[str]:
    from orchestration.database import mart_columns

    return mart_columns(Home.from_environment(), query, values)


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def _with_interval(row: Any, name: str) -> str:
    if row[name] is None:
        return ""
    low, high = row[f"{name}_lo"], row[f"{name}_hi"]
    if low is None:
        return f"{row[name]:.2f}"
    return f"{row[name]:.2f} ({low:.2f} to {high:.2f})"
