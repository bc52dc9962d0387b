"""A class for every sample: G is told a label beside z, and D judges whether image and label belong together.

Miyato and Koyama 2018, arXiv:1802.05637, equation 3: D(x, y) = psi(phi(x)) + <embed(y), phi(x)>, with the hinge loss
and spectral normalisation of `sngan`.
"""

from pydantic import Field
from torch import Tensor, nn

from gancore import losses
from gancore.i18n import N_
from gancore.networks import LabelledGenerator, Shape
from gancore.recipes.alternating import SCORES, draw, scores, update_generator
from gancore.recipes.compact import POINTS, CompactSettings, compact_features, compact_generator, spectral
from gancore.recipes.gan import alternating_players
from gancore.recipes.recipe import (
    DISCRIMINATOR_LOSS,
    GENERATOR_LOSS,
    HINGE,
    Feed,
    Players,
    Preset,
    Recipe,
    descend,
)


class LabelSettings(CompactSettings):
    """Settings of a recipe whose generator is told a label."""

    label_dim: int = Field(
        16,
        ge=1,
        le=1024,
        title=N_("Label dimensions"),
        description=N_("Length of the vector that G makes of a label."),
    )


class ProjectionDiscriminator(nn.Module):
    """psi(phi(x)) + <embed(y), phi(x)>; of a pack of samples, the mean of their labels' embeddings."""

    def __init__(self, features: nn.Module, width: int, classes: int) -> None:
        """Args:
        features: phi, (packs, ...) -> (packs, width).
        """
        super().__init__()
        self.features = features
        self.unconditional = spectral(nn.Linear(width, 1))
        self.embedding = spectral(nn.Embedding(classes, width))

    def forward(self, samples: Tensor, labels: Tensor) -> Tensor:
        """(packs, ...) samples and (packs, packing) int64 labels -> (packs, 1) scores."""
        features = self.features(samples)
        embedded = self.embedding(labels).mean(1)
        score: Tensor = self.unconditional(features) + (embedded * features).sum(1, keepdim=True)
        return score


def build(settings: LabelSettings, shape: Shape, classes: int) -> Players:
    """The compact networks, G with an embedding of the label beside z, D with the projection."""
    inputs = settings.latent_dim + settings.label_dim
    generator = LabelledGenerator(compact_generator(settings, shape, inputs), classes, settings.label_dim)
    features, width = compact_features(settings, shape.packed(settings.packing), spectral)
    return alternating_players(generator, ProjectionDiscriminator(features, width, classes), settings)


def step(players: Players, settings: LabelSettings, feed: Feed) -> dict[str, Tensor]:
    """The hinge for D on data with their labels and on samples of random classes; then G on others."""
    real, labels = feed.real(), feed.labels()
    told = feed.random_labels(len(real))
    fake = draw(players, feed.latents(len(real)), told)
    real_scores, fake_scores = players.score(real, labels), players.score(fake, told)
    d_loss = losses.hinge_discriminator(real_scores, fake_scores)
    descend(players.optimizers["discriminator"], d_loss)

    latents, wanted = feed.latents(len(real)), feed.random_labels(len(real))
    g_loss = update_generator(
        players, lambda: losses.wasserstein_generator(players.score(players.generate(latents, wanted), wanted))
    )
    return {"generator_loss": g_loss, "discriminator_loss": d_loss.detach(), **scores(real_scores, fake_scores)}


RECIPE = Recipe(
    name="cgan",
    family="cGAN",
    paper="Miyato and Koyama 2018, cGANs with Projection Discriminator, arXiv:1802.05637",
    settings=LabelSettings,
    build=build,
    step=step,
    series=(GENERATOR_LOSS, DISCRIMINATOR_LOSS, *SCORES),
    levels=lambda _settings: HINGE,
    presets=(
        Preset(
            name="cgan",
            summary=N_("Told which class to make; D judges image and label together."),
            source=N_("Miyato and Koyama 2018, equation 3"),
            run={"plan": "30ep", "grid": 10, "sample_every": "1ep"},
            note=N_(
                "With ten classes each column of a gallery is one. G's label stands beside its z; the "
                "paper puts it into BatchNorm."
            ),
        ),
    ),
    conditioned_on="label",
    points=POINTS | {"beta1": 0.0},
    order=120,
)
