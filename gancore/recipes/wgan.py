"""Wasserstein GAN with weight clipping.

Arjovsky et al. 2017, arXiv:1701.07875, Algorithm 1, on the networks of seed 004, task 3.
"""

import torch
from pydantic import Field
from torch import Tensor

from gancore import losses
from gancore.config import RecipeSettings
from gancore.i18n import N_
from gancore.networks import ImageShape, conv_discriminator, conv_generator, frozen
from gancore.recipes.recipe import GENERATOR_LOSS, Feed, Players, Preset, Recipe, Series, descend


class WganSettings(RecipeSettings):
    """Settings of the clipped Wasserstein GAN."""

    learning_rate: float = Field(5e-5, gt=0, le=1, title=N_("Learning rate"), description=N_("Step size of RMSprop."))
    critic_steps: int = Field(
        5, ge=1, le=100, title=N_("Critic steps"), description=N_("Critic updates for each generator update.")
    )
    clip: float = Field(
        0.01, gt=0, le=10, title=N_("Weight clip"), description=N_("Critic weights are clamped to [-clip, clip].")
    )
    fresh_batches: bool = Field(
        True,
        title=N_("Fresh batches"),
        description=N_("A new real batch for every critic step; off: the same for all."),
    )
    generator_hidden: int = Field(
        1024, ge=1, le=8192, title=N_("Generator hidden width"), description=N_("G's first layer.")
    )
    generator_channels: int = Field(
        128,
        ge=2,
        le=1024,
        multiple_of=2,
        title=N_("Generator channels"),
        description=N_("Feature maps at a quarter size."),
    )
    critic_channels: int = Field(
        32,
        ge=1,
        le=512,
        title=N_("Critic channels"),
        description=N_("Feature maps of the critic's first convolution."),
    )
    critic_hidden: int = Field(
        1024, ge=1, le=8192, title=N_("Critic hidden width"), description=N_("The critic's last hidden layer.")
    )
    critic_slope: float = Field(
        0.1, ge=0, lt=1, title=N_("Critic slope"), description=N_("Negative slope of LeakyReLU in the critic.")
    )


def build(settings: WganSettings, shape: ImageShape) -> Players:
    """The lab's convolutional networks, the critic without a sigmoid, with one RMSprop each."""
    generator = conv_generator(settings.latent_dim, settings.generator_hidden, settings.generator_channels, shape)
    critic = conv_discriminator(
        settings.critic_channels, settings.critic_hidden, settings.critic_slope, shape.packed(settings.packing)
    )
    optimizers: dict[str, torch.optim.Optimizer] = {
        "generator": torch.optim.RMSprop(generator.parameters(), settings.learning_rate),
        "critic": torch.optim.RMSprop(critic.parameters(), settings.learning_rate),
    }
    return Players(generator, critic, optimizers)


def step(players: Players, settings: WganSettings, feed: Feed) -> dict[str, Tensor]:
    """``critic_steps`` critic updates, each on fresh z and then clipped, and one generator update.

    The logged critic loss is the mean over the critic steps (the lab sums over five and divides by one). As in the
    lab, samples come in full batches even where an epoch's last real batch is shorter.
    """
    critic_losses = []
    real = feed.real()
    for index in range(settings.critic_steps):
        if index > 0 and settings.fresh_batches:
            real = feed.real()
        with torch.no_grad():
            fake = players.generate(feed.latents(settings.batch_size))
        loss = losses.wasserstein_critic(players.score(real), players.score(fake))
        descend(players.optimizers["critic"], loss)
        with torch.no_grad():
            for weight in players.discriminator.parameters():
                weight.clamp_(-settings.clip, settings.clip)
        critic_losses.append(loss.detach())

    fake = players.generate(feed.latents(settings.batch_size))
    with frozen(players.discriminator):
        generator_loss = losses.wasserstein_generator(players.score(fake))
    descend(players.optimizers["generator"], generator_loss)
    return {"generator_loss": generator_loss.detach(), "critic_loss": torch.stack(critic_losses).mean()}


RECIPE = Recipe(
    name="wgan",
    family="WGAN",
    paper="Arjovsky et al. 2017, Wasserstein GAN, arXiv:1701.07875",
    settings=WganSettings,
    build=build,
    step=step,
    series=(GENERATOR_LOSS, Series("critic_loss", N_("Critic loss"), tag="Discriminator")),
    presets=(
        Preset(
            name="wgan",
            summary=N_("Weight clipping, five critic steps, each on a fresh real batch."),
            source=N_("Arjovsky et al. 2017, Algorithm 1, on the networks of seed 004, task 3"),
            run={"plan": "30ep", "grid": 8, "sample_every": "1ep"},
            note=N_("An epoch is one pass through the data, with a fifth of the generator updates of wgan-lab's."),
        ),
        Preset(
            name="wgan-lab",
            summary=N_("As the lab wrote it: all five critic steps on the same real batch."),
            source=N_("seed 004, task 3"),
            settings={"fresh_batches": False},
            run={"plan": "30ep", "grid": 8, "sample_every": "1ep"},
            note=N_(
                "The lab's text credits gradient penalty as well; its code clips weights only. Its "
                "logged critic loss is five times the one shown here."
            ),
        ),
    ),
    batches_per_iteration=lambda settings: settings.critic_steps if settings.fresh_batches else 1,
    order=20,
)
