"""A GAN trained with one loss, one backward pass and one optimizer, by gradient reversal.

Seed 000; the layer is Ganin and Lempitsky's (2015, arXiv:1409.7495). Behind the layer the generator ascends the
discriminator's fake loss, so this is the minimax game of Goodfellow et al. 2014, equation 1, played at once by both.
"""

import torch
from pydantic import Field
from torch import Tensor, nn

from gancore import losses
from gancore.config import AdamSettings
from gancore.i18n import N_
from gancore.networks import ImageShape, frozen, relu, reverse_gradient
from gancore.recipes.recipe import (
    D_FAKE,
    D_REAL,
    DISCRIMINATOR_LOSS,
    GENERATOR_LOSS,
    LOG_2,
    LOG_4,
    MINUS_LOG_2,
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
        title=N_("Base channels"),
        description=N_("Feature maps at half size; deeper layers double them."),
    )
    in_turns: bool = Field(
        False,
        title=N_("In turns"),
        description=N_(
            "D steps first, then G on fresh z, each with its own Adam, instead of both in one backward pass."
        ),
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
        nn.Conv2d(shape.packed(settings.packing).channels, width, 4, 2, 1, bias=False), *norm(width),
        nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False), *norm(2 * width),
        nn.Conv2d(2 * width, 4 * width, squeeze, bias=False), *norm(4 * width),
        nn.Conv2d(4 * width, 8 * width, 4, 2, 1, bias=False), *norm(8 * width),
        nn.Conv2d(8 * width, 1, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    )  # fmt: skip
    rates = settings.learning_rate, settings.beta1, settings.beta2
    parts: dict[str, nn.Module] = {"generator": generator, "discriminator": discriminator}
    if not settings.in_turns:
        parts = {"both": nn.ModuleList(parts.values())}
    optimizers: dict[str, torch.optim.Optimizer] = {name: adam(part, *rates) for name, part in parts.items()}
    return Players(generator, discriminator, optimizers)


def step(players: Players, settings: GrlSettings, feed: Feed) -> dict[str, Tensor]:
    """One update of both players from softplus(fake score) + softplus(-real score).

    In turns, D descends that loss on detached samples, and then G ascends the fake part on fresh ones: the same game,
    played as the other recipes play theirs.
    """
    real = feed.real()
    fake = players.generate(feed.latents(len(real)))
    fake_scores = players.score(fake.detach() if settings.in_turns else reverse_gradient(fake))
    real_scores = players.score(real)
    fake_loss, real_loss = losses.bce_fake(fake_scores), losses.bce_real(real_scores)
    loss = fake_loss + real_loss
    if settings.in_turns:
        descend(players.optimizers["discriminator"], loss)
        with frozen(players.discriminator):
            fake_loss = losses.bce_fake(players.score(players.generate(feed.latents(len(real)))))
        descend(players.optimizers["generator"], -fake_loss)
    else:
        descend(players.optimizers["both"], loss)
    return {
        "generator_loss": -fake_loss.detach(),
        "discriminator_loss": loss.detach(),
        "fake_loss": fake_loss.detach(),
        "real_loss": real_loss.detach(),
        "d_real": real_scores.detach().sigmoid().mean(),
        "d_fake": fake_scores.detach().sigmoid().mean(),
    }


SCRIPT = {
    "batch_size": 512,
    "latent_dim": 64,
    "latent_distribution": "uniform",
    "data_range": "[0, 1]",
    "beta2": 0.9,
}
"""Settings of the script behind seed 000."""

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
        Series("fake_loss", N_("Fake loss"), tag="Fake"),
        Series("real_loss", N_("Real loss"), tag="Real"),
        D_REAL,
        D_FAKE,
    ),
    levels=lambda _settings: {
        "generator_loss": MINUS_LOG_2,
        "discriminator_loss": LOG_4,
        "fake_loss": LOG_2,
        "real_loss": LOG_2,
    },
    presets=(
        Preset(
            name="grl",
            summary=N_("Gradient reversal: both players in one backward pass and one optimizer."),
            source=N_("seed 000 and the script it explains"),
            settings=SCRIPT,
            run={"plan": "100ep", "grid": 8, "sample_every": "1ep"},
            note=N_(
                "G ascends the fake loss, so it plays the minimax game whose gradient fades where "
                "D(G(z)) nears 0. The document names no widths; these are the script's."
            ),
        ),
        Preset(
            name="grl-in-turns",
            summary=N_("The same networks and losses without the reversal: D and G step in turns."),
            source=N_("seed 000, turned into what it is held against"),
            settings={**SCRIPT, "in_turns": True},
            run={"plan": "100ep", "grid": 8, "sample_every": "1ep"},
            note=N_("Shows what one backward pass for both players changes."),
        ),
    ),
    order=30,
)
