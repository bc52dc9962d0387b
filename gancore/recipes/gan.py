"""The original GAN with fully connected networks, as seeds 001 to 004 train it.

Goodfellow et al. 2014, arXiv:1406.2661, with the non-saturating generator loss of its section 3.
"""

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from gancore import losses
from gancore.config import AdamSettings, Widths
from gancore.i18n import N_
from gancore.networks import ImageShape, Shape, frozen, leaky_relu, mlp, relu
from gancore.recipes.recipe import (
    CROSS_ENTROPY,
    D_FAKE,
    D_REAL,
    DISCRIMINATOR_LOSS,
    GENERATOR_LOSS,
    LOG_2,
    Feed,
    Level,
    Players,
    Preset,
    Recipe,
    adam,
    descend,
)


class AlternatingSettings(AdamSettings):
    """How the two players take turns."""

    first: Literal["discriminator", "generator"] = Field(
        "discriminator",
        title=N_("Steps first"),
        description=N_("discriminator: G then steps on fresh z; generator: D then reuses those samples."),
    )
    discriminator_loss: Literal["sum", "mean"] = Field(
        "sum", title=N_("Discriminator loss"), description=N_("Sum or mean of its real and fake parts.")
    )


class GanSettings(AlternatingSettings):
    """Settings of the fully connected GAN."""

    generator_widths: Widths = Field(
        (256, 512), min_length=1, title=N_("Generator widths"), description=N_("Hidden layers of G, first to last.")
    )
    generator_slope: float = Field(
        0.0, ge=0, lt=1, title=N_("Generator slope"), description=N_("Negative slope of LeakyReLU in G; 0 is ReLU.")
    )
    batchnorm_eps: float | None = Field(
        None,
        gt=0,
        le=1,
        title=N_("BatchNorm eps"),
        description=N_("BatchNorm on all but G's first layer; empty: none."),
    )
    discriminator_widths: Widths = Field(
        (512, 256),
        min_length=1,
        title=N_("Discriminator widths"),
        description=N_("Hidden layers of D, first to last."),
    )
    discriminator_slope: float = Field(
        0.2, ge=0, lt=1, title=N_("Discriminator slope"), description=N_("Negative slope of LeakyReLU in D.")
    )


def build(settings: GanSettings, shape: Shape) -> Players:
    """Two multilayer perceptrons, D ending in a score, G in tanh where it makes images."""
    eps = settings.batchnorm_eps
    generator = nn.Sequential(
        mlp(
            (settings.latent_dim, *settings.generator_widths, shape.values),
            leaky_relu(settings.generator_slope) if settings.generator_slope else relu,
            norm=None if eps is None else lambda width: nn.BatchNorm1d(width, eps),
        ),
        nn.Tanh() if isinstance(shape, ImageShape) else nn.Identity(),
        nn.Unflatten(1, tuple(shape)),
    )
    discriminator = nn.Sequential(
        nn.Flatten(),
        mlp(
            (shape.packed(settings.packing).values, *settings.discriminator_widths, 1),
            leaky_relu(settings.discriminator_slope),
        ),
    )
    return alternating_players(generator, discriminator, settings)


def alternating_players(generator: nn.Module, discriminator: nn.Module, settings: AdamSettings) -> Players:
    """Players with one Adam each."""
    rates = settings.learning_rate, settings.beta1, settings.beta2
    optimizers: dict[str, torch.optim.Optimizer] = {
        "generator": adam(generator, *rates),
        "discriminator": adam(discriminator, *rates),
    }
    return Players(generator, discriminator, optimizers)


def step(players: Players, settings: AlternatingSettings, feed: Feed) -> dict[str, Tensor]:
    """One update of each player, in the order the settings name."""
    real = feed.real()
    if settings.first == "generator":
        generator_loss, fake = _step_generator(players, feed.latents(len(real)))
        discriminator_logs = _step_discriminator(players, settings, real, fake.detach())
    else:
        with torch.no_grad():
            fake = players.generate(feed.latents(len(real)))
        discriminator_logs = _step_discriminator(players, settings, real, fake)
        generator_loss, _ = _step_generator(players, feed.latents(len(real)))
    return {"generator_loss": generator_loss, **discriminator_logs}


def _step_generator(players: Players, latents: Tensor) -> tuple[Tensor, Tensor]:
    fake = players.generate(latents)
    with frozen(players.discriminator):
        loss = losses.non_saturating(players.score(fake))
    descend(players.optimizers["generator"], loss)
    return loss.detach(), fake


def _step_discriminator(
    players: Players, settings: AlternatingSettings, real: Tensor, fake: Tensor
) -> dict[str, Tensor]:
    real_scores, fake_scores = players.score(real), players.score(fake)
    loss = losses.bce_real(real_scores) + losses.bce_fake(fake_scores)
    if settings.discriminator_loss == "mean":
        loss = loss / 2
    descend(players.optimizers["discriminator"], loss)
    return {
        "discriminator_loss": loss.detach(),
        "d_real": real_scores.detach().sigmoid().mean(),
        "d_fake": fake_scores.detach().sigmoid().mean(),
    }


def levels(settings: AlternatingSettings) -> dict[str, Level]:
    """The losses of two players of which neither has an advantage."""
    return CROSS_ENTROPY | ({"discriminator_loss": LOG_2} if settings.discriminator_loss == "mean" else {})


POINTS = {
    "batch_size": 256,
    "latent_dim": 2,
    "learning_rate": 1e-3,
    "generator_widths": (128, 128, 128),
    "discriminator_widths": (128, 128, 128),
}
"""Settings for points in the plane: a z that can be drawn beside them, and networks a laptop trains in seconds."""


RECIPE = Recipe(
    name="gan",
    family="GAN",
    paper="Goodfellow et al. 2014, Generative Adversarial Nets, arXiv:1406.2661",
    settings=GanSettings,
    build=build,
    step=step,
    series=(GENERATOR_LOSS, DISCRIMINATOR_LOSS, D_REAL, D_FAKE),
    levels=levels,
    presets=(
        Preset(
            name="gan-simple",
            summary=N_("Two small perceptrons; the discriminator steps first."),
            source=N_("seed 002, a simple fully connected GAN on MNIST"),
            run={"plan": "100ep", "grid": 4, "sample_every": "10ep"},
            note=N_("The document calls it a simplified DCGAN; its code has no convolution."),
        ),
        Preset(
            name="gan-deep",
            summary=N_("A deeper generator with BatchNorm; the generator steps first."),
            source=N_("seed 001, the script; seed 003, its explanation"),
            settings={
                "batch_size": 64,
                "generator_widths": (128, 256, 512, 1024),
                "generator_slope": 0.2,
                "batchnorm_eps": 0.8,
                "first": "generator",
                "discriminator_loss": "mean",
            },
            run={"plan": "200ep", "grid": 5, "sample_every": "400it"},
            note=N_(
                "Seed 003 calls BatchNorm1d's 0.8 the momentum; in the code it is eps. Seed 001 advises "
                "that D step first; its code, and this preset, let G step first and D reuse those "
                "samples."
            ),
        ),
        Preset(
            name="gan-lab",
            summary=N_("The lab's perceptrons, fed data in [0, 1] against tanh samples."),
            source=N_("seed 004, task 1"),
            settings={
                "generator_widths": (256, 256),
                "discriminator_widths": (256, 256),
                "discriminator_slope": 0.1,
                "data_range": "[0, 1]",
            },
            run={"plan": "30ep", "grid": 8, "sample_every": "1ep"},
            note=N_(
                "The lab says tanh suits data in [-1, 1] but normalises only in its WGAN: half of G's "
                "range is of no use, and D first learns to tell by the sign."
            ),
        ),
    ),
    points=POINTS,
    order=0,
)
