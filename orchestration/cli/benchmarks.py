"""`demoscope benchmarks`: how far benchmarks order models as people do, and who reports what."""

from __future__ import annotations

import csv
import io
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingestion.paths import Home
from orchestration.cli.output import FORMAT, Format, print_rows, put_file, say

if TYPE_CHECKING:
    from orchestration.cli.output import Columns

app = typer.Typer(
    no_args_is_help=True, help="How far benchmarks order models as people do; who reports what."
)

STRATUM = Annotated[str, typer.Option(help="Whose board.")]
DIMENSION = Annotated[str, typer.Option(help="On which question.")]
WEIGHTING = Annotated[
    str | None, typer.Option(help="How people are weighted; the census where they are.")
]
# Of a board's weightings the census comes before the unweighted sample.
CHOSEN = """
select * from {mart}
where
    stratum_id = $stratum and dimension = $dimension
    and weighting = coalesce($weighting, (
        select max_by(weighting, weighting <> 'none') from rpt_benchmark_gap
        where stratum_id = $stratum and dimension = $dimension
    ))
"""
GAPS = CHOSEN.format(mart="rpt_benchmark_gap") + "order by model_count desc, benchmark, metric"
RESIDUALS = (
    CHOSEN.format(mart="rpt_benchmark_residual")
    + "and benchmark = $benchmark and ($metric is null or metric = $metric)"
    " order by benchmark, metric, residual desc"
)
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
    rows = _rows(GAPS, stratum=stratum, dimension=dimension, weighting=weighting)
    columns: Columns = {
        "benchmark": "{benchmark}",
        "metric": "{metric}",
        "weighting": "{weighting}",
        ">models": "{model_count:,}",
        ">unmatched": "{unmatched_count:,}",
        ">correlation": lambda row: (
            NOT_COMPARED.get(row["not_compared_reason"]) or _with_interval(row, "correlation")
        ),
        ">without errors": lambda row: _with_interval(row, "true_correlation"),
        ">p, all": lambda row: _number(row["p_adjusted"], ".3f"),
    }
    print_rows("gaps", rows, output, columns)


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
    chosen = {"stratum": stratum, "dimension": dimension, "weighting": weighting}
    rows = _rows(RESIDUALS, benchmark=benchmark, metric=metric, **chosen)
    columns: Columns = {
        "model": "{display_name}",
        ">score": "{score:g}",
        ">people": "{people_rank}",
        ">paper": "{paper_rank}",
        ">residual": lambda row: _with_interval(row, "residual"),
        ">p, all": lambda row: _number(row["p_adjusted"], ".3f"),
        "better with": lambda row: row["better_with"] or "",
    }
    print_rows("residuals", rows, output, columns)


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
    rows = _rows(REPORTS, model=model, is_apart=far_apart)
    columns: Columns = {
        "benchmark": "{benchmark}",
        "metric": "{metric}",
        "model": "{model_id}",
        ">score": "{score:g}",
        "reported by": lambda row: row["reported_by"] or "",
        "as": lambda row: (row["relationship"] or "").replace("_", " "),
        "harness": lambda row: " ".join(filter(None, (row["harness"], row["harness_version"]))),
        ">spread": "{score_spread:g}",
        "counts": lambda row: "yes" if row["is_chosen"] and row["is_compared"] else "",
    }
    print_rows("reports", rows, output, columns)


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
    print_rows("unmatched", rows, output, columns)


def _alike(name: str, known: list[str]) -> str:
    near = get_close_matches(name.lower().replace(" ", "-"), known, n=1, cutoff=LIKENESS_MIN)
    return near[0] if near else ""


def _rows(query: str, **values: Any) -> list[dict[str, Any]]:
    from orchestration.database import mart_rows

    return mart_rows(Home.from_environment(), query, values)


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def _with_interval(row: Any, name: str) -> str:
    if row[name] is None:
        return ""
    low, high = row[f"{name}_lo"], row[f"{name}_hi"]
    if low is None:
        return f"{row[name]:.2f}"
    return f"{row[name]:.2f} ({low:.2f} to {high:.2f})"
