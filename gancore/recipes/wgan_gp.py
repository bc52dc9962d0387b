"""Wasserstein GAN with a gradient penalty in place of clipped weights.

Gulrajani et al. 2017, arXiv:1704.00028, Algorithm 1. The critic has no BatchNorm, because the penalty is one on each
sample's own gradient.
"""

import torch
from pydantic import Field
from torch import Tensor

from gancore import losses, penalties
from gancore.i18n import N_
from gancore.recipes.alternating import PENALTY, SCORES, build, draw, scores, update_generator
from gancore.recipes.compact import POINTS, CompactSettings
from gancore.recipes.recipe import GENERATOR_LOSS, Feed, Players, Preset, Recipe, Series, descend


class WganGpSettings(CompactSettings):
    """Settings of the Wasserstein GAN with a gradient penalty."""

    critic_steps: int = Field(
        5, ge=1, le=100, title=N_("Critic steps"), description=N_("Critic updates for each generator update.")
    )
    penalty: float = Field(
        10.0,
        ge=0,
        le=1e4,
        title=N_("Penalty"),
        description=N_("Weight of the gradient penalty, lambda in the paper."),
    )


def step(players: Players, settings: WganGpSettings, feed: Feed) -> dict[str, Tensor]:
    """``critic_steps`` critic updates, each on a fresh real batch and fresh z, and one generator update.

    All that is logged of the critic is the mean over its steps. It minimises ``critic_loss`` + ``penalty``; the
    negative of the first alone estimates the Wasserstein-1 distance.
    """
    logs = []
    for _ in range(settings.critic_steps):
        real = feed.real()
        fake = draw(players, feed.latents(len(real)))
        real_scores, fake_scores = players.score(real), players.score(fake)
        loss = losses.wasserstein_critic(real_scores, fake_scores)
        penalty = settings.penalty * slope_penalty(players, feed, real, fake)
        descend(players.optimizers["discriminator"], loss + penalty)
        logs.append({"critic_loss": loss.detach(), "penalty": penalty.detach(), **scores(real_scores, fake_scores)})

    latents = feed.latents(settings.batch_size)
    g_loss = update_generator(players, lambda: losses.wasserstein_generator(players.score(players.generate(latents))))
    means = {name: torch.stack([log[name] for log in logs]).mean() for name in logs[0]}
    return {"generator_loss": g_loss, **means}


def slope_penalty(players: Players, feed: Feed, real: Tensor, fake: Tensor) -> Tensor:
    """Equation 3 without its weight, on one batch."""
    places = penalties.between(real, fake, feed.uniform, players.packing)
    return penalties.one_centred(penalties.squared_slopes(players.score(places), places, players.packing))


RECIPE = Recipe(
    name="wgan-gp",
    family="WGAN-GP",
    paper="Gulrajani et al. 2017, Improved Training of Wasserstein GANs, arXiv:1704.00028",
    settings=WganGpSettings,
    build=build,
    step=step,
    series=(GENERATOR_LOSS, Series("critic_loss", N_("Critic loss"), tag="Discriminator"), PENALTY, *SCORES),
    presets=(
        Preset(
            name="wgan-gp",
            summary=N_("A critic whose slope is held at 1 instead of clipped weights; five critic steps."),
            source=N_("Gulrajani et al. 2017, Algorithm 1"),
            settings={"learning_rate": 1e-4, "beta1": 0.0, "beta2": 0.9},
            run={"plan": "30ep", "grid": 8, "sample_every": "1ep"},
            note=N_(
                "The negative critic loss falls as samples get better. An epoch has a fifth of the "
                "generator updates of the other presets'."
            ),
        ),
    ),
    batches_per_iteration=lambda settings: settings.critic_steps,
    # The authors' code for toy data weighs the penalty with 0.1.
    points=POINTS | {"penalty": 0.1},
    order=70,
)
