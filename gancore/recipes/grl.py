"""A GAN trained with one loss, one backward pass and one optimizer, by gradient reversal.

Seed 000; the layer is Ganin and Lempitsky's (2015, arXiv:1409.7495). Behind the layer the generator ascends the
discriminator's fake loss, so this is the minimax game of Goodfellow et al. 2014, equation 1, played at once by both.
"""

import torch
from pydantic import Field
from torch import Tensor, nn

from gancore import losses
from gancore.config import AdamSettings
from gancore.networks import ImageShape, relu, reverse_gradient
from gancore.recipes.recipe import (
    D_FAKE,
    D_REAL,
    DISCRIMINATOR_LOSS,
    GENERATOR_LOSS,
    Feed,
    Players,
    Preset,
    Recipe,
    Series,
    adam,
    descend,
)


class GrlSettings(AdamSettings):
    """Settings of the gradient-reversal GAN."""

    base_channels: int = Field(
        32,
        ge=1,
        le=256,
        title="Base channels",
        description="Feature maps at half size; deeper layers double them.",
    )


def build(settings: GrlSettings, shape: ImageShape) -> Players:
    """The script's two convolutional networks and one Adam over both.

    A side of 28 goes 28, 14, 7, 6, 3 and back; where a quarter of the side is even, the 2x2 convolution that takes
    7 to 6 becomes 1x1, so that every side divisible by 4 works.
    """
    width, quarter = settings.base_channels, shape.height // 4
    base, squeeze = quarter // 2, 1 + quarter % 2

    def norm(channels: int) -> tuple[nn.Module, nn.Module]:
        return nn.BatchNorm2d(channels), relu()

    generator = nn.Sequential(
        nn.Linear(settings.latent_dim, 8 * width * base * base, bias=False),
        nn.Unflatten(1, (8 * width, base, base)), *norm(8 * width),
        nn.ConvTranspose2d(8 * width, 4 * width, 4, 2, 1, bias=False), *norm(4 * width),
        nn.ConvTranspose2d(4 * width, 2 * width, squeeze, bias=False), *norm(2 * width),
        nn.ConvTranspose2d(2 * width, width, 4, 2, 1, bias=False), *norm(width),
        nn.ConvTranspose2d(width, shape.channels, 4, 2, 1), nn.Sigmoid(),
    )  # fmt: skip
    discriminator = nn.Sequential(
        nn.Conv2d(shape.channels, width, 4, 2, 1, bias=False), *norm(width),
        nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False), *norm(2 * width),
        nn.Conv2d(2 * width, 4 * width, squeeze, bias=False), *norm(4 * width),
        nn.Conv2d(4 * width, 8 * width, 4, 2, 1, bias=False), *norm(8 * width),
        nn.Conv2d(8 * width, 1, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    )  # fmt: skip
    both = nn.ModuleList([generator, discriminator])
    optimizers: dict[str, torch.optim.Optimizer] = {
        "both": adam(both, settings.learning_rate, settings.beta1, settings.beta2)
    }
    return Players(generator, discriminator, optimizers)


def step(players: Players, settings: GrlSettings, feed: Feed) -> dict[str, Tensor]:
    """One update of both players from softplus(fake score) + softplus(-real score)."""
    real = feed.real()
    fake = players.generate(feed.latents(len(real)))
    fake_scores = players.score(reverse_gradient(fake))
    real_scores = players.score(real)
    fake_loss, real_loss = losses.bce_fake(fake_scores), losses.bce_real(real_scores)
    loss = fake_loss + real_loss
    descend(players.optimizers["both"], loss)
    return {
        "generator_loss": -fake_loss.detach(),
        "discriminator_loss": loss.detach(),
        "fake_loss": fake_loss.detach(),
        "real_loss": real_loss.detach(),
        "d_real": real_scores.detach().sigmoid().mean(),
        "d_fake": fake_scores.detach().sigmoid().mean(),
    }


RECIPE = Recipe(
    name="grl",
    family="GRL",
    paper="Ganin and Lempitsky 2015, Unsupervised Domain Adaptation by Backpropagation, arXiv:1409.7495",
    settings=GrlSettings,
    build=build,
    step=step,
    series=(
        GENERATOR_LOSS,
        DISCRIMINATOR_LOSS,
        Series("fake_loss", "Fake loss", tag="Fake"),
        Series("real_loss", "Real loss", tag="Real"),
        D_REAL,
        D_FAKE,
    ),
    presets=(
        Preset(
            name="grl",
            summary="Gradient reversal: both players in one backward pass and one optimizer.",
            source="seed 000 and the script it explains",
            settings={
                "batch_size": 512,
                "latent_dim": 64,
                "latent_distribution": "uniform",
                "data_range": "[0, 1]",
                "beta2": 0.9,
            },
            run={"plan": "100ep", "grid": 8, "sample_every": "1ep"},
            note="G ascends the fake loss, so it plays the minimax game whose gradient fades where D(G(z)) nears 0. "
            "The document names no widths; these are the script's.",
        ),
    ),
    order=30,
)
