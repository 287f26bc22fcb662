"""What a judge says of conversations, as files for `landing/`: one partition per rubric.

    conversations/my-study/talks.jsonl      the folder's name is the source of the conversations

The texts go to the endpoint and nowhere else. The sensor of `landing/` brings the labels into the
log. Answers are kept in `answers/`: a run that was killed goes on where it was, and a run again
asks only about what is new.
"""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import dagster as dg
from pydantic import Field

from ingestion.errors import UsageError
from ingestion.labelling.conversations import Conversation, read_conversations
from ingestion.labelling.endpoint import MODEL, URL, Endpoint
from ingestion.labelling.run import Prices, Report, Run
from ingestion.paths import Home, make_private
from ingestion.rubrics.prompt import prompt_sha256
from ingestion.rubrics.reading import Rubric, find_rubric, own_rubrics
from orchestration.assets.common import OWNERS, HomeResource, as_failure, plain, table
from orchestration.landing import landed_files, settled

LABEL = "label"
SHOWN = 20
TOLD_EVERY = 100
COUNTS = (
    "conversation_count", "left_out_count", "asked_count", "kept_count", "unanswered_count",
    "label_count",
)  # fmt: skip


class LabelConfig(dg.Config):
    """What `demoscope label run` takes as options, in the launchpad."""

    model: str | None = Field(
        default=None, description=f"The judge, as the endpoint names it; else ${MODEL}."
    )
    seed: int = Field(default=0, ge=0, description="Sent with every question.")
    per_minute: float | None = Field(default=None, gt=0, description="Most requests a minute.")
    workers: int = Field(default=4, ge=1, le=64, description="Questions under way at once.")
    timeout: float = Field(default=60.0, gt=0, description="Seconds one answer may take.")
    tries: int = Field(default=6, ge=1, le=20, description="Requests per question at most.")
    price_in: float = Field(default=0.0, ge=0, description="Price of a million tokens read.")
    price_out: float = Field(default=0.0, ge=0, description="Price of a million tokens written.")
    max_cost: float | None = Field(
        default=None, ge=0, description="What all sources together may cost; wants the prices."
    )


@dataclass
class _Talks:
    """The conversations of one source, and what is wrong with the rows that are left out."""

    found: list[Conversation] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


@dg.asset(
    key="labels",
    group_name=LABEL,
    owners=OWNERS,
    partitions_def=dg.StaticPartitionsDefinition([one.rubric for one in own_rubrics()]),
    output_required=False,
    description=(
        "Labels by one rubric of all that lies in conversations/SOURCE/, as files in landing/. "
        f"Asks the endpoint that {URL} names; without one nothing is done."
    ),
    kinds={"python", "json"},
)
def labels(
    context: dg.AssetExecutionContext, config: LabelConfig, home: HomeResource
) -> Iterator[dg.MaterializeResult[Any]]:
    """Have a model label what lies in `conversations/`, as `demoscope label run` does."""
    model = config.model or os.environ.get(MODEL)
    missing = [name for name, value in ((URL, os.environ.get(URL)), (MODEL, model)) if not value]
    if missing or not model:
        context.log.warning("Nothing is labelled: set %s.", " and ".join(missing))
        return
    with as_failure():
        talks = _talks(home.paths)
        if not talks:
            place = home.paths.conversations / "SOURCE"
            context.log.warning("Nothing is labelled: there is no file in %s.", place)
            return
        rubric = find_rubric(context.partition_key)
        reports = _label(context, config, home.paths, rubric, _endpoint(config, model), talks)
    yield dg.MaterializeResult(metadata=_metadata(rubric, model, talks, reports))
    failed = [f"{name}: {why}" for one in reports.values() for name, why in one.failed.items()]
    if failed:
        message = f"No label for {len(failed):,} conversations: {'; '.join(failed[:SHOWN])}."
        raise dg.Failure(f"{message} Run it again: it asks about these alone.")


def _endpoint(config: LabelConfig, model: str) -> Endpoint:
    if config.max_cost is not None and not config.price_in + config.price_out:
        message = "Without prices nothing can be held against max_cost."
        raise UsageError(message, remedy="Add price_in and price_out, per million tokens.")
    return Endpoint.from_environment(
        model, seed=config.seed, timeout=config.timeout, tries=config.tries,
        per_minute=config.per_minute,
    )  # fmt: skip


def _talks(home: Home) -> dict[str, _Talks]:
    """What is to be labelled, by source; files that grow are left for the next run."""
    talks: dict[str, _Talks] = {}
    for file in settled(landed_files(home.conversations)):
        name = file.path.relative_to(home.conversations)
        if len(name.parts) == 1:
            message = f"{home.conversations / name} lies in no folder that names its source."
            remedy = f"Move it to {home.conversations / 'SOURCE' / name}."
            raise UsageError(message, remedy=remedy)
        found, wrong = read_conversations(file.path)
        of_source = talks.setdefault(name.parts[0], _Talks())
        of_source.found += found
        of_source.wrong += [f"{file.name}, {line}" for line in wrong]
    return {source: _without_repeats(one) for source, one in talks.items()}


def _without_repeats(talks: _Talks) -> _Talks:
    """Each conversation once; of several texts under one id the first file's counts."""
    first: dict[tuple[str, str | None], Conversation] = {}
    for one in talks.found:
        if first.setdefault((one.conversation_id, one.model_id), one) != one:
            talks.wrong.append(f"{one.conversation_id}: another file has it with another text")
    return _Talks(list(first.values()), talks.wrong)


def _label(
    context: dg.AssetExecutionContext,
    config: LabelConfig,
    home: Home,
    rubric: Rubric,
    endpoint: Endpoint,
    talks: dict[str, _Talks],
) -> dict[str, Report]:
    """One run per source; what one has cost is taken from what is left for the next."""
    make_private(home.answers)
    reports: dict[str, Report] = {}
    cap = config.max_cost
    for source, of_source in talks.items():
        for line in of_source.wrong[:SHOWN]:
            context.log.warning("left out: %s", line)

        def tell(done: int, source: str = source, count: int = len(of_source.found)) -> None:
            if done % TOLD_EVERY == 0 or done == count:
                context.log.info("%s: %d of %d conversations", source, done, count)

        prices = Prices(config.price_in, config.price_out, cap)
        run = Run(rubric, endpoint, source, home.answers, prices, config.workers, tell)
        out = home.landing / f"labels-{rubric.rubric}-{source}.jsonl"
        reports[source] = run.label(of_source.found, out)
        cap = None if cap is None else max(cap - reports[source].cost, 0.0)
    return reports


def _metadata(
    rubric: Rubric, model: str, talks: dict[str, _Talks], reports: dict[str, Report]
) -> dict[str, Any]:
    rows = [
        {
            "source": source,
            "conversation_count": len(talks[source].found),
            "left_out_count": len(talks[source].wrong),
            "unanswered_count": len(report.failed),
            **{name: value for name, value in asdict(report).items() if name in COUNTS},
            "cost": round(report.cost, 6),
            "file": f"landing/labels-{rubric.rubric}-{source}.jsonl",
        }
        for source, report in reports.items()
    ]
    totals: Counter[str] = Counter()
    for row in rows:
        totals.update({name: row[name] for name in (*COUNTS, "cost")})
    return {
        "dagster/row_count": totals["label_count"],
        **dict(totals),
        "judge": plain(model),
        "rubric version": rubric.version,
        "prompt_sha256": prompt_sha256(rubric),
        "files": table(("source", *COUNTS, "cost", "file"), rows),
    }
