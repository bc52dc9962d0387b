"""Samples from a run's generator as it was at a milestone, or as it is now."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gancore import data, images, latents
from gancore.checkpoint import Gallery
from gancore.errors import CheckpointError, RunError
from gancore.files import write_aside
from gancore.networks import ImageShape
from gancore.players import build_players
from gancore.runs import Run

_BATCH = 256


class Sampler:
    """A generator with given weights, on the CPU in float32; safe to call from one thread at a time.

    It never touches a live run's networks.
    """

    def __init__(self, run: Run, weights: dict[str, Tensor]) -> None:
        """Args:
        weights: a generator's, from :meth:`RunFolder.load_weights` or :meth:`Run.snapshot`.

        Raises:
            CheckpointError: when the run has not trained yet or the weights are another network's.
        """
        resolved = run.folder.read_resolved()
        if resolved is None:
            raise CheckpointError(f"run {run.id} has not started to train yet, so it has no samples")
        self.config = run.config
        self.shape = ImageShape(*resolved.shape)
        self._players = build_players(self.config, self.shape, torch.device("cpu"), "float32")
        try:
            self._players.generator.load_state_dict(weights)
        except RuntimeError as error:
            raise CheckpointError(f"the weights do not belong to run {run.id}'s generator: {error}") from error
        self._players.generator.eval()

    @property
    def latent_dim(self) -> int:
        """Length of z."""
        return self.config.settings.latent_dim

    def latents(self, seed: int, count: int = 1) -> Tensor:
        """(count, latent_dim) latents that ``seed`` stands for."""
        return latents.from_seed(seed, count, self.latent_dim, self.config.settings.latent_distribution)

    def images(self, z: Tensor) -> Tensor:
        """(N, latent_dim) -> (N, C, H, W) uint8."""
        return torch.cat(list(self._blocks(z)))

    def _blocks(self, z: Tensor) -> Iterator[Tensor]:
        with torch.inference_mode():
            for block in torch.split(z, _BATCH):
                yield data.to_uint8(self._players.generate(block), self.config.settings.data_range)


def milestone_of(run: Run, percent: int | None = None) -> Gallery:
    """The milestone of a percentage, or the last one.

    Raises:
        RunError: listing the percentages that there are.
    """
    milestones = run.milestones()
    chosen = [gallery for gallery in milestones if percent is None or gallery.percent == percent]
    if not chosen:
        there = ", ".join(gallery.label for gallery in milestones) or "none yet"
        wanted = "no milestone yet" if percent is None else f"no milestone at {percent} %"
        raise RunError(f"run {run.id} has {wanted}; there are: {there}")
    return chosen[-1]


def open_sampler(run: Run, percent: int | None = None) -> Sampler:
    """A sampler of a milestone's weights.

    Raises:
        RunError: when there is no such milestone.
        CheckpointError: when its weights are damaged.
    """
    return Sampler(run, run.folder.generator_weights(milestone_of(run, percent)))


def write_images(samples: Tensor, out: Path, kind: str, columns: int | None = None) -> Path:
    """Write samples to ``out`` and return it.

    Args:
        samples: (N, C, H, W) uint8.
        kind: ``.npy`` for one uint8 array (N, H, W) or (N, H, W, 3), ``.png`` for a grid, ``.gif`` for an animation,
            empty for a folder of single PNG files.
        columns: of the grid; None: as square as it goes.

    Raises:
        OSError: when it cannot be written.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    if kind == ".npy":
        buffer = io.BytesIO()
        np.save(buffer, images.to_array(samples))
        write_aside(out, buffer.getvalue())
    elif kind == ".png":
        write_aside(out, images.png(images.grid(samples, columns or math.ceil(math.sqrt(len(samples))))))
    elif kind == ".gif":
        write_aside(out, images.gif(samples))
    else:
        out.mkdir(exist_ok=True)
        digits = max(5, len(str(len(samples) - 1)))
        for index, sample in enumerate(samples):
            write_aside(out / f"{index:0{digits}d}.png", images.png(sample))
    return out
