"""Options that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gancore.i18n import _

DEFAULT_RUNS = Path("checkpoints")
RunArgument = Annotated[str, typer.Argument(metavar="RUN", help=_("A run's id, as `gancore runs` lists it."))]
RunsOption = Annotated[Path, typer.Option("--runs", metavar="DIR", help=_("The folder of run folders."))]
AtOption = Annotated[int | None, typer.Option("--at", metavar="PERCENT", help=_("The milestone; default: the last."))]
JsonOption = Annotated[bool, typer.Option("--json", help=_("Print JSON."))]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help=_("Any other setting; may be repeated."))
]
