"""A run's discriminator, asked about samples that need not be its own generator's."""

from __future__ import annotations

import inspect
from dataclasses import replace

import torch
from torch import Tensor

from gancore import data, plane
from gancore.config import RunConfig
from gancore.data import ImageData, has_test_set, load_images
from gancore.errors import RunError
from gancore.i18n import N_, _
from gancore.networks import ImageShape, Shape, shape_of
from gancore.player_files import weights_of
from gancore.players import build_players
from gancore.points import PointData
from gancore.recipes import recipe_of
from gancore.recipes.recipe import Players
from gancore.run import Run
from gancore.sampler import Sampler

_BATCH = 256


class Discriminator:
    """A discriminator in evaluation mode, on the CPU in float32; the higher a score, the more real it finds a sample.

    Every recipe's score grows that way, a critic's too; nothing else of two discriminators' scores can be compared.
    """

    def __init__(self, run_id: str, config: RunConfig, players: Players, shape: Shape) -> None:
        """Args:
        players: with trained weights; they are put into evaluation mode.
        shape: of one sample.
        """
        self.id, self.config, self.shape = run_id, config, shape
        # Augmentation would draw at random, and bfloat16 makes ties of scores that differ.
        self.players = replace(players, augmentation="none", autocast=False)
        self.players.discriminator.eval()
        forward = inspect.signature(players.discriminator.forward).parameters
        # AC-GAN's discriminator guesses the label that others are told.
        self.is_told_labels = recipe_of(config.preset).conditioned_on == "label" and len(forward) > 1

    @classmethod
    def open(cls, run: Run) -> Discriminator:
        """The discriminator of a run's last checkpoint.

        Raises:
            RunError: when the run has no checkpoint, or its discriminator judges pairs of images.
            CheckpointError: when its files are damaged.
        """
        config, resolved = run.config, run.folder.read_resolved()
        if recipe_of(config.preset).conditioned_on == "image":
            raise RunError(
                _("{run}'s discriminator judges a source and an image together, not an image alone", run=run.id)
            )
        if resolved is None or not run.folder.checkpoints():
            raise RunError(_("{run} has no checkpoint with its discriminator", run=run.id))
        shape = shape_of(resolved.shape)
        players = build_players(config, shape, torch.device("cpu"), "float32", max(1, len(resolved.classes)))
        run.folder.load_checkpoint(players)
        return cls(run.id, config, players, shape)

    def sampler(self, run: Run) -> Sampler:
        """The generator of the same checkpoint."""
        return Sampler(run.folder, weights_of(self.players.shown))

    def scores(self, samples: Tensor, labels: Tensor | None = None, *, alone: bool = False) -> Tensor:
        """What it says of samples.

        Args:
            samples: (N, C, H, W) uint8 images in its shape, or (N, 2) points.
            labels: (N,) int64, for a discriminator that is told them.
            alone: one score for each sample; a discriminator of packs is shown a pack of it repeated.

        Returns:
            (N / packing,) float32, or (N,) when ``alone``.

        Raises:
            RunError: when the samples have another shape, or labels are needed and not there.
        """
        if tuple(samples.shape[1:]) != (tuple(self.shape) if isinstance(self.shape, ImageShape) else (2,)):
            raise RunError(
                _(
                    "{run}'s discriminator takes {expected}, found {found}",
                    run=self.id,
                    expected=describe(self.shape),
                    found=_found(samples),
                )
            )
        if self.is_told_labels and labels is None:
            raise RunError(_("{run}'s discriminator has to be told a class, which these samples lack", run=self.id))
        told = labels if self.is_told_labels else None
        packing = self.players.packing
        if alone:
            samples = samples.repeat_interleave(packing, dim=0)
            told = None if told is None else told.repeat_interleave(packing)
        batch, data_range = _BATCH * packing, self.config.settings.data_range
        parts = []
        with torch.inference_mode():
            for start in range(0, len(samples) - packing + 1, batch):
                block = data.to_range(samples[start : start + batch], data_range)
                parts.append(self.players.score(block, None if told is None else told[start : start + batch])[:, 0])
        return torch.cat(parts)


def describe(shape: Shape) -> str:
    """``images of 28 x 28 pixels, grey``, or ``points``."""
    if not isinstance(shape, ImageShape):
        return _("points")
    pattern = (
        N_("images of {height} x {width} pixels, grey")
        if shape.channels == 1
        else N_("images of {height} x {width} pixels, in colour")
    )
    return _(pattern, height=shape.height, width=shape.width)


def _found(samples: Tensor) -> str:
    return describe(ImageShape(*samples.shape[1:]) if samples.ndim == 4 else shape_of((2,)))


def real_samples(config: RunConfig, shape: Shape, count: int) -> tuple[Tensor, Tensor, str]:
    """Real samples as a run sees them, by a fixed draw.

    From the official test set where there is one, so that a discriminator that knows its training images by heart
    has no advantage on them.

    Args:
        count: at most so many.

    Returns:
        (N, C, H, W) uint8 images or (N, 2) points, (N,) int64 labels, and where they are from: ``test`` or ``all``.

    Raises:
        DataError: when the data set is gone or damaged.
    """
    split = "all"
    dataset: ImageData | PointData
    if isinstance(shape, ImageShape):
        split = "test" if has_test_set(config.data) else "all"
        size = None if config.image_size is None else shape.height
        dataset = load_images(config.data, size, config.channels, "test" if split == "test" else "all")
    else:
        dataset = plane.points_of(config)
    chosen = torch.randperm(len(dataset.samples), generator=torch.Generator().manual_seed(0))[:count]
    return dataset.samples[chosen], dataset.labels[chosen], split
