"""The commands that take what a run has made: ``gancore sample``, ``interpolate`` and ``export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gancore.cli_options import DEFAULT_RUNS, AtOption, RunArgument, RunsOption, condition_number
from gancore.errors import ConfigError
from gancore.i18n import _

ConditionOption = Annotated[
    str | None,
    typer.Option(
        "--condition", metavar="CLASS", help=_("Of a conditional run: the class, or the number of the source image.")
    ),
]


def sample(
    run_id: RunArgument,
    out: Annotated[
        Path, typer.Option("--out", "-o", help=_("A .npy file, a .png grid, a folder of images; of points: .csv."))
    ],
    count: Annotated[int, typer.Option("--count", "-n", min=1, help=_("How many samples."))] = 64,
    seed: Annotated[int, typer.Option("--seed", min=0, help=_("Which z."))] = 0,
    condition: ConditionOption = None,
    at: AtOption = None,
    runs: RunsOption = DEFAULT_RUNS,
) -> None:
    """``gancore sample``."""
    from gancore.runs import RunManager
    from gancore.sampling import open_sampler, write_images
    from gancore.shelf import shelf_folder

    kind = _output_kind(out, {".npy", ".csv", ".png", ""})
    sampler = open_sampler(RunManager(runs, shelf=shelf_folder()).get(run_id), at)
    drawn = sampler.images(sampler.latents(seed, count), condition_number(sampler, condition, "--condition"))
    typer.echo(write_images(drawn, out, kind))


def interpolate(
    run_id: RunArgument,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help=_("A .png film strip, a .gif, .webp or .mp4 animation, or a .npy file.")),
    ],
    start: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="Z",
            help=_(
                "The first z: a seed, 7.12 for sample 12 of seed 7 as the gallery wall numbers them, or kept:NAME."
            ),
        ),
    ] = "0",
    end: Annotated[str, typer.Option("--to", metavar="Z", help=_("The last z, in the same forms."))] = "1",
    steps: Annotated[int, typer.Option("--steps", min=2, max=1000, help=_("Images, both ends included."))] = 10,
    path: Annotated[str, typer.Option("--path", help=_("spherical or linear."))] = "spherical",
    truncation: Annotated[
        float, typer.Option("--truncation", min=0, max=1, help=_("Draw z towards its mean; 1 leaves it as it is."))
    ] = 1.0,
    condition: ConditionOption = None,
    at: AtOption = None,
    runs: RunsOption = DEFAULT_RUNS,
) -> None:
    """Walk from one z to another and keep what the generator makes of it."""
    from gancore.images import ANIMATIONS
    from gancore.latent_points import point
    from gancore.latents import PATHS, truncate, walk
    from gancore.runs import RunManager
    from gancore.sampling import open_sampler, write_images
    from gancore.shelf import shelf_folder

    if path not in PATHS:
        raise ConfigError(_("--path: expected linear or spherical, found {path!r}", path=path))
    kind = _output_kind(out, {".npy", ".png", *ANIMATIONS})
    run = RunManager(runs, shelf=shelf_folder()).get(run_id)
    sampler = open_sampler(run, at)
    first, last = (point(sampler, run.folder, name) for name in (start, end))
    z = truncate(walk(first, last, steps, path), truncation, sampler.config.settings.latent_distribution)  # type: ignore[arg-type]
    drawn = sampler.images(z, condition_number(sampler, condition, "--condition"))
    typer.echo(write_images(drawn, out, kind, columns=steps))


def export(
    run_id: RunArgument,
    to: Annotated[str, typer.Option("--to", help=_("csv, tensorboard, pdf, png, onnx or config."))],
    out: Annotated[Path, typer.Option("--out", "-o", help=_("The file to write; tensorboard: a folder."))],
    runs: RunsOption = DEFAULT_RUNS,
) -> None:
    """``gancore export``."""
    from gancore.export import export as export_run
    from gancore.runs import RunManager
    from gancore.shelf import shelf_folder

    typer.echo(export_run(RunManager(runs, shelf=shelf_folder()).get(run_id), to, out))


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(help=_("Draw samples from a run's generator."))(sample)
    app.command(help=_("Walk from one z to another and keep what the generator makes of it."))(interpolate)
    app.command(help=_("Write a run's curves, log or generator in another program's format."))(export)


def _output_kind(out: Path, kinds: set[str]) -> str:
    kind = "" if out.is_dir() else out.suffix.lower()
    if kind not in kinds:
        listed = ", ".join(known or _("a folder") for known in sorted(kinds, reverse=True))
        raise ConfigError(_("--out: expected {kinds}, found {found!r}", kinds=listed, found=str(out)))
    return kind
