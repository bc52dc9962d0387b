"""DRAGAN: the original game with a discriminator held to a slope of 1 around the data.

Kodali et al. 2017, arXiv:1705.07215; the cross-entropy losses are Goodfellow's, and non-saturating for G.
"""

from pydantic import Field
from torch import Tensor

from gancore import losses, penalties
from gancore.i18n import N_
from gancore.recipes.alternating import PENALTY, PROBABILITIES, alternate, build, probabilities
from gancore.recipes.compact import POINTS, CompactSettings
from gancore.recipes.recipe import CROSS_ENTROPY, DISCRIMINATOR_LOSS, GENERATOR_LOSS, Feed, Players, Preset, Recipe


class DraganSettings(CompactSettings):
    """Settings of DRAGAN."""

    penalty: float = Field(
        10.0,
        ge=0,
        le=1e4,
        title=N_("Penalty"),
        description=N_("Weight of the gradient penalty, lambda in the paper."),
    )
    noise: float = Field(
        0.5,
        ge=0,
        le=10,
        title=N_("Noise"),
        description=N_("How far around the data the slope is taken, in their std."),
    )


def slope_penalty(players: Players, settings: DraganSettings, feed: Feed, real: Tensor) -> Tensor:
    """lambda (||gradient of D|| - 1)^2 near the data; D before its sigmoid, as the authors' code has it."""
    places = penalties.around(real, settings.noise, feed.uniform)
    slopes = penalties.squared_slopes(players.score(places), places, players.packing)
    return settings.penalty * penalties.one_centred(slopes)


RECIPE = Recipe(
    name="dragan",
    family="DRAGAN",
    paper="Kodali et al. 2017, On Convergence and Stability of GANs, arXiv:1705.07215",
    settings=DraganSettings,
    build=build,
    step=alternate(
        lambda real, fake: losses.bce_real(real) + losses.bce_fake(fake),
        losses.non_saturating,
        probabilities,
        slope_penalty,
    ),
    series=(GENERATOR_LOSS, DISCRIMINATOR_LOSS, PENALTY, *PROBABILITIES),
    levels=lambda _settings: CROSS_ENTROPY,
    presets=(
        Preset(
            name="dragan",
            summary=N_("The non-saturating game with D's slope held at 1 around the data."),
            source=N_("Kodali et al. 2017, the penalty of its section 2 and the authors' code"),
            run={"plan": "30ep", "grid": 8, "sample_every": "1ep"},
            note=N_(
                "The paper's noise is normal, its code's uniform and scaled by the batch's standard "
                "deviation; this is the code's."
            ),
        ),
    ),
    points=POINTS | {"penalty": 1.0},
    order=80,
)
