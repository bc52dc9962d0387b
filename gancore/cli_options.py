"""Options that several commands take, and what their values stand for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gancore.errors import ConfigError
from gancore.i18n import _

if TYPE_CHECKING:
    from gancore.sampler import Sampler

DEFAULT_RUNS = Path("checkpoints")
RunArgument = Annotated[str, typer.Argument(metavar="RUN", help=_("A run's id, as `gancore runs` lists it."))]
RunsOption = Annotated[Path, typer.Option("--runs", metavar="DIR", help=_("The folder of run folders."))]
AtOption = Annotated[int | None, typer.Option("--at", metavar="PERCENT", help=_("The milestone; default: the last."))]
JsonOption = Annotated[bool, typer.Option("--json", help=_("Print JSON."))]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help=_("Any other setting; may be repeated."))
]


def condition_number(sampler: Sampler, wanted: str | None, option: str) -> int | None:
    """The number of the condition that an option names; None where it is left out."""
    if wanted is None:
        return None
    names = sampler.condition_names
    if not names:
        raise ConfigError(
            _(
                "{option}: {preset} is not a conditional recipe; leave it out",
                option=option,
                preset=sampler.config.preset,
            )
        )
    if wanted not in names:
        listed = ", ".join(names) if len(names) <= 20 else _("{first} to {last}", first=names[0], last=names[-1])
        raise ConfigError(
            _("{option}: expected one of {names}, found {found!r}", option=option, names=listed, found=wanted)
        )
    return names.index(wanted)
