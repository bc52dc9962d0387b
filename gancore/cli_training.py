"""What the commands that train share: settings and lengths read, data fetched, a run followed to its end."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterable
from typing import Any, NoReturn

import typer
from tqdm import tqdm

from gancore.config import Length, RunConfig
from gancore.errors import ConfigError
from gancore.i18n import _


def parse_settings(pairs: Iterable[str]) -> dict[str, Any]:
    """``name=value`` pairs; an empty value or ``none`` clears an optional setting."""
    from gancore.config_file import empty_as_none

    parsed: dict[str, Any] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator or not name:
            raise ConfigError(_("--set: expected NAME=VALUE, such as batch_size=128, found {pair!r}", pair=pair))
        name = name.strip().replace("-", "_")
        parsed[name] = empty_as_none(name, value.strip())
    return parsed


def planned_length(epochs: str | None, budget: str | None) -> Length | None:
    """The plan that ``--epochs`` or ``--budget`` gives; None where neither does."""
    if epochs is not None and budget is not None:
        raise ConfigError(_("give either --epochs or --budget, not both"))
    if epochs is not None:
        return read_length(epochs, "--epochs", needs_unit=False)
    return None if budget is None else read_length(budget, "--budget")


def read_length(text: str, option: str, needs_unit: bool = True) -> Length:
    """A length such as ``60s``; where no unit is needed a bare number counts epochs."""
    try:
        if needs_unit and text.strip()[-1:].isdigit():
            raise ValueError(
                _("expected a length with its unit, such as 60s, 20000it or 600000img, found {text!r}", text=text)
            )
        return Length.parse(text)
    except ValueError as error:
        raise ConfigError(f"{option}: {error}") from error


def fetch_data(config: RunConfig) -> None:
    """Download the data set with a progress bar, unless it is here."""
    from gancore.sources import fetch

    bar = None
    for done, total in fetch(config.data):
        bar = bar or tqdm(total=total, unit="B", unit_scale=True, desc=_("downloading {data}", data=config.data))
        bar.total = total
        bar.update(done - bar.n)
    if bar is not None:
        bar.close()


def follow(manager: Any, run: Any) -> NoReturn:
    """Show progress until the run ends; Ctrl-C and SIGTERM stop it with a checkpoint."""
    interrupted = 0

    def interrupt(number: int, _frame: object) -> None:
        nonlocal interrupted
        interrupted = 128 + number

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    typer.echo(
        _("{run} in {folder}; Ctrl-C stops it and keeps everything", run=run.id, folder=manager.root), err=True
    )
    labels = {series.name: _(series.label) for series in _recipe(run).series}
    bar_format = "{percentage:3.0f}%|{bar}| {desc}"
    shown_means: dict[str, float] = {}
    with tqdm(total=1.0, bar_format=bar_format, file=sys.stderr, dynamic_ncols=True) as bar:
        ended = False
        while not ended:
            ended = run.wait(0.2)
            status = run.status()
            if interrupted and run.is_mine:
                run.stop()
            if status.epoch_means and status.epoch_means != shown_means:
                shown_means = status.epoch_means
                means = ", ".join(f"{label} {shown_means[name]:.4g}" for name, label in labels.items())
                bar.write(_("epoch {epoch:.0f}: {means}", epoch=shown_means["epoch"], means=means), file=sys.stderr)
            bar.set_description_str(_position(status), refresh=False)
            bar.n = status.progress
            bar.refresh()
    manager.shutdown()
    for number, handler in before.items():
        signal.signal(number, handler)
    status = run.status()
    message = f": {status.words}" if status.message else ""
    typer.echo(f"{_(str(status.state))}{message}; {run.folder.path}", err=True)
    typer.echo(run.id)
    if interrupted and status.state != "finished":
        raise typer.Exit(interrupted)
    raise typer.Exit(1 if status.state in ("failed", "diverged") else 0)


def _position(status: Any) -> str:
    parts = [_("iteration {iteration:,}, epoch {epoch:.2f}", iteration=status.iteration, epoch=status.epoch)]
    if status.iterations_per_s:
        parts.append(_("{rate:.3g} it/s", rate=status.iterations_per_s))
    if status.eta_s is not None:
        parts.append(_("{time} left", time=tqdm.format_interval(status.eta_s)))
    return ", ".join(parts)


def _recipe(run: Any) -> Any:
    from gancore.recipes import recipe_of

    return recipe_of(run.config.preset)
