"""The real images that samples are compared with, and what is computed of them once."""

from __future__ import annotations

import functools
from collections.abc import Hashable
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch_fidelity.metric_fid import fid_features_to_statistics

from gancore.data import Channels, ImageData, has_test_set, load_images
from gancore.errors import DataError
from gancore.evaluate.bootstrap import Statistics
from gancore.evaluate.extractors import Extractor, extractor_for
from gancore.evaluate.neighbours import Manifold, nearest
from gancore.i18n import _
from gancore.networks import ImageShape

MOST_IMAGES = 10_000
"""A larger set is represented by as many of its images, by a fixed draw."""
LEAST_IMAGES = 50
"""Fewer say nothing of a distribution."""


class Reference:
    """Real images as an extractor sees them; each property is computed when first asked for, then kept."""

    def __init__(
        self, data: ImageData, split: Literal["test", "all"], extractor: Extractor, most: int = MOST_IMAGES
    ) -> None:
        """Args:
        data: the images, at most ``most`` of which are taken.
        split: whether they are an official test set, or all there are.
        """
        self.data, self.split, self.extractor = data.name, split, extractor
        images = data.images
        if len(images) > most:
            images = images[torch.randperm(len(images), generator=torch.Generator().manual_seed(0))[:most]]
        self.features = extractor.examine(images)[0]
        """(N, d)."""

    @property
    def size(self) -> int:
        """How many real images."""
        return len(self.features)

    @functools.cached_property
    def statistics(self) -> Statistics:
        """Mean and covariance of the features."""
        return fid_features_to_statistics(self.features)  # type: ignore[no-any-return]

    @functools.cached_property
    def manifold(self) -> Manifold:
        """The features with their neighbourhoods."""
        return Manifold.of(self.features)


class TrainingImages:
    """What a generator may have memorised: the images it saw, beside ones held out from the same set."""

    def __init__(self, train: ImageData, held_out: ImageData, extractor: Extractor) -> None:
        self.images = train.images
        self.features = extractor.examine(train.images)[0]
        """(N, d)."""
        self.held_out_distances = nearest(extractor.examine(held_out.images)[0], self.features)[0]
        """(M,) from each held-out image to the nearest training image."""


class DataReference(Reference):
    """The reference of a data set, with its classes and its training images."""

    def __init__(self, name: str, image_size: int | None, channels: Channels, most: int) -> None:
        """Args:
        name, image_size, channels: as of :func:`gancore.data.load`.
        most: images taken.

        Raises:
            DataError: when the set is missing or too small.
        """
        split: Literal["test", "all"] = "test" if has_test_set(name) else "all"
        data = load_images(name, image_size, channels, split)
        if len(data.images) < LEAST_IMAGES:
            raise DataError(
                _(
                    "{name} has {count} images; expected at least {least} to compare samples with",
                    name=name,
                    count=len(data.images),
                    least=LEAST_IMAGES,
                )
            )
        extractor = extractor_for(name, data.shape)
        if extractor.classes and tuple(extractor.classes) != tuple(data.classes):
            raise DataError(
                _(
                    "{extractor} was trained on other classes than {name} has now; train it again with: "
                    "gancore judge --data {name}",
                    extractor=extractor.name,
                    name=name,
                )
            )
        super().__init__(data, split, extractor, most)
        self._request = name, image_size, channels

    @functools.cached_property
    def class_shares(self) -> NDArray[np.floating]:
        """(classes,) shares of all images that a run trains on; empty when the extractor knows no classes."""
        if not self.extractor.classes:
            return np.zeros(0)
        labels = load_images(*self._request).labels
        counts = torch.bincount(labels, minlength=len(self.extractor.classes)).double()
        return (counts / counts.sum()).numpy()

    @functools.cached_property
    def training(self) -> TrainingImages:
        """Training images, and held-out ones to compare with.

        Of a set without official test images a fifth is held out here only: runs train on it too, so copies of that
        fifth are not found.
        """
        name, image_size, channels = self._request
        train = training_images(name, image_size, channels)
        return TrainingImages(train, load_images(name, image_size, channels, "test"), self.extractor)


def training_images(name: str, image_size: int | None, channels: Channels) -> ImageData:
    """What samples are searched for copies of: all images but the held-out ones."""
    return load_images(name, image_size, channels, "all" if has_test_set(name) else "train")


def reference_for(
    name: str, image_size: int | None = None, channels: Channels = "auto", most: int = MOST_IMAGES
) -> DataReference:
    """The reference of a data set; the last few are kept in memory.

    Args:
        name, image_size, channels: as of :func:`gancore.data.load`.
        most: images taken; more of them are represented by a fixed draw.

    Raises:
        DataError: when the set is missing, too small, or not one of images, or its judge's file is damaged.
    """
    images = load_images(name, image_size, channels).images
    extractor = extractor_for(name, ImageShape(*images.shape[1:]))
    return _reference_for(name, image_size, channels, most, extractor.name, (len(images), int(images.sum())))


@functools.lru_cache(maxsize=4)
def _reference_for(
    name: str, image_size: int | None, channels: Channels, most: int, _extractor: str, _content: Hashable
) -> DataReference:
    return DataReference(name, image_size, channels, most)
