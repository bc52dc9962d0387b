"""A data set's name -> samples held in memory -> endless batches.

A name is one of :data:`gancore.sources.SOURCES`, a folder of images or a file of points. Images stay one uint8 tensor
and a batch is an index plus a scale: the seeds' ``DataLoader`` with per-image transforms costs as much as the network
on the MLP recipes.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Hashable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor
from torchvision import datasets as tv

from gancore.errors import DataError
from gancore.i18n import _
from gancore.image_folder import image_files, read_folder
from gancore.networks import ImageShape
from gancore.points import GENERATED, PointData, is_points_file, make_points, read_points
from gancore.sources import SOURCES, advice, check_name, data_folder, is_points, raw_folder

Channels = Literal["auto", "grey", "rgb"]
Split = Literal["all", "train", "test"]
FOLDER_IMAGE_SIZE = 32
"""Side of a folder's images where none is asked for; the named sets have 28."""


HELD_OUT = 5
"""Where a set has no test images of its own, one in this many is held out."""


@dataclass(frozen=True)
class ImageData:
    """A data set of images in memory."""

    name: str
    images: Tensor
    """(N, C, H, W) uint8."""
    labels: Tensor
    """(N,) int64, an index into ``classes``."""
    classes: tuple[str, ...]
    skipped: int = 0
    """Files of a folder that could not be read as images."""

    @property
    def samples(self) -> Tensor:
        """The images, under the name that points have too."""
        return self.images

    @property
    def shape(self) -> ImageShape:
        """Channels, height and width of one image."""
        return ImageShape(*self.images.shape[1:])


def load(
    name: str, image_size: int | None = None, channels: Channels = "auto", split: Split = "all"
) -> ImageData | PointData:
    """Load a data set; nothing is downloaded here (see :func:`gancore.sources.fetch`).

    Args:
        name: a key of :data:`gancore.sources.SOURCES`, a folder of images whose sub-folders are its classes, or a
            ``.csv`` file of points.
        image_size: side in pixels; None: the set's own, :data:`FOLDER_IMAGE_SIZE` for a folder.
        channels: ``auto`` keeps what the set has.
        split: ``all`` for what a run trains on: every image but those of an official test set. ``test`` for that
            test set, or where there is none (the digits, a folder) a fifth held out by a fixed draw; ``train`` for
            what is not in ``test``.

    Raises:
        DataError: when the set is missing, or has fewer than two readable images.
    """
    check_name(name)
    if is_points(name):
        return _load_points(name, _version(name))
    return _load(name, image_size, channels, split, _version(name))


def load_images(
    name: str, image_size: int | None = None, channels: Channels = "auto", split: Split = "all"
) -> ImageData:
    """:func:`load` for a set that has to be one of images.

    Raises:
        DataError: also when it is one of points.
    """
    loaded = load(name, image_size, channels, split)
    if isinstance(loaded, PointData):
        raise DataError(_("{name} is a data set of points in the plane; expected one of images", name=name))
    return loaded


def has_test_set(name: str) -> bool:
    """Whether a set comes with test images that no run trains on."""
    return name in SOURCES and SOURCES[name].dataset is not None


def _version(name: str) -> Hashable:
    """What changes when the files behind a name do."""
    if name in SOURCES:
        return str(data_folder())
    path = Path(name).expanduser()
    files = [path] if is_points_file(name) else image_files(path)
    return len(files), max((file.stat().st_mtime_ns for file in files), default=0)


@functools.lru_cache(maxsize=4)
def _load_points(name: str, _version: Hashable) -> PointData:
    return make_points(name) if name in GENERATED else read_points(Path(name).expanduser())


@functools.lru_cache(maxsize=4)
def _load(name: str, image_size: int | None, channels: Channels, split: Split, version: Hashable) -> ImageData:
    if split != "all" and not has_test_set(name):
        return _held_out(_load(name, image_size, channels, "all", version), split)
    source = SOURCES.get(name)
    if source is None:
        grey = None if channels == "auto" else channels == "grey"
        return ImageData(name, *read_folder(Path(name).expanduser(), image_size or FOLDER_IMAGE_SIZE, grey))
    data = _load_digits() if source.dataset is None else _load_torchvision(name, source.dataset, split != "test")
    if name == "stacked-mnist":
        data = stacked(data)
    images = _resized(data.images, image_size)
    if channels == "rgb":
        images = images.expand(-1, 3, -1, -1).contiguous()
    return replace(data, images=images)


def _held_out(data: ImageData, split: Split) -> ImageData:
    order = torch.randperm(len(data.images), generator=torch.Generator().manual_seed(0))
    cut = max(1, len(order) // HELD_OUT)
    chosen = order[:cut] if split == "test" else order[cut:]
    return replace(data, images=data.images[chosen], labels=data.labels[chosen])


def stacked(digits: ImageData) -> ImageData:
    """As many triples of random digits, each the three colours of one image: 1,000 modes.

    Metz et al. 2017, arXiv:1611.02163, section 3.3; the draw is fixed.

    Returns:
        (N, 3, H, W) images labelled 0 to 999, the digits read from red to blue.
    """
    generator = torch.Generator().manual_seed(0)
    chosen = torch.randint(len(digits.images), (3, len(digits.images)), generator=generator)
    images = torch.cat([digits.images[index] for index in chosen], dim=1)
    labels = sum(10 ** (2 - place) * digits.labels[index] for place, index in enumerate(chosen))
    return ImageData("stacked-mnist", images, torch.as_tensor(labels), tuple(f"{n:03d}" for n in range(1000)))


def _load_digits() -> ImageData:
    # To import scikit-learn for a file of its own would take 80 MB of memory.
    package = importlib.util.find_spec("sklearn")
    if package is None or package.origin is None:
        raise DataError(_("the bundled digits come with scikit-learn, which is not installed"))
    table = np.loadtxt(Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz", delimiter=",")
    grey = torch.from_numpy(table[:, :-1]).float().reshape(-1, 1, 8, 8) * (255 / 16)
    images = torch.nn.functional.interpolate(grey, size=(28, 28), mode="bicubic", align_corners=False)
    return ImageData(
        "digits",
        images.clamp(0, 255).round().to(torch.uint8),
        torch.from_numpy(table[:, -1]).long(),
        tuple("0123456789"),
    )


def _load_torchvision(name: str, dataset_class: type[tv.MNIST], train: bool) -> ImageData:
    try:
        dataset = dataset_class(str(data_folder()), train=train, download=False)
    except (RuntimeError, OSError, ValueError) as error:
        raise DataError(
            _(
                "{title} is not complete in {folder}: {advice}",
                title=_(SOURCES[name].title),
                folder=raw_folder(dataset_class),
                advice=advice(dataset_class),
            )
        ) from error
    return ImageData(name, dataset.data[:, None].contiguous(), dataset.targets.long(), tuple(dataset.classes))


def _resized(images: Tensor, image_size: int | None) -> Tensor:
    if image_size is None or images.shape[-1] == image_size:
        return images
    small = images.shape[-1] > image_size
    blocks = [
        torch.nn.functional.interpolate(
            block.float(), size=(image_size, image_size), mode="bicubic", antialias=small, align_corners=False
        )
        .clamp(0, 255)
        .round()
        .to(torch.uint8)
        for block in torch.split(images, 4096)
    ]
    return torch.cat(blocks)


RANGES = {"[-1, 1]": (-1.0, 1.0), "[0, 1]": (0.0, 1.0)}
"""A recipe's range as its settings name it -> its limits."""


def to_range(samples: Tensor, data_range: str) -> Tensor:
    """(N, C, H, W) uint8 -> float32 in ``[-1, 1]`` or ``[0, 1]``; points stay as they are."""
    if samples.is_floating_point():
        return samples
    unit = samples.float() / 255
    return unit if data_range == "[0, 1]" else unit * 2 - 1


def from_range(samples: Tensor, data_range: str) -> Tensor:
    """What :func:`to_range` made -> uint8, what lies outside the range clamped; (N, 2) points stay as they are."""
    if samples.ndim == 2:
        return samples
    unit = samples if data_range == "[0, 1]" else (samples + 1) / 2
    return (unit * 255).round().clamp(0, 255).to(torch.uint8)


class Batches:
    """Endless shuffled batches; an epoch's last may be shorter, as a ``DataLoader`` gives it.

    A last batch that is too short is passed over: BatchNorm cannot train on one sample, nor on one pack.
    """

    def __init__(
        self,
        dataset: ImageData | PointData,
        batch_size: int,
        data_range: str,
        generator: torch.Generator,
        shortest: int = 2,
    ) -> None:
        """Args:
        dataset: copied to the generator's device.
        generator: draws each epoch's order, on the device that trains.
        shortest: samples that a batch needs.
        """
        self._samples, self._labels = dataset.samples.to(generator.device), dataset.labels.to(generator.device)
        self._batch_size, self._range, self._generator = batch_size, data_range, generator
        count = len(self._samples)
        rest = count % batch_size
        self._usable = count - (rest if rest < shortest and count > batch_size else 0)
        self._order = torch.empty(0, dtype=torch.int64)
        self._chosen = self._order
        self._cursor = 0
        self.images_seen = 0

    @property
    def per_epoch(self) -> int:
        """Batches in one pass through the data."""
        return -(-self._usable // self._batch_size)

    @property
    def labels(self) -> Tensor:
        """(N,) labels of the batch that :meth:`next` gave last."""
        return self._labels[self._chosen]

    def next(self) -> Tensor:
        """(N, C, H, W) float32 in the recipe's range, or (N, 2) points."""
        if self._cursor >= len(self._order):
            self._order = torch.randperm(len(self._samples), generator=self._generator, device=self._samples.device)
            self._order = self._order[: self._usable]
            self._cursor = 0
        self._chosen = self._order[self._cursor : self._cursor + self._batch_size]
        self._cursor += len(self._chosen)
        self.images_seen += len(self._chosen)
        return to_range(self._samples[self._chosen], self._range)

    def state_dict(self) -> dict[str, Any]:
        """Where in which order the batches stand."""
        return {"order": self._order.cpu(), "cursor": self._cursor, "images_seen": self.images_seen}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a :meth:`state_dict`."""
        self._order = state["order"].to(self._samples.device)
        self._cursor, self.images_seen = state["cursor"], state["images_seen"]
