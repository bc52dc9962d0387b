"""The lab's DCGAN: convolutional networks trained like the original GAN.

Radford et al. 2015, arXiv:1511.06434, as seed 004, task 2 builds it: max-pooling and a 1024-wide layer in D, where
the paper strides its convolutions and has no fully connected layer.
"""

from pydantic import Field

from gancore.i18n import N_
from gancore.networks import ImageShape, conv_discriminator, conv_generator
from gancore.recipes.gan import AlternatingSettings, alternating_players, levels, step
from gancore.recipes.recipe import D_FAKE, D_REAL, DISCRIMINATOR_LOSS, GENERATOR_LOSS, Players, Preset, Recipe


class ConvSettings(AlternatingSettings):
    """Settings of the convolutional GAN."""

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
    discriminator_channels: int = Field(
        32, ge=1, le=512, title=N_("Discriminator channels"), description=N_("Feature maps of D's first convolution.")
    )
    discriminator_hidden: int = Field(
        1024, ge=1, le=8192, title=N_("Discriminator hidden width"), description=N_("D's last hidden layer.")
    )
    discriminator_slope: float = Field(
        0.1, ge=0, lt=1, title=N_("Discriminator slope"), description=N_("Negative slope of LeakyReLU in D.")
    )


def build(settings: ConvSettings, shape: ImageShape) -> Players:
    """The lab's networks with one Adam each."""
    generator = conv_generator(settings.latent_dim, settings.generator_hidden, settings.generator_channels, shape)
    discriminator = conv_discriminator(
        settings.discriminator_channels,
        settings.discriminator_hidden,
        settings.discriminator_slope,
        shape.packed(settings.packing),
    )
    return alternating_players(generator, discriminator, settings)


RECIPE = Recipe(
    name="dcgan",
    family="DCGAN",
    paper="Radford et al. 2015, Unsupervised Representation Learning with DCGANs, arXiv:1511.06434",
    settings=ConvSettings,
    build=build,
    step=step,
    series=(GENERATOR_LOSS, DISCRIMINATOR_LOSS, D_REAL, D_FAKE),
    levels=levels,
    presets=(
        Preset(
            name="dcgan",
            summary=N_("The lab's convolutional networks with data scaled to G's own range."),
            source=N_("seed 004, task 2, with the normalisation of its task 3"),
            run={"plan": "30ep", "grid": 8, "sample_every": "1ep"},
            note=N_("One change against dcgan-lab: data in [-1, 1], so that G can use the whole range of its tanh."),
        ),
        Preset(
            name="dcgan-lab",
            summary=N_("The same as the lab wrote it: data in [0, 1] against tanh samples. A lesson."),
            source=N_("seed 004, task 2"),
            settings={"data_range": "[0, 1]"},
            run={"plan": "30ep", "grid": 8, "sample_every": "1ep"},
            note=N_("The lab's answers speak of BatchNorm in D and of tanh fitting the data; its code has neither."),
        ),
    ),
    order=10,
)
