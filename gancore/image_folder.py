"""A folder of pictures of any names and sizes -> square images of one size, with sub-folders as classes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from gancore.errors import DataError
from gancore.i18n import _

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp"})
_GREY_TOLERANCE = 8


def read_folder(folder: Path, side: int, grey: bool | None) -> tuple[Tensor, Tensor, tuple[str, ...], int]:
    """Read every picture below ``folder``, centre-cropped to a square.

    Args:
        side: height and width of the result in pixels.
        grey: one channel or three; None: one when every picture is grey, however its file stores it.

    Returns:
        (N, C, side, side) uint8 images, (N,) int64 labels, class names, and how many files could not be read.

    Raises:
        DataError: when fewer than two pictures can be read.
    """
    files = image_files(folder)
    class_names = sorted({_class_of(file, folder) for file in files})
    pictures, labels, skipped = [], [], 0
    for file in files:
        try:
            with Image.open(file) as opened:
                pictures.append(square(opened, side))
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            skipped += 1
            continue
        labels.append(class_names.index(_class_of(file, folder)))
    if len(pictures) < 2:
        raise DataError(
            _(
                "{folder} holds {count} readable images, and training needs at least 2; expected files "
                "ending in {suffixes}",
                folder=folder,
                count=len(pictures),
                suffixes=", ".join(sorted(IMAGE_SUFFIXES)),
            )
        )
    if grey is None:
        grey = all(_is_grey(picture) for picture in pictures)
    arrays = [np.atleast_3d(np.asarray(picture.convert("L" if grey else "RGB"))) for picture in pictures]
    images = torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2).contiguous()
    return images, torch.tensor(labels), tuple(class_names), skipped


def image_files(folder: Path) -> list[Path]:
    """The picture files below ``folder``, sorted; hidden files and folders are passed over."""
    return sorted(find_images(folder))


def find_images(folder: Path) -> Iterator[Path]:
    """The same as they are found."""
    for path in folder.rglob("*"):
        if (
            path.suffix.lower() in IMAGE_SUFFIXES
            and path.is_file()
            and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        ):
            yield path


def _is_grey(picture: Image.Image) -> bool:
    """Whether the channels agree but for what lossy compression changes; WebP stores grey pictures in colour."""
    channels = np.atleast_3d(np.asarray(picture)).astype(np.int16)
    return bool((channels.max(axis=2) - channels.min(axis=2)).max() <= _GREY_TOLERANCE)


def _class_of(file: Path, folder: Path) -> str:
    parts = file.relative_to(folder).parts
    return parts[0] if len(parts) > 1 else folder.resolve().name


def square(picture: Image.Image, side: int) -> Image.Image:
    """Cropped and resized, transparency laid on white, in mode L or RGB."""
    picture = _opaque(picture)
    edge = min(picture.size)
    left, top = (picture.width - edge) // 2, (picture.height - edge) // 2
    box = (left, top, left + edge, top + edge)
    return picture.resize((side, side), Image.Resampling.LANCZOS, box=box)


def _opaque(picture: Image.Image) -> Image.Image:
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        grey = picture.mode == "LA"
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture.convert("RGBA")).convert("L" if grey else "RGB")
    if picture.mode.startswith("I"):  # 16 bits a pixel: convert("L") would clip instead of scaling
        return Image.fromarray((np.asarray(picture).astype(np.float32) / 257).clip(0, 255).astype(np.uint8))
    return picture.convert("L" if picture.mode in ("1", "L", "F") else "RGB")
