"""A DCGAN for someone who waits: digits in a minute on a laptop, and good ones in half an hour.

Radford et al. 2015, arXiv:1511.06434: BatchNorm in both players, the non-saturating loss. What differs is measured by
what it brings in a given time: high learning rates that fall to 0, an averaged generator, networks whose work is in
matrix products, and samples used twice, by D and then by G.
"""

from pydantic import Field
from torch import Tensor, nn

from gancore import losses
from gancore.config import AdamSettings
from gancore.i18n import N_
from gancore.networks import ImageShape, leaky_relu, relu
from gancore.recipes.alternating import PROBABILITIES, probabilities, update_generator
from gancore.recipes.gan import alternating_players
from gancore.recipes.recipe import (
    CROSS_ENTROPY,
    DISCRIMINATOR_LOSS,
    GENERATOR_LOSS,
    Feed,
    Players,
    Preset,
    Recipe,
    descend,
)

_SLOPE = 0.2
_FEW = {"batch_size": 64, "learning_rate": 1e-3, "augment": "translation"}
_NOTE = N_(
    "The plan is a time, so a faster machine gets further in it. With fewer than 10,000 images, batches "
    "of 64, a rate of 1e-3 and images moved at random keep the discriminator from learning them by heart."
)


class QuickSettings(AdamSettings):
    """Settings of the quick DCGAN."""

    batch_size: int = Field(128, ge=2, le=8192, title=N_("Batch size"), description=N_("Real images in one batch."))
    latent_dim: int = Field(
        32, ge=1, le=1024, title=N_("Latent dimensions"), description=N_("Length of the vector z.")
    )
    learning_rate: float = Field(
        4e-3, gt=0, le=1, title=N_("Learning rate"), description=N_("Step size of the optimizers.")
    )
    generator_hidden: int = Field(
        256, ge=1, le=8192, title=N_("Generator hidden width"), description=N_("G's first layer.")
    )
    generator_channels: int = Field(
        16, ge=1, le=512, title=N_("Generator channels"), description=N_("Feature maps at half size.")
    )
    discriminator_channels: int = Field(
        32, ge=1, le=1024, title=N_("Discriminator channels"), description=N_("Feature maps at a quarter size.")
    )
    discriminator_hidden: int = Field(
        128, ge=1, le=8192, title=N_("Discriminator hidden width"), description=N_("D's last two hidden layers.")
    )


def build(settings: QuickSettings, shape: ImageShape) -> Players:
    """Networks of dense layers and a few convolutions, and one Adam each.

    The generator's last layer makes four values for each of its pixels, which become a square of four (sub-pixel
    convolution, Shi et al. 2016, arXiv:1609.05158); the discriminator's first takes such squares apart. On a CPU both
    cost a fraction of the strided convolutions that they stand for.
    """
    wide, narrow = settings.generator_hidden, settings.generator_channels
    half = shape.height // 2, shape.width // 2
    inner = narrow * half[0] * half[1]
    generator = nn.Sequential(
        nn.Linear(settings.latent_dim, wide, bias=False), nn.BatchNorm1d(wide), relu(),
        nn.Linear(wide, inner, bias=False), nn.BatchNorm1d(inner), relu(),
        nn.Unflatten(1, (narrow, *half)),
        nn.Conv2d(narrow, narrow, 3, padding=1, bias=False), nn.BatchNorm2d(narrow), relu(),
        nn.Conv2d(narrow, 4 * shape.channels, 3, padding=1), nn.PixelShuffle(2), nn.Tanh(),
    )  # fmt: skip
    seen, maps, hidden = (
        shape.packed(settings.packing),
        settings.discriminator_channels,
        settings.discriminator_hidden,
    )
    flat, act = maps * (seen.height // 4) * (seen.width // 4), leaky_relu(_SLOPE)
    discriminator = nn.Sequential(
        nn.PixelUnshuffle(2), nn.Conv2d(4 * seen.channels, maps, 3, 2, 1, bias=False), nn.BatchNorm2d(maps), act(),
        nn.Flatten(), nn.Linear(flat, hidden, bias=False), nn.BatchNorm1d(hidden), act(),
        nn.Linear(hidden, hidden, bias=False), nn.BatchNorm1d(hidden), act(), nn.Linear(hidden, 1),
    )  # fmt: skip
    return alternating_players(generator, discriminator, settings)


def step(players: Players, settings: QuickSettings, feed: Feed) -> dict[str, Tensor]:
    """D steps on data and samples, then G through the new D on the same samples, which are drawn once."""
    real = feed.real()
    fake = players.generate(feed.latents(len(real)))
    real_scores, fake_scores = players.score(real), players.score(fake.detach())
    d_loss = losses.bce_real(real_scores) + losses.bce_fake(fake_scores)
    descend(players.optimizers["discriminator"], d_loss)
    g_loss = update_generator(players, lambda: losses.non_saturating(players.score(fake)))
    told = probabilities(real_scores, fake_scores)
    return {"generator_loss": g_loss, "discriminator_loss": d_loss.detach(), **told}


RECIPE = Recipe(
    name="quick",
    family="DCGAN",
    paper="Radford et al. 2015, Unsupervised Representation Learning with DCGANs, arXiv:1511.06434",
    settings=QuickSettings,
    build=build,
    step=step,
    series=(GENERATOR_LOSS, DISCRIMINATOR_LOSS, *PROBABILITIES),
    levels=lambda _settings: CROSS_ENTROPY,
    presets=(
        Preset(
            name="quick",
            summary=N_(
                "All ten digits in a minute: small networks, high rates that fall to 0, an averaged generator."
            ),
            source=N_("Radford et al. 2015, with what makes it fast"),
            settings={"beta2": 0.99, "ema_decay": 0.99, "rate_decay": "linear"},
            run={"plan": "60s", "grid": 8, "sample_every": "3s"},
            few=_FEW,
            note=_NOTE,
        ),
        Preset(
            name="best",
            summary=N_("The best samples that half an hour on a laptop gives."),
            source=N_("Radford et al. 2015, with what makes it good"),
            settings={
                "beta2": 0.99,
                "ema_decay": 0.999,
                "rate_decay": "linear",
                "learning_rate": 2e-3,
                "latent_dim": 64,
                "generator_hidden": 384,
                "generator_channels": 32,
                "discriminator_channels": 64,
                "discriminator_hidden": 256,
            },
            run={"plan": "1800s", "grid": 8, "sample_every": "60s"},
            few=_FEW,
            note=_NOTE,
        ),
    ),
    order=-10,
)
