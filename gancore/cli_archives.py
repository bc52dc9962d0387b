"""Runs that come and go as files: ``gancore archive|import|upload``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gancore.cli_options import DEFAULT_RUNS, RunArgument, RunsOption, SetOption
from gancore.cli_training import fetch_data, parse_settings
from gancore.errors import ConfigError, GanCoreError
from gancore.i18n import _


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("archive", help=_("Write a run as one .zip that another machine can import."))(archive)
    app.command("import", help=_("Put the run of an archive into the list and print its id."))(import_run)
    app.command("upload", help=_("Make a run of a generator's own weights, a .safetensors file, and print its id."))(
        upload
    )


def archive(
    run_id: RunArgument,
    out: Annotated[Path | None, typer.Option("--out", "-o", help=_("The file; default: RUN.zip here."))] = None,
    runs: RunsOption = DEFAULT_RUNS,
) -> None:
    from gancore.archive import write_archive
    from gancore.runs import RunManager
    from gancore.shelf import shelf_folder

    run = RunManager(runs, shelf=shelf_folder()).get(run_id)
    out = Path(f"{run.id}.zip") if out is None else out
    if out.suffix != ".zip":
        raise ConfigError(_("--out: expected a name that ends with .zip, found {name!r}", name=str(out)))
    typer.echo(write_archive(run, out))


def import_run(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=_("What `gancore archive` wrote."))],
    runs: RunsOption = DEFAULT_RUNS,
) -> None:
    from gancore.archive import read_archive
    from gancore.checkpoint import run_folders
    from gancore.shelf import shelf_folder

    shelf = shelf_folder()
    taken = [] if shelf is None else [folder.id for folder in run_folders(shelf)]
    typer.echo(read_archive(file, runs, taken=taken).id)


def upload(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help=_("What safetensors.torch.save_file wrote of its state_dict()."))
    ],
    preset: Annotated[
        str | None, typer.Option("--preset", "-p", help=_("Whose generator it is; `gancore presets` lists them."))
    ] = None,
    data: Annotated[
        str | None, typer.Option("--data", "-d", help=_("The data set it was trained on; default: digits."))
    ] = None,
    like: Annotated[
        str | None, typer.Option("--like", metavar="RUN", help=_("Take a run's settings instead."))
    ] = None,
    name: Annotated[str, typer.Option("--name", help=_("What to call the run."))] = "",
    settings: SetOption = None,
    runs: RunsOption = DEFAULT_RUNS,
) -> None:
    from gancore.library import label
    from gancore.recipes import configure, reconfigure
    from gancore.runs import RunManager
    from gancore.shelf import shelf_folder
    from gancore.upload import check_kind
    from gancore.upload import upload as take

    if (preset is None) == (like is None):
        raise ConfigError(_("give either --preset or --like, which say whose generator the weights are"))
    check_kind(file)
    overrides = parse_settings(settings or [])
    if data is not None:
        overrides["data"] = data
    if preset is not None:
        config = configure(preset, **overrides)
    else:
        config = reconfigure(RunManager(runs, shelf=shelf_folder()).get(str(like)).config, **overrides)
    fetch_data(config)
    folder = take(runs, file, config)
    if name:
        try:
            label(folder, name=name)
        except GanCoreError:
            folder.delete()
            raise
    typer.echo(folder.id)
