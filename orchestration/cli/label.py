"""`demoscope label`: has a model label conversations by a rubric."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ingestion.errors import DemoscopeError, UsageError
from orchestration.cli.choices import require_known
from orchestration.cli.output import (
    AS_JSON,
    FORMAT,
    Format,
    print_json,
    print_rows,
    progress,
    put,
    say,
)
from publishing.counted import counted

app = typer.Typer(add_completion=False, no_args_is_help=True)
SHOWN = 5


@app.command("rubrics")
def rubrics(*, output: FORMAT = Format.TABLE) -> None:
    """List the rubrics there are."""
    from ingestion.rubrics.reading import own_rubrics  # reads YAML

    names = ("rubric", "version", "title", "about")
    rows = [{name: getattr(one, name) for name in names} for one in own_rubrics()]
    print_rows("rubrics", rows, output, {name: f"{{{name}}}" for name in names})


@app.command("run")
def run(
    rubric: Annotated[str, typer.Argument(metavar="RUBRIC", help="A rubric's name or YAML file.")],
    conversations: Annotated[
        Path, typer.Option(help="JSON lines: conversation_id, model_id, messages or text.")
    ],
    model: Annotated[
        str,
        typer.Option(envvar="DEMOSCOPE_JUDGE_MODEL", help="The judge, as the endpoint names it."),
    ],
    source: Annotated[str, typer.Option(help="The source that has the conversations.")],
    out: Annotated[Path, typer.Option(help="The file of labels to write.")] = Path("labels.jsonl"),
    seed: Annotated[int, typer.Option(min=0, help="Sent with every question.")] = 0,
    per_minute: Annotated[
        float | None, typer.Option(min=0.01, help="Most requests a minute; no limit unless given.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Questions under way at once.")] = 4,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds one answer may take.")] = 60.0,
    tries: Annotated[int, typer.Option(min=1, max=20, help="Requests per question at most.")] = 6,
    price_in: Annotated[float, typer.Option(min=0, help="Price of a million tokens read.")] = 0.0,
    price_out: Annotated[
        float, typer.Option(min=0, help="Price of a million tokens written.")
    ] = 0.0,
    max_cost: Annotated[
        float | None, typer.Option(min=0, help="What it may cost; wants the prices.")
    ] = None,
    as_json: AS_JSON = False,
) -> None:
    """Have a model label conversations, as a file to ingest.

    DEMOSCOPE_JUDGE_URL names an OpenAI-compatible endpoint, DEMOSCOPE_JUDGE_KEY its key.
    """
    from ingestion.labelling import run as runs
    from ingestion.labelling.conversations import read_conversations
    from ingestion.labelling.endpoint import Endpoint
    from ingestion.rubrics.reading import find_rubric, own_rubrics

    if not rubric.endswith((".yml", ".yaml")):
        require_known("rubric", rubric, [one.rubric for one in own_rubrics()])
    if max_cost is not None and not price_in + price_out:
        message = "Without prices nothing can be held against --max-cost."
        raise UsageError(message, remedy="Add --price-in and --price-out, per million tokens.")
    asked = find_rubric(rubric)
    found, wrong = read_conversations(conversations)
    for line in wrong[:SHOWN]:
        say(f"left out: {line}")
    endpoint = Endpoint.from_environment(
        model, seed=seed, timeout=timeout, tries=tries, per_minute=per_minute
    )
    cache = out.with_name(f"{out.name}.answers")
    with progress(f"Asking about {len(found):,}") as show:
        going = runs.Run(
            asked, endpoint, source, cache, runs.Prices(price_in, price_out, max_cost), workers,
            show,
        )  # fmt: skip
        report = going.label(found, out)
    if as_json:
        print_json(
            {
                "file": str(out),
                "label_count": report.label_count,
                "asked_count": report.asked_count,
                "kept_count": report.kept_count,
                "failed": report.failed,
                "left_out_count": len(wrong),
                "cost": round(report.cost, 6),
            }
        )
    else:
        put(out)
        say(
            f"{counted(report.label_count, 'label')}: {report.asked_count:,} asked now,"
            f" {report.kept_count:,} kept from before, {len(report.failed):,} without an answer,"
            f" {counted(len(wrong), 'row')} left out; cost {report.cost:.4f}"
        )
    if report.failed:
        shown = [f"{name}: {why}" for name, why in list(report.failed.items())[:SHOWN]]
        message = f"No label for {counted(len(report.failed), 'conversation')}: {'; '.join(shown)}."
        raise DemoscopeError(message, remedy="Run it again: it asks about these alone.")
    say(f"Load them: demoscope ingest {out}")
