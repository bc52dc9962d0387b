"""A labelled data set made of a run's samples: what it holds, and drawing it block by block.

A recipe that is told classes gives them itself; of any other the judge of its data names what it sees. Samples are
those of `gancore sample` with the same seed, without truncation; with a class quota or a least confidence, those that
do not fit are passed over. :mod:`gancore.sample_files` writes the formats.
"""

from __future__ import annotations

import datetime
import hashlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor

import gancore
from gancore import latents
from gancore.errors import ConfigError, RunError
from gancore.evaluate.extractors import Extractor, extractor_for
from gancore.files import write_json
from gancore.i18n import _
from gancore.networks import ImageShape
from gancore.run import Run
from gancore.sample_files import WRITERS, Format, folder_names
from gancore.sampler import Sampler
from gancore.sampling import milestone_of, open_sampler

MOST = 1_000_000
"""Samples in one set."""
MANIFEST = "manifest.json"
_BLOCK = 500
_TRIES = 50
"""Samples drawn for each one wanted, before a class counts as one that the generator does not make."""

Progress = Callable[[int, int], None]
"""Called with samples kept so far and samples wanted."""


@dataclass(frozen=True)
class Wanted:
    """What a set is to be."""

    count: int = 10_000
    format: Format = "folder"
    per_class: bool = False
    """As many of each class, give or take one."""
    least_confidence: float = 0.0
    """Probability that the judge gives a sample's class, at least; 0 takes all."""
    seed: int = 0
    at: int | None = None
    """Percentage of the milestone; None: the last."""
    gzip: bool = False
    """Packs the files of ``idx``."""

    def __post_init__(self) -> None:
        """Raises ConfigError where a value is out of its limits."""
        if not 1 <= self.count <= MOST:
            raise ConfigError(
                _("count: expected 1 to {most:,} samples, found {count:,}", most=MOST, count=self.count)
            )
        if self.format not in WRITERS:
            known = ", ".join(WRITERS)
            raise ConfigError(_("format: expected one of {known}, found {format!r}", known=known, format=self.format))
        if not 0 <= self.least_confidence < 1:
            raise ConfigError(
                _("confidence: expected 0 or more and less than 1, found {value:g}", value=self.least_confidence)
            )
        if self.seed < 0:
            raise ConfigError(_("seed: expected 0 or more, found {seed}", seed=self.seed))
        if self.gzip and self.format != "idx":
            raise ConfigError(_("gzip packs the files of idx; leave it out for {format}", format=self.format))


class Manifest(BaseModel):
    """What a set says of itself; ``manifest.json`` beside its files."""

    model_config = ConfigDict(frozen=True)

    run: str
    preset: str
    data: str
    """What the run was trained on."""
    iteration: int
    percent: int | None
    """Of the milestone that drew the samples."""
    seed: int
    count: int
    drawn: int
    """Samples made until ``count`` of them fitted."""
    truncation: Literal["none"] = "none"
    format: Format
    shape: tuple[int, int, int]
    """Channels, height, width."""
    value_range: tuple[int, int] = (0, 255)
    labels_from: Literal["condition", "classifier", "nothing"]
    classes: tuple[str, ...]
    """Label -> class."""
    counts: dict[str, int]
    """Class -> samples."""
    classifier: str | None
    classifier_accuracy: float | None
    """Share of held-out real images that it classifies rightly."""
    least_confidence: float
    content_sha256: str
    """Of every image's bytes (C, H, W) and then its label as one byte or, beyond 256 classes, as two."""
    files_sha256: dict[str, str]
    """File -> SHA-256; of a folder of pictures, which are many, empty."""
    made_at: str
    versions: dict[str, str]


def write_sample_set(run: Run, out: Path, wanted: Wanted, progress: Progress | None = None) -> Manifest:
    """Draw a set and write it into a new folder.

    The same run, milestone and values of ``wanted`` give the same files, but for the date in the manifest.

    Args:
        out: is made; has to be new or empty.

    Raises:
        ConfigError: when the run's samples are no images or have no classes that were asked for, or ``out`` has
            files already or is the current folder or one above it.
        RunError: when there is no such milestone, or a class hardly ever comes.
        CheckpointError, DataError: when files of the run or the judge are damaged.
        OSError: when ``out`` cannot be written to.
    """
    target = out.resolve()  # "a/.." has no name of its own to put another beside
    if Path.cwd().is_relative_to(target):
        raise ConfigError(
            _("{out} is the current folder or one above it; expected the name of a new folder", out=out)
        )
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ConfigError(_("{out} has files already; expected a new or empty folder", out=out))
    milestone, sampler = milestone_of(run, wanted.at), open_sampler(run, wanted.at)
    labeller = _Labeller(sampler, wanted)
    aside = target.with_name(f".{target.name}.part")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        shape = tuple(labeller.shape)
        writer = WRITERS[wanted.format](aside, wanted.count, shape, labeller.classes, gzip=wanted.gzip)
        digest, counts, done = hashlib.sha256(), torch.zeros(max(1, len(labeller.classes)), dtype=torch.int64), 0
        for images, labels in labeller.blocks():
            writer.add(images, labels)
            width = 1 if len(labeller.classes) <= 256 else 2
            for image, label in zip(images.numpy(), labels.tolist(), strict=True):
                digest.update(image.tobytes() + label.to_bytes(width, "big"))
            counts += torch.bincount(labels, minlength=len(counts))
            done += len(images)
            if progress is not None:
                progress(done, wanted.count)
        files = writer.close()
        manifest = Manifest(
            run=run.id,
            preset=run.config.preset,
            data=run.config.data,
            iteration=milestone.iteration,
            percent=milestone.percent,
            seed=wanted.seed,
            count=done,
            drawn=labeller.drawn,
            format=wanted.format,
            shape=shape,
            labels_from=labeller.source,
            classes=labeller.classes,
            counts=dict(zip(labeller.classes, counts.tolist(), strict=False)),
            classifier=None if labeller.judge is None else labeller.judge.name,
            classifier_accuracy=None if labeller.judge is None else labeller.judge.accuracy,
            least_confidence=wanted.least_confidence,
            content_sha256=digest.hexdigest(),
            files_sha256=files,
            made_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            versions={"gancore": gancore.__version__, **{name: version(name) for name in ("torch", "numpy")}},
        )
        write_json(aside / MANIFEST, manifest.model_dump(mode="json"))
        if target.is_dir():
            target.rmdir()
        aside.rename(target)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return manifest


def label_source(run: Run) -> Literal["condition", "classifier", "nothing"]:
    """Where the classes of a run's samples would come from; reads no weights."""
    from gancore.evaluate.extractors import knows_classes
    from gancore.recipes import recipe_of

    if recipe_of(run.config.preset).conditioned_on == "label":
        return "condition"
    return "classifier" if knows_classes(run.config.data) else "nothing"


class _Labeller:
    """Samples of one generator with their classes, as many as are wanted."""

    def __init__(self, sampler: Sampler, wanted: Wanted) -> None:
        if not isinstance(sampler.shape, ImageShape):
            raise ConfigError(
                _(
                    "{run} makes points in the plane; expected a run on images (`gancore sample` writes points as "
                    ".csv)",
                    run=sampler.id,
                )
            )
        self._sampler, self._wanted, self.shape = sampler, wanted, sampler.shape
        self.drawn = 0
        conditional = sampler.conditions is not None and sampler.conditions.ndim == 1
        extractor = extractor_for(sampler.config.data, sampler.shape)
        self.judge: Extractor | None = extractor if extractor.classes else None
        self.classes = tuple(sampler.classes) if conditional else tuple(extractor.classes)
        self.source: Literal["condition", "classifier", "nothing"] = "nothing"
        if self.classes:
            self.source = "condition" if conditional else "classifier"
        if self.source == "nothing" and wanted.per_class:
            raise ConfigError(_no_classes(sampler))
        if self.judge is None and wanted.least_confidence:
            raise ConfigError(_no_classes(sampler))
        folder_names(self.classes)
        # Conditions go round in the same order, block after block.
        self._told = sampler.conditions if conditional else None
        self._block = _BLOCK if self._told is None else len(self._told) * -(-_BLOCK // len(self._told))

    def blocks(self) -> Iterator[tuple[Tensor, Tensor]]:
        """(n, C, H, W) uint8 images and (n,) int64 labels, ``count`` in all."""
        wanted, settings = self._wanted, self._sampler.config.settings
        left = self._quota()
        generator = torch.Generator().manual_seed(wanted.seed)
        done = 0
        while done < wanted.count:
            if self.drawn >= _TRIES * wanted.count + 10 * self._block:
                self._give_up(left)
            z = torch.cat(
                [
                    latents.draw(1, settings.latent_dim, settings.latent_distribution, generator)
                    for _number in range(self._block)
                ]
            )
            images = self._sampler.images(z)
            labels, fits = self._label(images)
            chosen, last = [], len(images)
            for place, (label, fit) in enumerate(zip(labels.tolist(), fits.tolist(), strict=True)):
                if not fit or not left[label]:
                    continue
                left[label] -= 1
                chosen.append(place)
                if done + len(chosen) == wanted.count:
                    last = place + 1
                    break
            self.drawn += last
            done += len(chosen)
            if chosen:
                yield images[chosen], labels[chosen]

    def _quota(self) -> list[int]:
        """How many more of each class are wanted."""
        count, classes = self._wanted.count, max(1, len(self.classes))
        if not self._wanted.per_class:
            return [count] * classes
        return [count // classes + (number < count % classes) for number in range(classes)]

    def _label(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """(n,) labels, and whether each sample fits."""
        judged = None
        if self.judge is not None and (self._told is None or self._wanted.least_confidence):
            judged = self.judge.examine(images)[1]
        if self._told is not None:
            labels = self._told[torch.arange(len(images)) % len(self._told)]
        else:
            labels = torch.zeros(len(images), dtype=torch.int64) if judged is None else judged.argmax(dim=1)
        if judged is None or not self._wanted.least_confidence:
            return labels, torch.ones(len(images), dtype=torch.bool)
        sure = judged.gather(1, labels[:, None])[:, 0]
        return labels, sure >= self._wanted.least_confidence

    def _give_up(self, left: list[int]) -> None:
        rare = max(range(len(left)), key=left.__getitem__)
        name = self.classes[rare] if self.classes else ""
        raise RunError(
            _(
                "of {drawn:,} samples of {run} too few fit: {left:,} of class {name!r} are missing; ask for fewer, a "
                "lower confidence, or not for every class",
                drawn=self.drawn,
                run=self._sampler.id,
                left=left[rare],
                name=name,
            )
        )


def _no_classes(sampler: Sampler) -> str:
    return _(
        "{run} is told no classes, and {data} has no judge; train one with `gancore judge --data {data}`, or leave "
        "out what asks for classes",
        run=sampler.id,
        data=sampler.config.data,
    )
