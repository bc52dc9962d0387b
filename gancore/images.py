"""uint8 image tensors -> PNG grids, film strips and animations."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from torch import Tensor
from torchvision.utils import make_grid


def grid(images: Tensor, columns: int, padding: int = 2, background: int = 0) -> Tensor:
    """Lay (N, C, H, W) uint8 images out in rows: (3, H', W') uint8."""
    laid_out: Tensor = make_grid(images, nrow=columns, padding=padding, pad_value=background)
    return laid_out


def to_pillow(image: Tensor, scale: int = 1) -> Image.Image:
    """A (C, H, W) uint8 image as a Pillow image, every pixel repeated ``scale`` times a side."""
    array = to_array(image[None])[0]
    picture = Image.fromarray(array)
    return picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST)


def to_array(images: Tensor) -> NDArray[np.uint8]:
    """(N, C, H, W) uint8 -> (N, H, W) for one channel, (N, H, W, 3) for three."""
    array: NDArray[np.uint8] = images.permute(0, 2, 3, 1).cpu().numpy()
    return np.ascontiguousarray(array[..., 0] if array.shape[-1] == 1 else array)


def png(image: Tensor, scale: int = 1, **texts: str) -> bytes:
    """A (C, H, W) uint8 image as PNG, with ``texts`` in its metadata."""
    info = PngInfo()
    for key, text in texts.items():
        info.add_text(key, text)
    buffer = io.BytesIO()
    to_pillow(image, scale).save(buffer, "PNG", pnginfo=info, optimize=True)
    return buffer.getvalue()


def gif(frames: Tensor, scale: int = 4, frame_ms: int = 80, back_and_forth: bool = True) -> bytes:
    """(N, C, H, W) uint8 frames as an endless GIF, played to the end and back."""
    order = list(range(len(frames)))
    if back_and_forth:
        order += order[-2:0:-1]
    pictures = [to_pillow(frames[index], scale) for index in order]
    buffer = io.BytesIO()
    pictures[0].save(buffer, "GIF", save_all=True, append_images=pictures[1:], duration=frame_ms, loop=0)
    return buffer.getvalue()


def read_png(path: Path | str) -> Tensor:
    """A PNG file as (C, H, W) uint8."""
    with Image.open(path) as picture:
        array = np.atleast_3d(np.asarray(picture.convert("L" if picture.mode == "L" else "RGB")))
    return torch.from_numpy(array.copy()).permute(2, 0, 1)
