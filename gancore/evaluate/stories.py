"""The story of one sample: its z through the training, the training images near it, and who takes it for real."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from gancore.config import RunConfig
from gancore.errors import GanCoreError, RunError
from gancore.evaluate.discriminators import Discriminator, real_samples
from gancore.evaluate.extractors import extractor_for
from gancore.evaluate.neighbours import nearest_few
from gancore.evaluate.reference import training_images
from gancore.i18n import _
from gancore.networks import ImageShape
from gancore.run import Run
from gancore.sampler import Sampler
from gancore.sampling import placed_milestones

REAL_IMAGES = 400
"""Real images that a sample's score is held against."""


@dataclass(frozen=True)
class Moment:
    """What a z gave at one milestone."""

    percent: float
    iteration: int
    image: Tensor
    """(C, H, W) uint8."""


@dataclass(frozen=True)
class Neighbour:
    """A training image."""

    image: Tensor
    """(C, H, W) uint8."""
    number: int
    """Among the training images."""
    distance: float
    label: str


@dataclass(frozen=True)
class Neighbours:
    """The training images nearest to a sample, nearest first."""

    space: Literal["features", "pixels"]
    """Distances are Euclidean between a judge's features, or the root mean square of the differences of pixels, which
    lie in [0, 1]."""
    found: tuple[Neighbour, ...]


@dataclass(frozen=True)
class Opinion:
    """What one run's discriminator makes of a sample."""

    run: str
    share: float | None
    """Share of real images that it scores lower, ties counted half: 0 is the most fake-looking, 0.5 like a typical
    real one. The scores themselves mean something else to every discriminator. None where it cannot judge."""
    reason: str = ""
    """One sentence on why it cannot."""


def history(run: Run, seed: int, index: int) -> list[Moment]:
    """One z at every milestone of a run, oldest first.

    Args:
        seed: of the common latents (:func:`gancore.latents.common`).
        index: which of the seed's latents; a conditional generator is told the condition of that place.

    Raises:
        RunError: when the run has no milestone, or its data are points.
        CheckpointError: when its files are damaged.
    """
    moments: list[Moment] = []
    sampler: Sampler | None = None
    for placed in placed_milestones(run):
        weights = run.folder.generator_weights(placed.gallery)
        if sampler is None:
            sampler = Sampler(run.folder, weights)
        else:
            sampler.load(weights)
        if not isinstance(sampler.shape, ImageShape):
            raise RunError(_("run {run} was trained on points; expected one on images", run=run.id))
        condition = None if sampler.conditions is None else index % len(sampler.conditions)
        z = sampler.common_latents(seed, index + 1)[index:]
        moments.append(Moment(placed.percent, placed.gallery.iteration, sampler.images(z, condition)[0]))
    if not moments:
        raise RunError(_("run {run} has no milestone yet", run=run.id))
    return moments


def label_of(run: Run, index: int) -> int | None:
    """The class that a run's sample of this place is told, if it is told one."""
    conditions = run.folder.read_conditions()
    return None if conditions is None or conditions.ndim > 1 else int(conditions[index % len(conditions)])


class TrainingBank:
    """A data set's training images, ready to be searched: by its judge's features, or by pixels where it has none."""

    def __init__(self, config: RunConfig, shape: ImageShape) -> None:
        """Args:
        config: of the run; its data, image size and channels count.
        shape: of the run's images.

        Raises:
            DataError: when the data set is gone, or its judge's file is damaged.
        """
        size = None if config.image_size is None else shape.height
        dataset = training_images(config.data, size, config.channels)
        self._images, self._labels, self._classes = dataset.images, dataset.labels, dataset.classes
        extractor = extractor_for(config.data, shape)
        self._extractor = extractor if extractor.classes else None
        # A random network's features are no nearer to what an eye compares than the pixels are.
        self._bank = self._images.flatten(1) if self._extractor is None else self._extractor.examine(self._images)[0]

    def nearest(self, image: Tensor, count: int = 6) -> Neighbours:
        """The training images nearest to one image.

        Args:
            image: (C, H, W) uint8.
        """
        if self._extractor is None:
            distances, indices = nearest_few(image.flatten(), self._bank, count)
            distances = distances / (255 * image.numel() ** 0.5)
        else:
            distances, indices = nearest_few(self._extractor.examine(image[None])[0][0], self._bank, count)
        found = tuple(
            Neighbour(self._images[number], number, distance, self._classes[int(self._labels[number])])
            for number, distance in zip(indices.tolist(), distances.tolist(), strict=True)
        )
        return Neighbours("pixels" if self._extractor is None else "features", found)


def share_below(real_scores: Tensor, score: float) -> float:
    """Share of the real scores that lie below one score, ties counted half."""
    below, equal = (real_scores < score).double().mean(), (real_scores == score).double().mean()
    return float(below + equal / 2)


def opinion(judge: Discriminator, image: Tensor, label: int | None = None, *, count: int = REAL_IMAGES) -> Opinion:
    """What a discriminator makes of an image, held against what it makes of real images of its own data set.

    Args:
        image: (C, H, W) uint8.
        label: the class it was made under, for a discriminator that is told one.
        count: real images, at most.

    Raises:
        DataError: when the data set is gone or damaged.
    """
    try:
        told = None if label is None else torch.tensor([label])
        score = judge.scores(image[None], told, alone=True)
        real, labels, _ = real_samples(judge.config, judge.shape, count)
        real_scores = judge.scores(real, labels, alone=True)
    except RunError as error:
        return Opinion(judge.id, None, error.sentence)
    if not bool(torch.isfinite(torch.cat([score, real_scores])).all()):
        return Opinion(
            judge.id, None, _("{run}'s discriminator has diverged: its scores are not finite.", run=judge.id)
        )
    return Opinion(judge.id, share_below(real_scores, float(score)))


def opinions(runs: Sequence[Run], image: Tensor, label: int | None = None) -> list[Opinion]:
    """The :func:`opinion` of each run's discriminator, as its last checkpoint has it.

    Raises:
        DataError: when a data set is gone or damaged.
    """
    found = []
    for run in runs:
        try:
            judge = Discriminator.open(run)
        except GanCoreError as error:
            found.append(Opinion(run.id, None, error.sentence))
        else:
            found.append(opinion(judge, image, label))
    return found
