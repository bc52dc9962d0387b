"""The commands that judge: ``gancore evaluate`` and ``gancore judge``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gancore.cli_options import DEFAULT_RUNS, AtOption, JsonOption, RunsOption
from gancore.errors import ConfigError

if TYPE_CHECKING:
    from gancore.evaluate.evaluate import Evaluation

_MISSING = "-"


def evaluate(
    run_ids: Annotated[list[str], typer.Argument(metavar="RUN...", help="Runs, as `gancore runs` lists them.")],
    count: Annotated[
        int | None,
        typer.Option("--count", "-n", help="Samples drawn of each run; default: 10000 images, 2500 points."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Decides the samples' z and the intervals.")] = 0,
    at: AtOption = None,
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="METRIC", help="What to rank by; default: frechet, of points wasserstein."),
    ] = None,
    as_json: JsonOption = False,
    runs: RunsOption = DEFAULT_RUNS,
) -> None:
    """Measure runs against the data, with 95 % intervals, and rank them."""
    from gancore.evaluate.evaluate import evaluate_run
    from gancore.evaluate.ranking import between_variants, by_seed, comparable_groups, main_metric, rank
    from gancore.runs import RunManager
    from gancore.shelf import shelf_folder

    rank([], by or "frechet")  # a metric that is none is bad input before minutes of work
    if seed < 0:
        raise ConfigError(f"--seed: expected 0 or more, found {seed}")
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
        for seeds in variants:
            typer.echo(
                f"{seeds.variant}, {len(seeds.values)} seeds: mean {seeds.mean:.4g}, 95 % interval {seeds.low:.4g} "
                f"to {seeds.high:.4g}, standard deviation between seeds {seeds.spread:.3g}."
            )
        for sentence in between_variants(variants):
            typer.echo(sentence)
        for evaluation in group:
            if evaluation.memorisation is not None:
                typer.echo(f"{evaluation.run}: {evaluation.memorisation.verdict}")


def judge(
    data: Annotated[str, typer.Option("--data", "-d", help="A labelled data set: a name, or a folder of folders.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The file; default: where it will be found.")
    ] = None,
    epochs: Annotated[int | None, typer.Option("--epochs", "-e", min=1, help="Passes through the data.")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Decides weights, order and augmentation.")] = 0,
    image_size: Annotated[
        int | None, typer.Option("--image-size", min=16, max=128, help="Pixels a side; default: the data set's own.")
    ] = None,
) -> None:
    """Train the classifier that `gancore evaluate` looks through, and measure it on held-out images."""
    from gancore.evaluate.judge import judge_file
    from gancore.evaluate.judge_training import train_judge
    from gancore.networks import ImageShape

    def told(epoch: int, epochs_in_all: int, loss: float) -> None:
        typer.echo(f"epoch {epoch} of {epochs_in_all}: loss {loss:.4f}", err=True)

    trained = train_judge(data, out, epochs=epochs, seed=seed, image_size=image_size, progress=told)
    facts = trained.facts
    where = out or judge_file(data, ImageShape(*facts.shape))
    typer.echo(f"{trained.name}: {facts.test_accuracy:.2%} of {facts.test_images:,} held-out images right; {where}")


def register(app: typer.Typer) -> None:
    """Add both commands to the command line."""
    app.command()(evaluate)
    app.command()(judge)


def _print_group(evaluations: Sequence[Evaluation]) -> None:
    """One table: a row a metric, a column a run, best run first."""
    from gancore.evaluate.metrics import METRICS
    from gancore.evaluate.ranking import basis

    first = evaluations[0]
    typer.echo(f"\n{basis(first)}; 95 % intervals in brackets\n")
    rows: list[tuple[str, ...]] = [("", *(evaluation.run for evaluation in evaluations))]
    for metric in METRICS.values():
        numbers = [evaluation.measurement(metric.name) for evaluation in evaluations]
        if any(numbers):
            arrow = {"lower": " (lower is better)", "higher": " (higher is better)"}.get(metric.better, "")
            rows.append((metric.title + arrow, *(_cell(number) for number in numbers)))
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    typer.echo()


def _cell(number: Any) -> str:
    return _MISSING if number is None else f"{number.value:.4g} [{number.low:.4g}, {number.high:.4g}]"
