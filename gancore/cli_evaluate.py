"""The commands that judge: ``gancore evaluate`` and ``gancore judge``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gancore.cli_options import DEFAULT_RUNS, AtOption, JsonOption, RunsOption
from gancore.cli_words import aligned
from gancore.errors import ConfigError
from gancore.i18n import _

if TYPE_CHECKING:
    from gancore.evaluate.evaluate import Evaluation

_MISSING = "-"


def evaluate(
    run_ids: Annotated[list[str], typer.Argument(metavar="RUN...", help=_("Runs, as `gancore runs` lists them."))],
    count: Annotated[
        int | None,
        typer.Option("--count", "-n", help=_("Samples drawn of each run; default: 10000 images, 2500 points.")),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help=_("Decides the samples' z and the intervals."))] = 0,
    at: AtOption = None,
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="METRIC", help=_("What to rank by; default: frechet, of points wasserstein.")),
    ] = None,
    as_json: JsonOption = False,
    runs: RunsOption = DEFAULT_RUNS,
) -> None:
    """``gancore evaluate``."""
    from gancore.evaluate.evaluate import evaluate_run
    from gancore.evaluate.ranking import between_variants, by_seed, comparable_groups, main_metric, rank
    from gancore.runs import RunManager
    from gancore.shelf import shelf_folder

    rank([], by or "frechet")  # a metric that is none is bad input before minutes of work
    if seed < 0:
        raise ConfigError(_("--seed: expected 0 or more, found {seed}", seed=seed))
    manager = RunManager(runs, shelf=shelf_folder())
    chosen = [manager.get(run_id) for run_id in dict.fromkeys(run_ids)]
    found = []
    for run in chosen:
        typer.echo(f"{run.id}:", err=True)
        found.append(evaluate_run(run, count, seed, at, lambda doing: typer.echo(f"  {doing}", err=True)))
    if as_json:
        typer.echo(json.dumps([evaluation.model_dump(mode="json") for evaluation in found], indent=2))
        return
    for group in comparable_groups(found):
        metric = by or main_metric(group)
        ranking = rank(group, metric)
        _print_group(ranking.evaluations or tuple(group))
        for verdict in ranking.verdicts:
            typer.echo(verdict.sentence)
        variants = by_seed(group, metric)
        for sentence in (*(seeds.sentence for seeds in variants), *between_variants(variants)):
            typer.echo(sentence)
        for evaluation in group:
            if evaluation.memorisation is not None:
                typer.echo(f"{evaluation.run}: {evaluation.verdict}")


def judge(
    data: Annotated[
        str, typer.Option("--data", "-d", help=_("A labelled data set: a name, or a folder of folders."))
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help=_("The file; default: where it will be found."))
    ] = None,
    epochs: Annotated[int | None, typer.Option("--epochs", "-e", min=1, help=_("Passes through the data."))] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help=_("Decides weights, order and augmentation."))] = 0,
    image_size: Annotated[
        int | None,
        typer.Option("--image-size", min=16, max=128, help=_("Pixels a side; default: the data set's own.")),
    ] = None,
) -> None:
    """``gancore judge``."""
    from gancore.evaluate.judge import judge_file
    from gancore.evaluate.judge_training import train_judge
    from gancore.networks import ImageShape

    def told(epoch: int, epochs_in_all: int, loss: float) -> None:
        typer.echo(
            _("epoch {epoch} of {epochs}: loss {loss:.4f}", epoch=epoch, epochs=epochs_in_all, loss=loss), err=True
        )

    trained = train_judge(data, out, epochs=epochs, seed=seed, image_size=image_size, progress=told)
    facts = trained.facts
    where = out or judge_file(data, ImageShape(*facts.shape))
    typer.echo(
        _(
            "{judge}: {accuracy:.2%} of {count:,} held-out images right; {where}",
            judge=trained.name,
            accuracy=facts.test_accuracy,
            count=facts.test_images,
            where=where,
        )
    )


def register(app: typer.Typer) -> None:
    """Add both commands to the command line."""
    app.command(help=_("Measure runs against the data, with 95 % intervals, and rank them."))(evaluate)
    app.command(
        help=_("Train the classifier that `gancore evaluate` looks through, and measure it on held-out images.")
    )(judge)


def _print_group(evaluations: Sequence[Evaluation]) -> None:
    """One table: a row a metric, a column a run, best run first."""
    from gancore.evaluate.metrics import METRICS
    from gancore.evaluate.ranking import basis

    first = evaluations[0]
    typer.echo()
    typer.echo(_("{basis}; 95 % intervals in brackets", basis=basis(first)))
    typer.echo()
    rows: list[tuple[str, ...]] = [("", *(evaluation.run for evaluation in evaluations))]
    for metric in METRICS.values():
        numbers = [evaluation.measurement(metric.name) for evaluation in evaluations]
        if any(numbers):
            rows.append((metric.directed_title, *(_cell(number) for number in numbers)))
    for line in aligned(rows):
        typer.echo(line)
    typer.echo()


def _cell(number: Any) -> str:
    return _MISSING if number is None else "{} [{}, {}]".format(*number.shown)
