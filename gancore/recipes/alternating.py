"""What the recipes beyond the seeds share: turns of one update each, and the numbers that tell how they stand.

A discriminator's and a generator's loss make a whole step (:func:`alternate`) on the compact networks
(:func:`build`); recipes that need more take parts of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gancore.i18n import N_
from gancore.networks import Shape, frozen
from gancore.recipes.compact import CompactSettings, compact_discriminator, compact_generator
from gancore.recipes.gan import alternating_players
from gancore.recipes.recipe import D_FAKE, D_REAL, Feed, Players, Series, descend

Step = Callable[[Players, Any, Feed], dict[str, Tensor]]

PENALTY = Series("penalty", N_("Gradient penalty"), tag="Penalty")
PROBABILITIES = (D_REAL, D_FAKE)
"""What :func:`probabilities` logs."""
SCORES = (Series("real_score", N_("Score of data")), Series("fake_score", N_("Score of samples")))
"""What :func:`scores` logs."""


def build(settings: CompactSettings, shape: Shape) -> Players:
    """The compact networks with nothing added, and one Adam each."""
    generator = compact_generator(settings, shape)
    discriminator = compact_discriminator(settings, shape.packed(settings.packing))
    return alternating_players(generator, discriminator, settings)


def probabilities(real_scores: Tensor, fake_scores: Tensor) -> dict[str, Tensor]:
    """Mean D(x) and D(G(z)), for a discriminator whose scores a sigmoid makes probabilities."""
    return {"d_real": real_scores.detach().sigmoid().mean(), "d_fake": fake_scores.detach().sigmoid().mean()}


def scores(real_scores: Tensor, fake_scores: Tensor) -> dict[str, Tensor]:
    """Mean scores, where they are no probabilities' logarithms."""
    return {"real_score": real_scores.detach().mean(), "fake_score": fake_scores.detach().mean()}


def draw(players: Players, latents: Tensor, condition: Tensor | None = None) -> Tensor:
    """Samples for the discriminator to learn from, without a graph back to the generator."""
    with torch.no_grad():
        return players.generate(latents, condition)


def update_generator(players: Players, loss: Callable[[], Tensor]) -> Tensor:
    """One step of the generator down ``loss()``, computed while the discriminator's weights need no gradients."""
    with frozen(players.discriminator):
        value = loss()
    descend(players.optimizers["generator"], value)
    return value.detach()


def alternate(
    discriminator_loss: Callable[[Tensor, Tensor], Tensor],
    generator_loss: Callable[[Tensor], Tensor],
    report: Callable[[Tensor, Tensor], dict[str, Tensor]],
    penalty: Callable[[Players, Any, Feed, Tensor], Tensor] | None = None,
) -> Step:
    """A recipe's step: the discriminator is updated first, then the generator on fresh z.

    Args:
        discriminator_loss: (real scores, fake scores) -> what D minimises.
        generator_loss: (fake scores) -> what G minimises.
        report: (real scores, fake scores) -> what is logged beside the losses.
        penalty: (players, settings, feed, real samples) -> what D minimises besides, logged as ``penalty``.
    """

    def step(players: Players, settings: Any, feed: Feed) -> dict[str, Tensor]:
        real = feed.real()
        fake = draw(players, feed.latents(len(real)))
        real_scores, fake_scores = players.score(real), players.score(fake)
        d_loss = discriminator_loss(real_scores, fake_scores)
        paid = {} if penalty is None else {"penalty": penalty(players, settings, feed, real)}
        descend(players.optimizers["discriminator"], sum(paid.values(), start=d_loss))

        latents = feed.latents(len(real))
        g_loss = update_generator(players, lambda: generator_loss(players.score(players.generate(latents))))
        logged = {"generator_loss": g_loss, "discriminator_loss": d_loss.detach(), **report(real_scores, fake_scores)}
        return logged | {name: value.detach() for name, value in paid.items()}

    return step
