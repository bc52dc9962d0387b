"""The pictures behind a finding: samples beside the training images nearest to them."""

from __future__ import annotations

from torch import Tensor

from gancore.errors import RunError
from gancore.evaluate.evaluate import Evaluation
from gancore.evaluate.reference import training_images
from gancore.i18n import _
from gancore.networks import ImageShape
from gancore.run import Run
from gancore.sampling import open_sampler


def pair_images(run: Run, evaluation: Evaluation) -> tuple[Tensor, Tensor]:
    """The pairs of an evaluation's memorisation check, drawn again.

    Returns:
        (P, C, H, W) uint8 samples and as many training images, nearest pair first.

    Raises:
        RunError: when the milestone is gone, or the run is one on points.
        CheckpointError: when the run's files are damaged.
        DataError: when the data set is gone.
    """
    if evaluation.memorisation is None:
        raise RunError(_("run {run} was trained on points, which are not looked at for copies", run=run.id))
    pairs = evaluation.memorisation.pairs
    sampler = open_sampler(run, evaluation.percent)
    numbers = [pair.sample for pair in pairs]
    z = sampler.latents(evaluation.seed, max(numbers) + 1)
    # Conditions go round by position, so those of a conditional generator's samples need all before them.
    samples = sampler.images(z[numbers]) if sampler.conditions is None else sampler.images(z)[numbers]
    shape = ImageShape(*samples.shape[1:])
    config = run.config
    bank = training_images(config.data, None if config.image_size is None else shape.height, config.channels)
    return samples, bank.images[[pair.training for pair in pairs]]
