"""Differentiable augmentation: what the discriminator sees, real and fake alike, is changed at random.

Zhao et al. 2020, Differentiable Augmentation for Data-Efficient GAN Training, arXiv:2006.10738. Gradients pass
through to the generator, so it learns the images themselves and not the changed ones; with few images the
discriminator can no longer learn them by heart.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

Draw = Callable[..., Tensor]
"""(sizes...) -> that many uniform numbers in [0, 1)."""


def color(images: Tensor, draw: Draw) -> Tensor:
    """Brightness shifted by up to a half, saturation scaled by 0 to 2, contrast by 0.5 to 1.5."""
    count = len(images)
    images = images + (draw(count, 1, 1, 1) - 0.5)
    if images.shape[1] == 3:
        grey = images.mean(dim=1, keepdim=True)
        images = (images - grey) * (2 * draw(count, 1, 1, 1)) + grey
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    return (images - mean) * (draw(count, 1, 1, 1) + 0.5) + mean


def translation(images: Tensor, draw: Draw) -> Tensor:
    """Moved by up to an eighth of each side; what comes in is the image's lowest value, its background."""
    count, _, height, width = images.shape
    reach_y, reach_x = round(height / 8), round(width / 8)
    down = (draw(count, 1, 1) * (2 * reach_y + 1)).long()
    across = (draw(count, 1, 1) * (2 * reach_x + 1)).long()
    background = images.detach().amin(dim=(1, 2, 3), keepdim=True)
    padded = F.pad(images - background, (reach_x, reach_x, reach_y, reach_y)) + background
    rows = torch.arange(height, device=images.device)[None, :, None] + down
    columns = torch.arange(width, device=images.device)[None, None, :] + across
    index = torch.arange(count, device=images.device)[:, None, None]
    return padded.permute(0, 2, 3, 1)[index, rows, columns].permute(0, 3, 1, 2)


def cutout(images: Tensor, draw: Draw) -> Tensor:
    """A square of half the side, anywhere and perhaps half outside, set to 0."""
    count, _, height, width = images.shape
    top = (draw(count, 1, 1) * (height + 1)).long() - height // 4
    left = (draw(count, 1, 1) * (width + 1)).long() - width // 4
    rows = torch.arange(height, device=images.device)[None, :, None]
    columns = torch.arange(width, device=images.device)[None, None, :]
    inside = (rows >= top) & (rows < top + height // 2) & (columns >= left) & (columns < left + width // 2)
    return images * ~inside[:, None]


POLICIES: dict[str, tuple[Callable[[Tensor, Draw], Tensor], ...]] = {
    "none": (),
    "translation": (translation,),
    "color, translation": (color, translation),
    "color, translation, cutout": (color, translation, cutout),
}
"""Setting -> the changes it makes, in order."""


def augment(images: Tensor, policy: str, draw: Draw) -> Tensor:
    """(N, C, H, W) images -> the same images changed by a key of :data:`POLICIES`; each image differently."""
    for change in POLICIES[policy]:
        images = change(images, draw)
    return images
