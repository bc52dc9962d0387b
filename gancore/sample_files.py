"""The files of a data set of samples: a folder of pictures, MNIST's IDX, or NPZ; each written block by block."""

from __future__ import annotations

import gzip as gzip_module
import re
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Literal, Protocol, cast

import numpy as np
from PIL import Image
from torch import Tensor

from gancore.errors import ConfigError
from gancore.files import sha256_of
from gancore.i18n import _
from gancore.images import to_array

Format = Literal["folder", "idx", "npz"]
_UBYTE = 0x08
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
"""Of a file in a zip, so that the same contents are the same bytes."""


class Writer(Protocol):
    """Takes images and labels block by block."""

    def add(self, images: Tensor, labels: Tensor) -> None:
        """(n, C, H, W) uint8 and (n,) int64."""

    def close(self) -> dict[str, str]:
        """End the files; name -> SHA-256 where they are few."""


class FolderWriter:
    """One PNG a sample, in a sub-folder for each class; without classes all in one."""

    def __init__(
        self, folder: Path, _count: int, _shape: tuple[int, ...], classes: Sequence[str], *, gzip: bool = False
    ) -> None:
        self._folders = [folder / name for name in folder_names(classes)] or [folder]
        self._number = 0

    def add(self, images: Tensor, labels: Tensor) -> None:
        for array, label in zip(to_array(images), labels.tolist(), strict=True):
            folder = self._folders[label]
            folder.mkdir(exist_ok=True)
            Image.fromarray(array).save(folder / f"{self._number:07d}.png")
            self._number += 1

    def close(self) -> dict[str, str]:
        return {}


class IdxWriter:
    """MNIST's format (LeCun et al.): big-endian sizes, then bytes; colour images have a fourth size, 3.

    Named as MNIST's training files are, so that what reads those reads these.
    """

    def __init__(
        self, folder: Path, count: int, shape: tuple[int, ...], classes: Sequence[str], *, gzip: bool = False
    ) -> None:
        if len(classes) > 256:
            raise ConfigError(
                _("idx holds labels below 256, and there are {count:,} classes; choose npz", count=len(classes))
            )
        channels, height, width = shape
        sizes = (count, height, width) if channels == 1 else (count, height, width, channels)
        ending = ".gz" if gzip else ""
        self._paths = [folder / f"train-images-idx{len(sizes)}-ubyte{ending}"]
        self._files = [_opened(self._paths[0], sizes, gzip)]
        if classes:
            self._paths.append(folder / f"train-labels-idx1-ubyte{ending}")
            self._files.append(_opened(self._paths[1], (count,), gzip))

    def add(self, images: Tensor, labels: Tensor) -> None:
        self._files[0].write(to_array(images).tobytes())
        for file in self._files[1:]:
            file.write(labels.numpy().astype(np.uint8).tobytes())

    def close(self) -> dict[str, str]:
        for file in self._files:
            file.close()
        return {path.name: sha256_of(path) for path in self._paths}


class NpzWriter:
    """NumPy's archive: ``images`` (N, H, W) or (N, H, W, 3) uint8, ``labels`` (N,) int64, ``classes`` (K,) names."""

    def __init__(
        self, folder: Path, count: int, shape: tuple[int, ...], classes: Sequence[str], *, gzip: bool = False
    ) -> None:
        channels, height, width = shape
        self._folder, self._classes, self._done = folder, classes, 0
        sizes = (count, height, width) if channels == 1 else (count, height, width, channels)
        # Mapped, so that a set may be larger than memory.
        self._images = np.lib.format.open_memmap(folder / "images.npy", mode="w+", dtype=np.uint8, shape=sizes)
        self._labels = np.zeros(count, np.int64)

    def add(self, images: Tensor, labels: Tensor) -> None:
        end = self._done + len(images)
        self._images[self._done : end] = to_array(images)
        self._labels[self._done : end] = labels.numpy()
        self._done = end

    def close(self) -> dict[str, str]:
        self._images.flush()
        del self._images  # Windows deletes no file that is mapped
        arrays = {"labels": self._labels, "classes": np.array(self._classes)} if self._classes else {}
        for name, array in arrays.items():
            np.save(self._folder / f"{name}.npy", array)
        target = self._folder / "samples.npz"
        with zipfile.ZipFile(target, "w") as archive:
            for name in ("images", *arrays):
                path = self._folder / f"{name}.npy"
                info = zipfile.ZipInfo(path.name, _FIXED_TIME)
                info.compress_type = zipfile.ZIP_DEFLATED
                with path.open("rb") as source, archive.open(info, "w", force_zip64=True) as packed:
                    while block := source.read(1 << 20):
                        packed.write(block)
                path.unlink()
        return {target.name: sha256_of(target)}


WRITERS: dict[Format, type[FolderWriter] | type[IdxWriter] | type[NpzWriter]] = {
    "folder": FolderWriter,
    "idx": IdxWriter,
    "npz": NpzWriter,
}
"""Format -> what writes it."""


def folder_names(classes: Sequence[str]) -> list[str]:
    """Names of classes that every file system takes, each different."""
    names = [re.sub(r'[\\/:*?"<>|\x00-\x1f]+', "-", name).strip(" .") or "class" for name in classes]
    return [name if names.count(name) == 1 else f"{number}-{name}" for number, name in enumerate(names)]


def _opened(path: Path, sizes: Sequence[int], packed: bool) -> IO[bytes]:
    # A date in the header would make every file another.
    file = cast("IO[bytes]", gzip_module.GzipFile(path, "wb", mtime=0)) if packed else path.open("wb")
    file.write(struct.pack(f">BBBB{len(sizes)}I", 0, 0, _UBYTE, len(sizes), *sizes))
    return file
