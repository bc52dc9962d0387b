"""``gancore branch``: go on from a checkpoint with something changed."""

from __future__ import annotations

from typing import Annotated

import typer

from gancore.cli_options import DEFAULT_RUNS, RunArgument, RunsOption, SetOption
from gancore.cli_training import fetch_data, follow, parse_settings, read_length
from gancore.errors import ConfigError
from gancore.i18n import _

PercentOption = Annotated[
    int | None, typer.Option("--at", metavar="PERCENT", help=_("The checkpoint to begin with; default: the newest."))
]
IterationOption = Annotated[
    int | None, typer.Option("--iteration", metavar="N", help=_("The same by its iteration."))
]
PlanOption = Annotated[
    str | None,
    typer.Option("--plan", metavar="LENGTH", help=_("New planned length: 3ep, 20000it, 600000img or 60s.")),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        help=_("Go on from a checkpoint of a run with something changed, as a new run, and print its id last.")
    )(branch)


def branch(
    run_id: RunArgument,
    at: PercentOption = None,
    iteration: IterationOption = None,
    settings: SetOption = None,
    plan: PlanOption = None,
    runs: RunsOption = DEFAULT_RUNS,
) -> None:
    """``gancore branch``."""
    from gancore.recipes import reconfigure
    from gancore.runs import RunManager
    from gancore.shelf import shelf_folder

    if at is not None and iteration is not None:
        raise ConfigError(_("give either --at or --iteration, not both"))
    overrides = parse_settings(settings or [])
    if plan is not None:
        overrides["plan"] = read_length(plan, "--plan")
    manager = RunManager(runs, max_running=1, shelf=shelf_folder())
    parent = manager.get(run_id)
    if at is not None:
        points = parent.branch_points()
        found = [point.iteration for point in points if point.percent == at]
        if not found:
            kept = ", ".join(f"{point.percent} %" for point in points) or _("none")
            raise ConfigError(
                _("--at: run {run} keeps no checkpoint at {at} %; there are: {kept}", run=run_id, at=at, kept=kept)
            )
        iteration = found[-1]
    fetch_data(reconfigure(parent.config, **overrides))
    follow(manager, manager.branch(run_id, iteration, **overrides))
