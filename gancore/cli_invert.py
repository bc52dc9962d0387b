"""``gancore invert``: find the z of an image, or repair an image with a hidden part."""

from __future__ import annotations

import io
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from tqdm import tqdm

from gancore.cli_options import DEFAULT_RUNS, AtOption, RunArgument, RunsOption, condition_number
from gancore.errors import ConfigError, GanCoreError
from gancore.i18n import _

if TYPE_CHECKING:
    from torch import Tensor

    from gancore.evaluate.discriminators import Discriminator
    from gancore.inversion import Found, Search
    from gancore.run import Run
    from gancore.sampler import Sampler

_TILE_PIXELS = 112


def invert(
    run_id: RunArgument,
    image: Annotated[Path, typer.Option("--image", "-i", help=_("A picture of any format and size."))],
    out: Annotated[Path, typer.Option("--out", "-o", help=_("The folder to write to."))],
    mask: Annotated[
        Path | None, typer.Option("--mask", help=_("A picture that is light where the image is to be repaired."))
    ] = None,
    candidates: Annotated[
        int, typer.Option("--candidates", "-n", min=1, max=20, help=_("Different results to keep, at most."))
    ] = 4,
    seed: Annotated[int, typer.Option("--seed", min=0, help=_("Decides which z the search starts from."))] = 0,
    steps: Annotated[int, typer.Option("--steps", min=1, max=100_000, help=_("Of the optimiser."))] = 300,
    class_name: Annotated[
        str | None,
        typer.Option("--class", metavar="CLASS", help=_("Of a conditional run; default: each class is tried.")),
    ] = None,
    negative: Annotated[
        bool, typer.Option("--negative", help=_("Swap dark and light in the picture before the search."))
    ] = False,
    at: AtOption = None,
    runs: RunsOption = DEFAULT_RUNS,
) -> None:
    """Find the z of an image, or repair an image with a hidden part."""
    from gancore import target_images as targets
    from gancore.inversion import Plan, Search
    from gancore.networks import ImageShape
    from gancore.runs import RunManager
    from gancore.sampling import open_sampler
    from gancore.shelf import shelf_folder

    if out.exists() and not out.is_dir():
        raise ConfigError(_("--out: expected a folder, found the file {path}", path=out))
    run = RunManager(runs, shelf=shelf_folder()).get(run_id)
    sampler = open_sampler(run, at)
    shape = sampler.shape
    if not isinstance(shape, ImageShape):
        raise ConfigError(_("run {run} was trained on points; expected one on images", run=run_id))
    condition = condition_number(sampler, class_name, "--class")
    target = targets.fitted(targets.read_picture(image), shape)
    if negative:
        target = targets.negative(target)
    elif targets.looks_negative(target, sampler.images(sampler.latents(0, 64))):
        typer.echo(_("Dark and light look swapped beside what this run makes; --negative swaps them back."), err=True)
    hidden = None if mask is None else targets.read_mask(mask, shape)
    judge = None if hidden is None else _judge(run, at)
    search = Search(
        sampler, target[None], hidden, condition=condition, seed=seed, plan=Plan(steps=steps), judge=judge
    )
    stopped = _follow(search)
    found = search.found(count=candidates)
    _write(out, sampler, target, hidden, found, {"run": run_id, "at": at, "image": str(image), "seed": seed})
    _tell(sampler, found, candidates)
    typer.echo(out)
    if stopped:
        raise typer.Exit(130)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=_("Find the z of an image, or repair an image with a hidden part."))(invert)


def _judge(run: Run, at: int | None) -> Discriminator | None:
    """The last checkpoint's discriminator, where the generator is the last one too."""
    from gancore.evaluate.discriminators import Discriminator

    if at is not None:
        return None
    try:
        return Discriminator.open(run)
    except GanCoreError as error:
        typer.echo(_("The discriminator has no say in the repair: {reason}", reason=error), err=True)
        return None


def _follow(search: Search) -> bool:
    """Run a search behind a progress bar; whether Ctrl-C stopped it."""
    with _interruptible() as interrupted, tqdm(total=search.plan.steps, file=sys.stderr, dynamic_ncols=True) as bar:
        for progress in search.run():
            bar.set_description_str(_("error {error:.4f}", error=float(progress.errors[0])), refresh=False)
            bar.update(progress.step - bar.n)
            if interrupted:
                break
        return bool(interrupted)


@contextmanager
def _interruptible() -> Iterator[list[int]]:
    """Signals that came, while it is entered: a search ends between two steps, not within one."""
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: came.append(number))
    try:
        yield came
    finally:
        signal.signal(signal.SIGINT, before)


def _write(
    out: Path,
    sampler: Sampler,
    target: Tensor,
    hidden: Tensor | None,
    found: list[Found],
    texts: dict[str, str | int | None],
) -> None:
    import numpy as np
    import torch

    from gancore import images
    from gancore.files import write_aside, write_json
    from gancore.repair import covered

    out.mkdir(parents=True, exist_ok=True)
    names = sampler.condition_names
    pictures = {"target": target}
    if hidden is not None:
        pictures["hidden"] = covered(target, hidden)
    rows = []
    for number, each in enumerate(found, 1):
        pictures[f"found-{number}"] = each.image
        row: dict[str, object] = {"image": f"found-{number}.png", "error": each.error, "z": each.z.tolist()}
        if each.condition is not None:
            row["class"] = names[each.condition]
        if hidden is not None:
            pictures[f"repaired-{number}"] = each.blended
            row |= {"repaired": f"repaired-{number}.png", "hidden_error": each.hidden_error}
        rows.append(row)
    for name, picture in pictures.items():
        write_aside(out / f"{name}.png", images.png(picture))
    large = torch.stack(list(pictures.values()))
    factor = max(1, round(_TILE_PIXELS / large.shape[-1]))
    large = large.repeat_interleave(factor, -1).repeat_interleave(factor, -2)
    write_aside(out / "grid.png", images.png(images.grid(large, len(large), padding=4, background=255)))
    np.save(buffer := io.BytesIO(), torch.stack([each.z for each in found]).numpy())
    write_aside(out / "z.npy", buffer.getvalue())
    write_json(out / "found.json", {**texts, "candidates": rows})


def _tell(sampler: Sampler, found: list[Found], wanted: int) -> None:
    names = sampler.condition_names
    for number, each in enumerate(found, 1):
        line: str = _("candidate {number}: error {error:.4f}", number=number, error=each.error)
        if each.hidden_error is not None:
            line += ", " + _("in the hidden part {error:.4f}", error=each.hidden_error)
        if each.condition is not None:
            line += ", " + _("class {name}", name=names[each.condition])
        typer.echo(line)
    typer.echo(_("Errors are root mean square differences of pixel values from 0 to 1."), err=True)
    if len(found) < wanted:
        typer.echo(_("The other starts came to (nearly) the same images."), err=True)
