"""The minimax game of the original paper, both players on one value, one after the other.

Goodfellow et al. 2014, arXiv:1406.2661, equation 1 and Algorithm 1. Gradient reversal (`grl`) plays the same game
with both at once; here it has the networks and turns of its rivals.
"""

from gancore import losses
from gancore.i18n import N_
from gancore.recipes.alternating import PROBABILITIES, alternate, build, probabilities
from gancore.recipes.compact import POINTS, CompactSettings
from gancore.recipes.recipe import CROSS_ENTROPY, DISCRIMINATOR_LOSS, GENERATOR_LOSS, MINUS_LOG_2, Preset, Recipe

RECIPE = Recipe(
    name="minimax",
    family="Minimax",
    paper="Goodfellow et al. 2014, Generative Adversarial Nets, arXiv:1406.2661",
    settings=CompactSettings,
    build=build,
    step=alternate(
        lambda real, fake: losses.bce_real(real) + losses.bce_fake(fake), losses.saturating, probabilities
    ),
    series=(GENERATOR_LOSS, DISCRIMINATOR_LOSS, *PROBABILITIES),
    levels=lambda _settings: {**CROSS_ENTROPY, "generator_loss": MINUS_LOG_2},
    presets=(
        Preset(
            name="minimax",
            summary=N_("The original game: G lowers what D gains on samples."),
            source=N_("Goodfellow et al. 2014, equation 1 and Algorithm 1"),
            run={"plan": "30ep", "grid": 8, "sample_every": "1ep"},
            note=N_("G's gradient fades where D is sure, so it may never start: compare it with ns-gan."),
        ),
    ),
    points=POINTS,
    order=40,
)
