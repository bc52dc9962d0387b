"""A person's picture, in any format, size and colour -> an image as a run's generator makes them; and its mask."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from gancore.errors import DataError
from gancore.i18n import _
from gancore.image_folder import square
from gancore.networks import ImageShape

MOST_BYTES = 20_000_000
MOST_PIXELS = 50_000_000
LEAST_SIDE = 8
"""Pixels of the shorter side, of a picture in which there is something to see."""
_LIGHT, _DARK = 0.6, 0.4


def read_picture(source: bytes | Path, name: str = "") -> Image.Image:
    """Open a picture, turned as its camera held it; of an animation the first frame.

    Args:
        source: a file's content, or its path.
        name: what messages call it; default: the path.

    Raises:
        DataError: when there is no such file, or it is no picture, too large or too small.
    """
    name = name or (str(source) if isinstance(source, Path) else _("the picture"))
    try:
        content = source.read_bytes() if isinstance(source, Path) and _is_small(source, name) else source
        if isinstance(content, Path) or len(content) > MOST_BYTES:
            raise _too_large(name)
        picture = Image.open(io.BytesIO(content))
        if picture.width * picture.height > MOST_PIXELS:
            raise DataError(
                _(
                    "{name} has {width} x {height} pixels; expected at most {most} million",
                    name=name,
                    width=picture.width,
                    height=picture.height,
                    most=MOST_PIXELS // 1_000_000,
                )
            )
        if min(picture.size) < LEAST_SIDE:
            raise DataError(
                _(
                    "{name} has {width} x {height} pixels; expected at least {least} on each side",
                    name=name,
                    width=picture.width,
                    height=picture.height,
                    least=LEAST_SIDE,
                )
            )
        picture.load()
        return ImageOps.exif_transpose(picture)
    except UnidentifiedImageError as error:
        raise DataError(_("{name} is not a picture; expected a PNG, JPEG, WebP, GIF or BMP", name=name)) from error
    except FileNotFoundError as error:
        raise DataError(_("there is no file {name}", name=name)) from error
    except Image.DecompressionBombError as error:
        raise _too_large(name) from error
    except (OSError, ValueError, SyntaxError) as error:
        raise DataError(_("{name} cannot be read as a picture: {error}", name=name, error=error)) from error


def fitted(picture: Image.Image, shape: ImageShape) -> Tensor:
    """A picture cropped to its middle square, resized, and in grey or colour as a run has it.

    Args:
        shape: of the run's images.

    Returns:
        (C, H, W) uint8.
    """
    small = square(picture, shape.height).convert("L" if shape.channels == 1 else "RGB")
    return torch.from_numpy(np.atleast_3d(np.asarray(small)).copy()).permute(2, 0, 1)


def negative(image: Tensor) -> Tensor:
    """Dark for light and light for dark: uint8 of the same shape."""
    return 255 - image


def looks_negative(image: Tensor, samples: Tensor) -> bool:
    """Whether an image is dark on light where others are light on dark, or the other way round, by their borders.

    Args:
        image: (C, H, W) uint8.
        samples: (N, C, H, W) uint8, of the data or of a generator trained on them.
    """
    own, theirs = _border(image[None]), _border(samples)
    return (own > _LIGHT and theirs < _DARK) or (own < _DARK and theirs > _LIGHT)


def read_mask(source: bytes | Path, shape: ImageShape, name: str = "") -> Tensor:
    """A picture that is light where an image is hidden, cropped and resized as :func:`fitted` does it.

    Returns:
        (H, W) bool, True where hidden.

    Raises:
        DataError: as of :func:`read_picture`, and of :func:`check_mask`.
    """
    picture = read_picture(source, name)
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        # What was not painted on is known, so that transparency counts as black here.
        black = Image.new("RGBA", picture.size, "black")
        picture = Image.alpha_composite(black, picture.convert("RGBA")).convert("L")
    return check_mask(fitted(picture, ImageShape(1, shape.height, shape.width))[0] >= 128)


def check_mask(hidden: Tensor) -> Tensor:
    """A mask as it is.

    Raises:
        DataError: when it hides nothing, or everything.
    """
    if not hidden.any():
        raise DataError(_("the mask hides nothing; expected it to be light where the image is hidden"))
    if hidden.all():
        raise DataError(_("the mask hides the whole image; expected a part of it to be left"))
    return hidden


def _is_small(path: Path, name: str) -> bool:
    if path.is_dir():
        raise DataError(_("{name} is a folder; expected a picture", name=name))
    return path.stat().st_size <= MOST_BYTES


def _too_large(name: str) -> DataError:
    return DataError(
        _("{name} is too large; expected a picture of at most {most} MB", name=name, most=MOST_BYTES // 1_000_000)
    )


def _border(images: Tensor) -> float:
    """Mean brightness of the outermost pixels, 0 to 1."""
    grey = images.float().mean(1) / 255
    edges = [grey[:, 0], grey[:, -1], grey[:, 1:-1, 0], grey[:, 1:-1, -1]]
    return float(torch.cat([edge.flatten() for edge in edges]).mean())
