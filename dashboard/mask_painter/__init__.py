"""An image to paint on, with a mouse, a finger or the keyboard: what is painted over is hidden.

`mask_painter.js` keeps one painter alive for each key and sends the mask after each stroke.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from dashboard.components import component
from gancore import i18n, images

_component = component(
    "ganscope_mask_painter", Path(__file__).parent, "mask_painter.js", "../painting.css", "mask_painter.css"
)


def mask_painter(image: Tensor, key: str, *, disabled: bool = False) -> Tensor:
    """Show an image to paint on; the page runs again after each stroke. Another image keeps the mask.

    Args:
        image: (C, H, W) uint8.
        key: of the painter.
        disabled: show the mask, but let nobody change it.

    Returns:
        (H, W) bool, True where painted over.
    """
    height, width = image.shape[1:]
    data = {
        "key": f"{key}.{height}x{width}.{i18n.language()}",
        "image": f"data:image/png;base64,{base64.b64encode(images.png(image)).decode()}",
        "height": height,
        "width": width,
        "disabled": disabled,
        "words": i18n.words_of("dashboard/mask_painter/mask_painter.js"),
    }
    result = _component(key=key, data=data, default={"mask": ""}, on_mask_change=lambda: None)
    return decode(result.mask, height, width)


def decode(sent: str | None, height: int, width: int) -> Tensor:
    """What the browser sent, a bit a pixel row by row -> (H, W) bool; nothing hidden where it is not that."""
    try:
        packed = np.frombuffer(base64.b64decode(sent or "", validate=True), dtype=np.uint8)
        bits = np.unpackbits(packed, count=height * width, bitorder="little")
        if len(packed) != -(-height * width // 8):
            raise ValueError
    except (binascii.Error, ValueError):
        return torch.zeros(height, width, dtype=torch.bool)
    return torch.from_numpy(bits.reshape(height, width).astype(bool))
