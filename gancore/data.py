"""A data set's name -> images held in memory as uint8 -> endless batches.

A name is one of :data:`gancore.sources.SOURCES` or a folder of images. Images stay one uint8 tensor and a batch is an
index plus a scale: the seeds' ``DataLoader`` with per-image transforms costs as much as the network on the MLP
recipes.
"""

from __future__ import annotations

import functools
from collections.abc import Hashable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor
from torchvision import datasets as tv

from gancore.errors import DataError
from gancore.image_folder import image_files, read_folder
from gancore.networks import ImageShape
from gancore.sources import SOURCES, advice, check_name, data_folder, raw_folder

Channels = Literal["auto", "grey", "rgb"]
FOLDER_IMAGE_SIZE = 32
"""Side of a folder's images where none is asked for; the named sets have 28."""


@dataclass(frozen=True)
class ImageData:
    """A data set in memory."""

    name: str
    images: Tensor
    """(N, C, H, W) uint8."""
    labels: Tensor
    """(N,) int64, an index into ``classes``."""
    classes: tuple[str, ...]
    skipped: int = 0
    """Files of a folder that could not be read as images."""

    @property
    def shape(self) -> ImageShape:
        """Channels, height and width of one image."""
        return ImageShape(*self.images.shape[1:])


def load(name: str, image_size: int | None = None, channels: Channels = "auto") -> ImageData:
    """Load a data set's training images; nothing is downloaded here (see :func:`gancore.sources.fetch`).

    Args:
        name: a key of :data:`gancore.sources.SOURCES`, or a folder of images whose sub-folders are its classes.
        image_size: side in pixels; None: the set's own, :data:`FOLDER_IMAGE_SIZE` for a folder.
        channels: ``auto`` keeps what the set has.

    Raises:
        DataError: when the set is missing, or has fewer than two readable images.
    """
    check_name(name)
    return _load(name, image_size, channels, _version(name))


def _version(name: str) -> Hashable:
    """What changes when the files behind a name do."""
    if name in SOURCES:
        return str(data_folder())
    files = image_files(Path(name).expanduser())
    return len(files), max((file.stat().st_mtime_ns for file in files), default=0)


@functools.lru_cache(maxsize=4)
def _load(name: str, image_size: int | None, channels: Channels, _version: Hashable) -> ImageData:
    source = SOURCES.get(name)
    if source is None:
        grey = None if channels == "auto" else channels == "grey"
        return ImageData(name, *read_folder(Path(name).expanduser(), image_size or FOLDER_IMAGE_SIZE, grey))
    data = _load_digits() if source.dataset is None else _load_torchvision(name, source.dataset)
    images = _resized(data.images, image_size)
    return replace(data, images=images.expand(-1, 3, -1, -1).contiguous() if channels == "rgb" else images)


def _load_digits() -> ImageData:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    grey = torch.from_numpy(bunch.images).float()[:, None] * (255 / 16)
    images = torch.nn.functional.interpolate(grey, size=(28, 28), mode="bicubic", align_corners=False)
    return ImageData(
        "digits",
        images.clamp(0, 255).round().to(torch.uint8),
        torch.from_numpy(bunch.target).long(),
        tuple(str(label) for label in bunch.target_names),
    )


def _load_torchvision(name: str, dataset_class: type[tv.MNIST]) -> ImageData:
    try:
        dataset = dataset_class(str(data_folder()), train=True, download=False)
    except (RuntimeError, OSError, ValueError) as error:
        raise DataError(
            f"{SOURCES[name].title} is not complete in {raw_folder(dataset_class)}: {advice(dataset_class)}"
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


def to_range(images: Tensor, data_range: str) -> Tensor:
    """(N, C, H, W) uint8 -> float32 in ``[-1, 1]`` or ``[0, 1]``."""
    unit = images.float() / 255
    return unit if data_range == "[0, 1]" else unit * 2 - 1


def to_uint8(images: Tensor, data_range: str) -> Tensor:
    """Images in ``data_range`` -> uint8; what lies outside the range is clamped."""
    unit = images if data_range == "[0, 1]" else (images + 1) / 2
    return (unit * 255).round().clamp(0, 255).to(torch.uint8)


class Batches:
    """Endless shuffled batches; an epoch's last may be shorter, as a ``DataLoader`` gives it.

    A single image left over is passed over: BatchNorm cannot train on one.
    """

    def __init__(self, images: Tensor, batch_size: int, data_range: str, generator: torch.Generator) -> None:
        """Args:
        images: (N, C, H, W) uint8, on the device that trains.
        generator: draws each epoch's order, on the same device.
        """
        self._images, self._batch_size, self._range, self._generator = (
            images,
            batch_size,
            data_range,
            generator,
        )
        self._usable = len(images) - (1 if len(images) % batch_size == 1 and len(images) > batch_size else 0)
        self._order = torch.empty(0, dtype=torch.int64)
        self._cursor = 0
        self.images_seen = 0

    @property
    def per_epoch(self) -> int:
        """Batches in one pass through the data."""
        return -(-self._usable // self._batch_size)

    def next(self) -> Tensor:
        """(N, C, H, W) float32 in the recipe's range."""
        if self._cursor >= len(self._order):
            self._order = torch.randperm(len(self._images), generator=self._generator, device=self._images.device)
            self._order = self._order[: self._usable]
            self._cursor = 0
        chosen = self._order[self._cursor : self._cursor + self._batch_size]
        self._cursor += len(chosen)
        self.images_seen += len(chosen)
        return to_range(self._images[chosen], self._range)

    def state_dict(self) -> dict[str, Any]:
        """Where in which order the batches stand."""
        return {"order": self._order.cpu(), "cursor": self._cursor, "images_seen": self.images_seen}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a :meth:`state_dict`."""
        self._order = state["order"].to(self._images.device)
        self._cursor, self.images_seen = state["cursor"], state["images_seen"]
