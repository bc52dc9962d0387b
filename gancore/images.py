"""uint8 image tensors -> PNG grids, film strips and animations (GIF, WebP, MP4)."""

from __future__ import annotations

import io
from fractions import Fraction
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
    pictures = [to_pillow(frame, scale) for frame in _played(frames, back_and_forth)]
    buffer = io.BytesIO()
    pictures[0].save(buffer, "GIF", save_all=True, append_images=pictures[1:], duration=frame_ms, loop=0)
    return buffer.getvalue()


def webp(frames: Tensor, scale: int = 4, frame_ms: int = 80, back_and_forth: bool = True) -> bytes:
    """(N, C, H, W) uint8 frames as an endless WebP animation, without loss in any colour."""
    pictures = [to_pillow(frame, scale).convert("RGB") for frame in _played(frames, back_and_forth)]
    buffer = io.BytesIO()
    pictures[0].save(
        buffer, "WEBP", save_all=True, append_images=pictures[1:], duration=frame_ms, loop=0, lossless=True, method=2
    )
    return buffer.getvalue()


def mp4(frames: Tensor, scale: int = 4, frame_ms: int = 80, back_and_forth: bool = True) -> bytes:
    """(N, C, H, W) uint8 frames as an MP4 film: H.264 where PyAV has an encoder for it, else MPEG-4.

    Both take even sides alone, so that an odd one has its last row or column repeated.
    """
    import av

    encoder = next(name for name in ("libx264", "mpeg4") if name in av.codecs_available)
    pictures = [np.asarray(to_pillow(frame, scale).convert("RGB")) for frame in _played(frames, back_and_forth)]
    height, width = (side + side % 2 for side in pictures[0].shape[:2])
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as film:
        stream = film.add_stream(encoder, rate=Fraction(1000, frame_ms))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": "12"} if encoder == "libx264" else {"qscale": "2"}
        for picture in pictures:
            rows, columns = height - picture.shape[0], width - picture.shape[1]
            even = np.pad(picture, ((0, rows), (0, columns), (0, 0)), mode="edge")
            film.mux(stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")))
        film.mux(stream.encode())
    return buffer.getvalue()


ANIMATIONS = {".gif": gif, ".webp": webp, ".mp4": mp4}
"""A file's ending -> (frames, scale, frame_ms, back_and_forth) -> its bytes."""


def _played(frames: Tensor, back_and_forth: bool) -> list[Tensor]:
    """Frames in the order they are played."""
    order = list(frames)
    return order + order[-2:0:-1] if back_and_forth else order


def read_png(path: Path | str) -> Tensor:
    """A PNG file as (C, H, W) uint8."""
    with Image.open(path) as picture:
        array = np.atleast_3d(np.asarray(picture.convert("L" if picture.mode == "L" else "RGB")))
    return torch.from_numpy(array.copy()).permute(2, 0, 1)
