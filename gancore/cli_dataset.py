"""``gancore dataset``: a run's samples as a labelled data set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gancore.cli_options import DEFAULT_RUNS, AtOption, RunArgument, RunsOption
from gancore.i18n import _


def dataset(
    run_id: RunArgument,
    out: Annotated[Path, typer.Option("--out", "-o", help=_("The folder to make."))],
    count: Annotated[int, typer.Option("--count", "-n", help=_("How many samples."))] = 10_000,
    per_class: Annotated[bool, typer.Option("--per-class", help=_("As many of each class."))] = False,
    kind: Annotated[
        str,
        typer.Option(
            "--format", metavar="FORMAT", help=_("folder (PNG, a sub-folder a class), idx (MNIST's) or npz.")
        ),
    ] = "folder",
    gzip: Annotated[bool, typer.Option("--gzip", help=_("Pack the files of idx."))] = False,
    confidence: Annotated[
        float, typer.Option("--confidence", help=_("Least probability that the judge gives a sample's class."))
    ] = 0.0,
    seed: Annotated[int, typer.Option("--seed", help=_("Which z."))] = 0,
    at: AtOption = None,
    runs: RunsOption = DEFAULT_RUNS,
) -> None:
    """Make a labelled data set of a run's samples, with a manifest that says what it is."""
    from tqdm import tqdm

    from gancore.runs import RunManager
    from gancore.sample_sets import Wanted, write_sample_set
    from gancore.shelf import shelf_folder

    wanted = Wanted(count, kind, per_class, confidence, seed, at, gzip)  # type: ignore[arg-type]
    run = RunManager(runs, shelf=shelf_folder()).get(run_id)
    with tqdm(total=count, unit="", disable=None) as bar:

        def told(done: int, _count: int) -> None:
            bar.update(done - bar.n)

        manifest = write_sample_set(run, out, wanted, told)
    typer.echo(out)
    if manifest.counts:
        shares = ", ".join(f"{name}: {number:,}" for name, number in manifest.counts.items() if number)
        typer.echo(shares, err=True)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(dataset)
