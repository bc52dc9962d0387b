"""The loss that most call the GAN's, on the compact networks. Goodfellow et al. 2014, arXiv:1406.2661, section 3."""

from gancore import losses
from gancore.i18n import N_
from gancore.recipes.alternating import PROBABILITIES, alternate, build, probabilities
from gancore.recipes.compact import POINTS, CompactSettings
from gancore.recipes.recipe import CROSS_ENTROPY, DISCRIMINATOR_LOSS, GENERATOR_LOSS, Preset, Recipe

RECIPE = Recipe(
    name="ns-gan",
    family="NS-GAN",
    paper="Goodfellow et al. 2014, Generative Adversarial Nets, arXiv:1406.2661",
    settings=CompactSettings,
    build=build,
    step=alternate(
        lambda real, fake: losses.bce_real(real) + losses.bce_fake(fake), losses.non_saturating, probabilities
    ),
    series=(GENERATOR_LOSS, DISCRIMINATOR_LOSS, *PROBABILITIES),
    levels=lambda _settings: CROSS_ENTROPY,
    presets=(
        Preset(
            name="ns-gan",
            summary=N_("The non-saturating loss: G raises the log of D(G(z))."),
            source=N_("Goodfellow et al. 2014, section 3"),
            run={"plan": "30ep", "grid": 8, "sample_every": "1ep"},
            note=N_("The loss of gan-simple and dcgan on the networks of the presets below, to compare losses by."),
        ),
    ),
    points=POINTS,
    order=50,
)
