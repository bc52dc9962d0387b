"""Images made from images: D judges source and image as a pair, patch by patch, and G also pays the L1 distance.

Isola et al. 2017, arXiv:1611.07004, equations 1 to 4. The pairs are made from the data themselves: an image from its
edges, or from its upper half. The networks are small ones in the paper's manner.
"""

from collections.abc import Callable
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from gancore import losses
from gancore.i18n import N_
from gancore.networks import ImageShape, leaky_relu, relu
from gancore.recipes.alternating import PROBABILITIES, draw, probabilities, update_generator
from gancore.recipes.compact import SLOPE, CompactSettings
from gancore.recipes.gan import alternating_players
from gancore.recipes.recipe import (
    DISCRIMINATOR_LOSS,
    GENERATOR_LOSS,
    LOG_2,
    Feed,
    Players,
    Preset,
    Recipe,
    Series,
    descend,
)


class Pix2pixSettings(CompactSettings):
    """Settings of pix2pix."""

    task: Literal["edges", "half"] = Field(
        "edges", title=N_("Task"), description=N_("edges: an image from its edges; half: from its upper half.")
    )
    l1_weight: float = Field(
        100.0, ge=0, le=1e4, title=N_("L1 weight"), description=N_("Weight of the L1 distance, lambda in the paper.")
    )


def edges(unit: Tensor) -> Tensor:
    """(N, C, H, W) in [0, 1] -> the Sobel operator's magnitude of each channel, in [0, 1]; a full step gives 1."""
    kernel = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]], device=unit.device) / 4
    channels = unit.shape[1]
    both = torch.stack([kernel, kernel.T])[:, None].repeat(channels, 1, 1, 1)
    slopes = F.conv2d(F.pad(unit, (1, 1, 1, 1), mode="replicate"), both, groups=channels)
    return torch.hypot(slopes[:, 0::2], slopes[:, 1::2]).clamp(max=1)


def upper_half(unit: Tensor) -> Tensor:
    """(N, C, H, W) in [0, 1] -> the same with the lower half black."""
    half = unit.clone()
    half[:, :, unit.shape[2] // 2 :] = 0
    return half


SOURCES: dict[str, Callable[[Tensor], Tensor]] = {"edges": edges, "half": upper_half}
"""Task -> how its sources are made."""


def sources_of(settings: Pix2pixSettings, images: Tensor) -> Tensor:
    """What G is told of real images, in the same range and shape."""
    if settings.data_range == "[0, 1]":
        return SOURCES[settings.task](images)
    return SOURCES[settings.task]((images + 1) / 2) * 2 - 1


class UNet(nn.Module):
    """Two halvings of the source, z beside them at the bottom, and two doublings with skips across.

    The paper's noise is dropout alone, because its generator learned to ignore a z; here z enters at the bottom, to
    be walked through like any other recipe's, and may be ignored too.
    """

    def __init__(self, settings: Pix2pixSettings, shape: ImageShape) -> None:
        super().__init__()
        width, bottom = settings.generator_channels, (shape.height // 4, shape.width // 4)
        self.to_half = nn.Sequential(nn.Conv2d(shape.channels, width // 2, 4, 2, 1), leaky_relu(SLOPE)())
        self.to_quarter = nn.Sequential(
            nn.Conv2d(width // 2, width, 4, 2, 1, bias=False), nn.BatchNorm2d(width), leaky_relu(SLOPE)()
        )
        self.from_latents = nn.Sequential(
            nn.Linear(settings.latent_dim, width * bottom[0] * bottom[1], bias=False),
            nn.Unflatten(1, (width, *bottom)), nn.BatchNorm2d(width), relu(),
        )  # fmt: skip
        self.from_quarter = nn.Sequential(
            nn.ConvTranspose2d(2 * width, width // 2, 4, 2, 1, bias=False), nn.BatchNorm2d(width // 2), relu()
        )
        self.from_half = nn.Sequential(nn.ConvTranspose2d(width, shape.channels, 4, 2, 1), nn.Tanh())

    def forward(self, latents: Tensor, sources: Tensor) -> Tensor:
        """(N, latent_dim) and (N, C, H, W) -> (N, C, H, W) in [-1, 1]."""
        half = self.to_half(sources)
        bottom = torch.cat([self.to_quarter(half), self.from_latents(latents)], 1)
        images: Tensor = self.from_half(torch.cat([self.from_quarter(bottom), half], 1))
        return images


def patch_discriminator(settings: Pix2pixSettings, shape: ImageShape) -> nn.Module:
    """(N, C, H, W) -> (N, patches) scores, one for each of its overlapping 18 x 18 patches (section 3.2.2)."""
    width, act = settings.discriminator_channels, leaky_relu(SLOPE)
    return nn.Sequential(
        nn.Conv2d(shape.channels, width // 2, 4, 2, 1), act(),
        nn.Conv2d(width // 2, width, 4, 2, 1), act(),
        nn.Conv2d(width, 1, 3, 1, 1), nn.Flatten(),
    )  # fmt: skip


def build(settings: Pix2pixSettings, shape: ImageShape) -> Players:
    """A U-Net and a discriminator of patches, which is given source and image as one image's channels."""
    pair = ImageShape(2 * shape.channels, shape.height, shape.width)
    discriminator = patch_discriminator(settings, pair.packed(settings.packing))
    return alternating_players(UNet(settings, shape), discriminator, settings)


def step(players: Players, settings: Pix2pixSettings, feed: Feed) -> dict[str, Tensor]:
    """D is updated on the mean of its two losses, to slow it (section 3.3), then G on the same sources and fresh z.

    G minimises ``generator_loss`` + ``l1_weight`` times ``l1_distance``.
    """
    real = feed.real()
    sources = sources_of(settings, real)
    fake = draw(players, feed.latents(len(real)), sources)
    real_scores, fake_scores = players.score(real, sources), players.score(fake, sources)
    d_loss = (losses.bce_real(real_scores) + losses.bce_fake(fake_scores)) / 2
    descend(players.optimizers["discriminator"], d_loss)

    logged: dict[str, Tensor] = {}

    def generator_loss() -> Tensor:
        made = players.generate(feed.latents(len(real)), sources)
        adversarial = losses.non_saturating(players.score(made, sources))
        distance = losses.l1_distance(made, real)
        logged.update(generator_loss=adversarial.detach(), l1_distance=distance.detach())
        return adversarial + settings.l1_weight * distance

    update_generator(players, generator_loss)
    return {**logged, "discriminator_loss": d_loss.detach(), **probabilities(real_scores, fake_scores)}


RECIPE = Recipe(
    name="pix2pix",
    family="pix2pix",
    paper="Isola et al. 2017, Image-to-Image Translation with Conditional Adversarial Networks, arXiv:1611.07004",
    settings=Pix2pixSettings,
    build=build,
    step=step,
    series=(
        GENERATOR_LOSS,
        DISCRIMINATOR_LOSS,
        Series("l1_distance", N_("L1 distance"), tag="L1"),
        *PROBABILITIES,
    ),
    levels=lambda _settings: {"generator_loss": LOG_2, "discriminator_loss": LOG_2},
    presets=(
        Preset(
            name="pix2pix-edges",
            summary=N_("An image from its edges."),
            source=N_("Isola et al. 2017, section 3; edges by Sobel's operator"),
            run={"plan": "30ep", "grid": 8, "sample_every": "1ep"},
            note=N_(
                "Every other row of a gallery shows the edges that the row below is made from. G may "
                "learn to ignore z, as the paper found."
            ),
        ),
        Preset(
            name="pix2pix-half",
            summary=N_("A whole image from its upper half."),
            source=N_("Isola et al. 2017, section 3; the task is ours"),
            settings={"task": "half"},
            run={"plan": "30ep", "grid": 8, "sample_every": "1ep"},
            note=N_("What the lower half is has more than one answer: watch whether z chooses among them."),
        ),
    ),
    conditioned_on="image",
    source=sources_of,
    order=140,
)
