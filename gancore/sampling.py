"""Samples from a run's generator as it was at a milestone, or as it is now."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor

from gancore import images
from gancore.checkpoint import Gallery
from gancore.errors import ConfigError, RunError
from gancore.files import write_aside
from gancore.i18n import N_, _
from gancore.run import Run
from gancore.sampler import Sampler
from gancore.schedule import Position, Schedule


def milestone_of(run: Run, percent: int | None = None) -> Gallery:
    """The milestone of a percentage, or the last one.

    Raises:
        RunError: listing the percentages that there are.
    """
    milestones = run.milestones()
    chosen = [gallery for gallery in milestones if percent is None or gallery.percent == percent]
    if not chosen:
        there = ", ".join(gallery.label for gallery in milestones) or _("none yet")
        if percent is None:
            raise RunError(_("run {run} has no milestone yet; there are: {there}", run=run.id, there=there))
        raise RunError(
            _(
                "run {run} has no milestone at {percent} %; there are: {there}",
                run=run.id,
                percent=percent,
                there=there,
            )
        )
    return chosen[-1]


@dataclass(frozen=True)
class Milestone:
    """A kept generator and where in its run's training it stands."""

    percent: float
    """Of the plan, in [0, 100]; no two of a run agree."""
    gallery: Gallery


def placed_milestones(run: Run) -> list[Milestone]:
    """All milestones of a run with a percentage each, oldest first; empty before it trains.

    Where a stopped run ended has none of its own when a milestone has it already, and a longer plan may give two the
    same: those stand where they lie in the plan, at least a tenth of a percent apart.

    Raises:
        CheckpointError: when the run's files are damaged.
    """
    resolved = run.folder.read_resolved()
    if resolved is None:
        return []
    schedule = Schedule(run.config.plan, resolved.batches_per_epoch, resolved.batches_per_iteration)
    placed: list[Milestone] = []
    for gallery in run.milestones():
        percent = float(gallery.percent or 0)
        if gallery.percent is None:
            share = schedule.progress(Position(gallery.iteration, gallery.images_seen, gallery.elapsed_s))
            percent = math.floor(1000 * share) / 10
        if placed:
            percent = max(percent, round(placed[-1].percent + 0.1, 1))
        placed.append(Milestone(percent, gallery))
    return placed


def open_sampler(run: Run, percent: int | None = None) -> Sampler:
    """A sampler of a milestone's weights.

    Raises:
        RunError: when there is no such milestone.
        CheckpointError: when its weights are damaged.
    """
    return Sampler(run.folder, run.folder.generator_weights(milestone_of(run, percent)))


def write_images(samples: Tensor, out: Path, kind: str, columns: int | None = None) -> Path:
    """Write samples to ``out`` and return it.

    Args:
        samples: (N, C, H, W) uint8 images, or (N, 2) points.
        kind: ``.npy`` for one array, of images uint8 (N, H, W) or (N, H, W, 3). Images also: ``.png`` for a grid,
            ``.gif``, ``.webp`` or ``.mp4`` for an animation, empty for a folder of single PNG files. Points also:
            ``.csv``.
        columns: of the grid; None: as square as it goes.

    Raises:
        ConfigError: when samples of this kind cannot be written so.
        OSError: when it cannot be written.
    """
    fitting = (".npy", ".csv") if samples.ndim == 2 else (".npy", ".png", *images.ANIMATIONS, "")
    if kind not in fitting:
        told = (
            N_("points cannot be written to {out!r}; expected {listed}")
            if samples.ndim == 2
            else N_("images cannot be written to {out!r}; expected {listed}")
        )
        raise ConfigError(_(told, out=str(out), listed=", ".join(known or _("a folder") for known in fitting)))
    out.parent.mkdir(parents=True, exist_ok=True)
    if kind == ".npy":
        buffer = io.BytesIO()
        np.save(buffer, samples.numpy() if samples.ndim == 2 else images.to_array(samples))
        write_aside(out, buffer.getvalue())
    elif kind == ".csv":
        np.savetxt(buffer := io.BytesIO(), samples.numpy(), fmt="%.6g", delimiter=",", header="x,y", comments="")
        write_aside(out, buffer.getvalue())
    elif kind == ".png":
        write_aside(out, images.png(images.grid(samples, columns or math.ceil(math.sqrt(len(samples))))))
    elif kind in images.ANIMATIONS:
        write_aside(out, images.ANIMATIONS[kind](samples))
    else:
        out.mkdir(exist_ok=True)
        digits = max(5, len(str(len(samples) - 1)))
        for index, sample in enumerate(samples):
            write_aside(out / f"{index:0{digits}d}.png", images.png(sample))
    return out
