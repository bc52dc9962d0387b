"""Self-attention in both players, so that a place of an image takes the others into account.

Zhang et al. 2019, arXiv:1805.08318, with the hinge loss and D's spectral normalisation of `sngan`, from which it
differs by two layers: attention over the maps of half the image's size in G and in D.
"""

from torch import nn

from gancore.i18n import N_
from gancore.networks import ImageShape, SelfAttention
from gancore.recipes.alternating import SCORES
from gancore.recipes.compact import CompactSettings, compact_features, compact_generator, spectral
from gancore.recipes.gan import alternating_players
from gancore.recipes.recipe import DISCRIMINATOR_LOSS, GENERATOR_LOSS, HINGE, Players, Preset, Recipe
from gancore.recipes.sngan import step


def build(settings: CompactSettings, shape: ImageShape) -> Players:
    """The compact networks with attention before G's last convolution and after D's first."""
    layers = list(compact_generator(settings, shape).children())
    generator = nn.Sequential(*layers[:-2], SelfAttention(settings.generator_channels // 2), *layers[-2:])
    features, width = compact_features(settings, shape.packed(settings.packing), spectral)
    discriminator = nn.Sequential(
        *features[:2],
        SelfAttention(settings.discriminator_channels // 2, spectral),
        *features[2:],
        spectral(nn.Linear(width, 1)),
    )
    return alternating_players(generator, discriminator, settings)


RECIPE = Recipe(
    name="sagan",
    family="SAGAN",
    paper="Zhang et al. 2019, Self-Attention Generative Adversarial Networks, arXiv:1805.08318",
    settings=CompactSettings,
    build=build,
    step=step,
    series=(GENERATOR_LOSS, DISCRIMINATOR_LOSS, *SCORES),
    levels=lambda _settings: HINGE,
    presets=(
        Preset(
            name="sagan",
            summary=N_("sngan with self-attention at half size in both players."),
            source=N_("Zhang et al. 2019, section 3"),
            run={"plan": "30ep", "grid": 8, "sample_every": "1ep"},
            note=N_(
                "The paper also normalises G and gives D four times G's learning rate; here attention "
                "is the only difference from sngan."
            ),
        ),
    ),
    order=100,
)
