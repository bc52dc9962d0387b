"""Least squares in place of cross-entropy: samples far on the right side still move.

Mao et al. 2017, arXiv:1611.04076, equation 9: D is drawn to 1 on data and to 0 on samples, G draws D to 1.
"""

from gancore import losses
from gancore.i18n import N_
from gancore.recipes.alternating import SCORES, alternate, build, scores
from gancore.recipes.compact import POINTS, CompactSettings
from gancore.recipes.recipe import DISCRIMINATOR_LOSS, GENERATOR_LOSS, Level, Preset, Recipe

RECIPE = Recipe(
    name="lsgan",
    family="LSGAN",
    paper="Mao et al. 2017, Least Squares Generative Adversarial Networks, arXiv:1611.04076",
    settings=CompactSettings,
    build=build,
    step=alternate(losses.least_squares_discriminator, losses.least_squares_generator, scores),
    series=(GENERATOR_LOSS, DISCRIMINATOR_LOSS, *SCORES),
    levels=lambda _settings: {"generator_loss": Level(1 / 8, "1/8"), "discriminator_loss": Level(1 / 4, "1/4")},
    presets=(
        Preset(
            name="lsgan",
            summary=N_("Least squares instead of cross-entropy, with labels 1 and 0."),
            source=N_("Mao et al. 2017, equation 9"),
            run={"plan": "30ep", "grid": 8, "sample_every": "1ep"},
            note=N_("A score is drawn to 1 on data and to 0 on samples, but is no probability."),
        ),
    ),
    points=POINTS,
    order=60,
)
