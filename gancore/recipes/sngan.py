"""Spectral normalisation: every layer of D is divided by its largest singular value, which bounds D's slope.

Miyato et al. 2018, arXiv:1802.05957, with the hinge loss of its equations 16 and 17 (Lim and Ye 2017,
arXiv:1705.02894).
"""

from gancore import losses
from gancore.i18n import N_
from gancore.networks import Shape
from gancore.recipes.alternating import SCORES, alternate, scores
from gancore.recipes.compact import POINTS, CompactSettings, compact_discriminator, compact_generator, spectral
from gancore.recipes.gan import alternating_players
from gancore.recipes.recipe import DISCRIMINATOR_LOSS, GENERATOR_LOSS, HINGE, Players, Preset, Recipe


def build(settings: CompactSettings, shape: Shape) -> Players:
    """The compact networks, D's layers normalised."""
    generator = compact_generator(settings, shape)
    discriminator = compact_discriminator(settings, shape.packed(settings.packing), spectral)
    return alternating_players(generator, discriminator, settings)


step = alternate(losses.hinge_discriminator, losses.wasserstein_generator, scores)
"""The hinge for D, minus the mean score for G."""


RECIPE = Recipe(
    name="sngan",
    family="SNGAN",
    paper="Miyato et al. 2018, Spectral Normalization for Generative Adversarial Networks, arXiv:1802.05957",
    settings=CompactSettings,
    build=build,
    step=step,
    series=(GENERATOR_LOSS, DISCRIMINATOR_LOSS, *SCORES),
    levels=lambda _settings: HINGE,
    presets=(
        Preset(
            name="sngan",
            summary=N_("Spectral normalisation in D, and the hinge loss."),
            source=N_("Miyato et al. 2018, equations 16 and 17, with its Adam setting C"),
            run={"plan": "30ep", "grid": 8, "sample_every": "1ep"},
            note=N_(
                "D's loss is 2 where it tells nothing and 0 where it is sure; in between the scores "
                "stay near the margins -1 and 1."
            ),
        ),
    ),
    points=POINTS | {"beta1": 0.0},
    order=90,
)
