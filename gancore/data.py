"""A data set's name -> images held in memory as uint8 -> endless batches.

Sets: ``digits`` (bundled with scikit-learn), ``mnist``, ``fashion-mnist`` and ``kmnist`` (through torchvision), and
any folder of images. Images stay one uint8 tensor and a batch is an index plus a scale: the seeds' ``DataLoader``
with per-image transforms costs as much as the network on the MLP recipes.
"""

from __future__ import annotations

import functools
import os
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import platformdirs
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor
from torchvision import datasets as tv
from torchvision.datasets.utils import check_integrity

from gancore.errors import DataError
from gancore.networks import ImageShape

Channels = Literal["auto", "grey", "rgb"]
IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp"})
DOWNLOAD_TIMEOUT_S = 15.0


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


@dataclass(frozen=True)
class DataSource:
    """A named data set, before it is loaded."""

    name: str
    title: str
    summary: str
    download_bytes: int = 0
    """Size of what a first use downloads; 0: nothing."""
    dataset: type[tv.MNIST] | None = None
    """torchvision's class; None: bundled."""


SOURCES: dict[str, DataSource] = {
    source.name: source
    for source in (
        DataSource("digits", "Digits (bundled)", "1,797 real handwritten digits, 8x8 resized to 28x28; no download."),
        DataSource("mnist", "MNIST", "60,000 handwritten digits, 28x28.", 11_594_722, tv.MNIST),
        DataSource("fashion-mnist", "Fashion-MNIST", "60,000 pieces of clothing, 28x28.", 30_878_645, tv.FashionMNIST),
        DataSource("kmnist", "KMNIST", "60,000 cursive Japanese characters, 28x28.", 21_041_600, tv.KMNIST),
    )
}


def data_folder() -> Path:
    """Where downloaded data sets live: ``GANCORE_DATA``, else a cache folder of this user."""
    return Path(os.environ.get("GANCORE_DATA") or platformdirs.user_cache_path("gancore") / "data").expanduser()


def _raw_folder(source: DataSource) -> Path:
    assert source.dataset is not None
    return data_folder() / source.dataset.__name__ / "raw"


def is_local(name: str) -> bool:
    """Whether ``name`` can be loaded without a download (a folder: whether it exists)."""
    source = SOURCES.get(name)
    if source is None:
        return Path(name).expanduser().is_dir()
    if source.dataset is None:
        return True
    archives = (_raw_folder(source) / Path(url).stem for url, _ in source.dataset.resources)
    return all(check_integrity(str(file)) for file in archives)


def check_name(name: str) -> None:
    """Check that ``name`` is a known data set or an existing folder.

    Raises:
        DataError: listing the names there are.
    """
    if name not in SOURCES and not Path(name).expanduser().is_dir():
        raise DataError(
            f"there is no data set or folder {name!r}; choose one of {', '.join(SOURCES)}, or a folder of images"
        )


def fetch(name: str) -> Iterator[tuple[int, int]]:
    """Bring a data set's files to :func:`data_folder` unless they are there, one archive after the other.

    Files are checked against torchvision's checksums, and written aside until they are whole.

    Yields:
        (bytes so far, bytes in all), the latter an estimate until the end.

    Raises:
        DataError: when a file can neither be found nor downloaded; it names the folder where files may be put.
    """
    check_name(name)
    source = SOURCES.get(name)
    if source is None or source.dataset is None or is_local(name):
        return
    folder, done = _raw_folder(source), 0
    for archive, checksum in source.dataset.resources:
        target = folder / archive
        if not check_integrity(str(target), checksum):
            for count in _download(source, archive, target):
                done += count
                yield done, max(done, source.download_bytes)
        if not check_integrity(str(target), checksum):
            target.unlink(missing_ok=True)
            raise DataError(f"{source.title}: the downloaded {archive} is damaged; try again, or {_advice(source)}")
    source.dataset(str(data_folder()), download=True)  # the archives are there: this unpacks them


def _download(source: DataSource, archive: str, target: Path) -> Iterator[int]:
    assert source.dataset is not None
    reasons = []
    for mirror in source.dataset.mirrors:
        aside = target.with_name(target.name + ".part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with urllib.request.urlopen(mirror + archive, timeout=DOWNLOAD_TIMEOUT_S) as answer, aside.open("wb") as file:
                while block := answer.read(1 << 16):
                    file.write(block)
                    yield len(block)
            aside.replace(target)
            return
        except OSError as error:
            reasons.append(str(getattr(error, "reason", error)))
            aside.unlink(missing_ok=True)
    raise DataError(
        f"{source.title} is not on this machine and could not be downloaded ({reasons[-1]}): {_advice(source)}"
    )


def _advice(source: DataSource) -> str:
    assert source.dataset is not None
    names = ", ".join(archive for archive, _ in source.dataset.resources)
    return f"put {names} into {_raw_folder(source)}, or use the bundled 'digits'"


@functools.lru_cache(maxsize=4)
def load(name: str, image_size: int | None = None, channels: Channels = "auto") -> ImageData:
    """Load a data set's training images; nothing is downloaded here (see :func:`fetch`).

    Args:
        name: a key of :data:`SOURCES`, or a folder of images whose sub-folders are its classes.
        image_size: side in pixels; None: 28 for the named sets, 32 for a folder.
        channels: ``auto`` keeps what the set has.

    Raises:
        DataError: when the set is missing, or has fewer than two readable images.
    """
    check_name(name)
    source = SOURCES.get(name)
    if source is None:
        data = _load_folder(Path(name).expanduser(), image_size or 32, channels)
    elif source.dataset is None:
        data = _load_digits()
    else:
        data = _load_torchvision(source)
    images = _with_channels(_resized(data.images, image_size), channels)
    return ImageData(data.name, images, data.labels, data.classes, data.skipped)


def _load_digits() -> ImageData:
    from sklearn.datasets import load_digits  # noqa: PLC0415  scikit-learn takes a second to import

    bunch = load_digits()
    grey = torch.from_numpy(bunch.images).float()[:, None] * (255 / 16)
    images = torch.nn.functional.interpolate(grey, size=(28, 28), mode="bicubic", align_corners=False)
    return ImageData(
        "digits",
        images.clamp(0, 255).round().to(torch.uint8),
        torch.from_numpy(bunch.target).long(),
        tuple(str(label) for label in bunch.target_names),
    )


def _load_torchvision(source: DataSource) -> ImageData:
    assert source.dataset is not None
    try:
        dataset = source.dataset(str(data_folder()), train=True, download=False)
    except (RuntimeError, OSError, ValueError) as error:
        raise DataError(f"{source.title} is not complete in {_raw_folder(source)}: {_advice(source)}") from error
    return ImageData(source.name, dataset.data[:, None].contiguous(), dataset.targets.long(), tuple(dataset.classes))


def folder_images(folder: Path) -> list[Path]:
    """The image files below ``folder``, sorted; hidden files and folders are passed over."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in IMAGE_SUFFIXES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def _load_folder(folder: Path, image_size: int, channels: Channels) -> ImageData:
    files = folder_images(folder)
    pictures, labels, skipped = [], [], 0
    class_names = sorted({_class_of(file, folder) for file in files})
    for file in files:
        try:
            with Image.open(file) as opened:
                pictures.append(_square(opened, image_size))
        except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
            skipped += 1
            continue
        labels.append(class_names.index(_class_of(file, folder)))
    if len(pictures) < 2:
        raise DataError(
            f"{folder} holds {len(pictures)} readable images and training needs at least 2; "
            f"expected files ending in {', '.join(sorted(IMAGE_SUFFIXES))}"
        )
    grey = channels == "grey" or (channels == "auto" and all(picture.mode == "L" for picture in pictures))
    arrays = [np.atleast_3d(np.asarray(picture.convert("L" if grey else "RGB"))) for picture in pictures]
    images = torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2).contiguous()
    return ImageData(str(folder), images, torch.tensor(labels), tuple(class_names), skipped)


def _class_of(file: Path, folder: Path) -> str:
    parts = file.relative_to(folder).parts
    return parts[0] if len(parts) > 1 else folder.name


def _square(picture: Image.Image, side: int) -> Image.Image:
    """Centre-cropped and resized to ``side``; transparency laid on white; mode L or RGB."""
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    elif picture.mode in ("1", "L", "I", "I;16", "F"):
        picture = _to_grey(picture)
    else:
        picture = picture.convert("RGB")
    edge = min(picture.size)
    left, top = (picture.width - edge) // 2, (picture.height - edge) // 2
    box = (left, top, left + edge, top + edge)
    return picture.resize((side, side), Image.Resampling.LANCZOS, box=box)


def _to_grey(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):  # 16-bit files: convert("L") would clip instead of scaling
        return Image.fromarray((np.asarray(picture).astype(np.float32) / 257).clip(0, 255).astype(np.uint8))
    return picture.convert("L")


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
        for block in images.split(4096)
    ]
    return torch.cat(blocks)


def _with_channels(images: Tensor, channels: Channels) -> Tensor:
    if channels == "rgb" and images.shape[1] == 1:
        return images.expand(-1, 3, -1, -1).contiguous()
    if channels == "grey" and images.shape[1] == 3:
        weights = torch.tensor([0.299, 0.587, 0.114])[:, None, None]
        return (images * weights).sum(1, keepdim=True).round().to(torch.uint8)
    return images


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
        self._images, self._batch_size, self._range, self._generator = images, batch_size, data_range, generator
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
