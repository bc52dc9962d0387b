"""The command that makes the lab report: ``gancore report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gancore import i18n
from gancore.cli_options import DEFAULT_RUNS, RunsOption
from gancore.errors import CheckpointError, ConfigError
from gancore.i18n import _


def report(
    run_ids: Annotated[list[str], typer.Argument(metavar="RUN...", help=_("Runs, as `gancore runs` lists them."))],
    out: Annotated[
        Path, typer.Option("--out", "-o", help=_("An .html page, or a .zip with every figure and its data too."))
    ],
    language: Annotated[
        str | None, typer.Option("--language", metavar="CODE", help=_("en or zh_CN; default: this program's own."))
    ] = None,
    runs: RunsOption = DEFAULT_RUNS,
) -> None:
    """``gancore report``."""
    from gancore.files import write_aside
    from gancore.report import lab_report, report_archive
    from gancore.runs import RunManager
    from gancore.shelf import shelf_folder

    kind = out.suffix.lower()
    if kind not in (".html", ".zip"):
        raise ConfigError(_("--out: expected a file that ends in .html or .zip, found {path!r}", path=str(out)))
    spoken = i18n.language() if language is None else language
    if spoken not in i18n.LANGUAGES:
        known = ", ".join(i18n.LANGUAGES)
        raise ConfigError(_("--language: expected one of {known}, found {found!r}", known=known, found=spoken))
    manager = RunManager(runs, shelf=shelf_folder())
    chosen = [manager.get(run_id) for run_id in dict.fromkeys(run_ids)]
    with i18n.speaking(spoken):
        made = lab_report(chosen).encode() if kind == ".html" else report_archive(chosen)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_aside(out, made)
    except OSError as error:
        raise CheckpointError(_("cannot write {path}: {error}", path=out, error=error.strerror or error)) from error
    typer.echo(out)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=_("Make the lab report on one run, or on several side by side."))(report)
