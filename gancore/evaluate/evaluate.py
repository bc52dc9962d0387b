"""Evaluating a run: samples of a milestone against the data, kept in the run's folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from torch import Tensor

from gancore.config import RunConfig
from gancore.errors import CheckpointError, ConfigError, RunError
from gancore.evaluate.bootstrap import LEVEL
from gancore.evaluate.extractors import extractor_for
from gancore.evaluate.memorisation import Memorisation, memorisation, verdict
from gancore.evaluate.metrics import LEAST_SAMPLES, Measurement, class_counts, measure
from gancore.evaluate.plane import COORDINATES, measure_points
from gancore.evaluate.reference import reference_for
from gancore.files import write_json
from gancore.i18n import _
from gancore.networks import ImageShape, Shape, shape_of
from gancore.plane import COUNTED, points_of
from gancore.recipes import recipe_of
from gancore.run import Run
from gancore.sampling import milestone_of, open_sampler

FILE = "evaluation.json"
DEFAULT_COUNT = 10_000
"""Samples of images, the field's habit; of points it is PacGAN's :data:`gancore.plane.COUNTED`."""
MOST_SAMPLES = 50_000
_NOT_A_VARIANT = ("seed", "device", "grid", "sample_every", "measure_every", "keep_checkpoints")
"""Fields that may differ between runs of one variant."""

Progress = Callable[[str], None]
"""Called with what is being done."""


class ClassShare(BaseModel):
    """How often a class appears among samples and in the data."""

    model_config = ConfigDict(frozen=True)

    name: str
    samples: float
    data: float


class Evaluation(BaseModel):
    """What was measured of one run at one milestone; an entry of ``evaluation.json``."""

    model_config = ConfigDict(frozen=True)

    run: str
    preset: str
    data: str
    iteration: int
    """Of the milestone whose generator drew the samples."""
    percent: int | None
    """Of the plan, at that milestone."""
    count: int
    """Samples drawn."""
    seed: int
    """Of the samples' z and of the bootstrap."""
    train_seed: int
    """The run's own."""
    variant: str
    """The same for runs that differ in their seed only."""
    extractor: str
    extractor_accuracy: float | None
    """Share of held-out images that the judge classifies rightly; None for a random network."""
    reference: Literal["test", "all"]
    """Whether the real images were an official test set, or all that the data set has."""
    reference_size: int
    level: float = LEVEL
    """Of the intervals."""
    measurements: tuple[Measurement, ...]
    classes: tuple[ClassShare, ...]
    """Empty when the extractor knows no classes."""
    memorisation: Memorisation | None
    """None of points, which have no look of their own to be copied, and of a recipe that is told an image, whose
    samples are to be like one."""

    def measurement(self, name: str) -> Measurement | None:
        """One of the numbers, or None when this extractor does not give it."""
        return next((found for found in self.measurements if found.name == name), None)

    @property
    def verdict(self) -> str:
        """What the look for copies found, one sentence in the language in force; empty where there was none."""
        share, ratio = self.measurement("copies"), self.measurement("nearest_ratio")
        if self.memorisation is None or share is None or ratio is None:
            return ""
        return verdict(self.memorisation.suspicious, share.value, ratio.value)

    @property
    def comparable(self) -> tuple[str, str, str, int, int]:
        """Evaluations may be compared when these agree: extractor, data, reference and its size, sample count."""
        return self.extractor, self.data, self.reference, self.reference_size, self.count


def evaluate_run(
    run: Run,
    count: int | None = None,
    seed: int = 0,
    at: int | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Draw samples of a run's milestone, measure them, and keep the result in the run's folder.

    Images are held against the data set's official test set where it has one, else against all its images (at most
    10,000); points against as many of the data's.

    Args:
        count: samples; None: 10,000 images or 2,500 points. Numbers of different counts cannot be compared.
        seed: decides the samples' z, and the bootstrap.
        at: percentage of the milestone; None: the last one.
        progress: told what is being done.

    Raises:
        ConfigError: when ``count`` is out of range.
        RunError: when there is no such milestone.
        CheckpointError: when the run's files are damaged.
        DataError: when the data set is missing or too small.
    """
    shape = _shape(run)
    if count is None:
        count = DEFAULT_COUNT if isinstance(shape, ImageShape) else COUNTED
    if not LEAST_SAMPLES <= count <= MOST_SAMPLES:
        raise ConfigError(
            _(
                "count: expected {least} to {most:,} samples, found {count}",
                least=LEAST_SAMPLES,
                most=MOST_SAMPLES,
                count=count,
            )
        )
    say = progress or (lambda _doing: None)
    milestone, config = milestone_of(run, at), run.config
    say(_(" samples"))
    sampler = open_sampler(run, at)
    samples = sampler.images(sampler.latents(seed, count))
    found = (
        _of_images(config, shape, samples, seed, say)
        if isinstance(shape, ImageShape)
        else _of_points(config, samples, seed)
    )
    evaluation = Evaluation(
        run=run.id,
        preset=config.preset,
        data=config.data,
        iteration=milestone.iteration,
        percent=milestone.percent,
        count=count,
        seed=seed,
        train_seed=config.seed,
        variant=variant_of(run.config),
        **found,
    )
    _store(run, evaluation)
    return evaluation


def _of_images(config: RunConfig, shape: ImageShape, samples: Tensor, seed: int, say: Progress) -> dict[str, Any]:
    """The fields that are measured, of (N, C, H, W) images."""
    say(_("looking at the real images"))
    reference = reference_for(config.data, None if config.image_size is None else shape.height, config.channels)
    say(_("comparing"))
    features, probabilities = reference.extractor.examine(samples)
    measurements = measure(features, probabilities, reference, seed)
    finding: Memorisation | None = None
    if recipe_of(config.preset).conditioned_on != "image":
        say(_("looking for copies of training images"))
        finding, more = memorisation(features, reference.training, reference.extractor.name, seed)
        measurements += more
    shares = [] if probabilities is None else (class_counts(probabilities) / len(samples)).tolist()
    return {
        "extractor": reference.extractor.name,
        "extractor_accuracy": reference.extractor.accuracy,
        "reference": reference.split,
        "reference_size": reference.size,
        "measurements": tuple(measurements),
        "classes": tuple(
            ClassShare(name=name, samples=drawn, data=real)
            for name, drawn, real in zip(
                reference.extractor.classes, shares, reference.class_shares.tolist(), strict=True
            )
        ),
        "memorisation": finding,
    }


def _of_points(config: RunConfig, samples: Tensor, seed: int) -> dict[str, Any]:
    """The fields that are measured, of (N, 2) points, which are their own features."""
    dataset = points_of(config)
    return {
        "extractor": COORDINATES,
        "extractor_accuracy": None,
        "reference": "all",
        "reference_size": min(len(dataset.points), len(samples)),
        "measurements": tuple(measure_points(samples, dataset, seed)),
        "classes": (),
        "memorisation": None,
    }


def stored_evaluations(run: Run) -> list[Evaluation]:
    """What has been measured of a run, one entry a milestone, oldest milestone first.

    A file that cannot be read counts as none: everything in it can be computed again.
    """
    try:
        content = json.loads((run.folder.path / FILE).read_text(encoding="utf-8"))
        return TypeAdapter(list[Evaluation]).validate_python(content)
    except (OSError, ValueError, ValidationError):
        return []


def stored_evaluation(run: Run, at: int | None = None, count: int | None = None) -> Evaluation | None:
    """What is known of a milestone, or None when there is nothing or it is stale.

    Stale is what was measured of another iteration, through another extractor than today's, or of another count.

    Args:
        at: percentage of the milestone; None: the last one.
        count: samples asked for; None: any.
    """
    try:
        milestone, shape = milestone_of(run, at), _shape(run)
        extractor = extractor_for(run.config.data, shape).name if isinstance(shape, ImageShape) else COORDINATES
    except (RunError, CheckpointError):
        return None
    for found in stored_evaluations(run):
        if (found.iteration, found.extractor) == (milestone.iteration, extractor) and count in (None, found.count):
            return found
    return None


def _store(run: Run, evaluation: Evaluation) -> None:
    others = [found for found in stored_evaluations(run) if found.iteration != evaluation.iteration]
    entries = sorted([*others, evaluation], key=lambda found: found.iteration)
    write_json(run.folder.for_writing() / FILE, [entry.model_dump(mode="json") for entry in entries])


def _shape(run: Run) -> Shape:
    resolved = run.folder.read_resolved()
    if resolved is None:
        raise RunError(_("run {run} has not started to train yet, so there is nothing to evaluate", run=run.id))
    return shape_of(resolved.shape)


def variant_of(config: RunConfig) -> str:
    """The same for runs that differ in their seed only, or in what does not change what is trained."""
    kept = {name: value for name, value in config.model_dump(mode="json").items() if name not in _NOT_A_VARIANT}
    digest = hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()
    return f"{config.preset} on {Path(config.data).name} ({digest[:6]})"
