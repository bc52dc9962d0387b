"""AC-GAN: D also names the class of what it sees, and G is rewarded for samples whose class is told right.

Odena et al. 2017, arXiv:1610.09585, equations 2 and 3: D minimises -(L_S + L_C), G minimises -L_C and, in the
non-saturating form, its own part of -L_S.
"""

from torch import Tensor

from gancore import losses
from gancore.i18n import N_
from gancore.networks import LabelledGenerator, Shape
from gancore.recipes.alternating import PROBABILITIES, draw, probabilities, update_generator
from gancore.recipes.cgan import LabelSettings
from gancore.recipes.compact import POINTS, compact_discriminator, compact_generator
from gancore.recipes.gan import alternating_players
from gancore.recipes.recipe import (
    DISCRIMINATOR_LOSS,
    GENERATOR_LOSS,
    Feed,
    Players,
    Preset,
    Recipe,
    Series,
    descend,
)


def build(settings: LabelSettings, shape: Shape, classes: int) -> Players:
    """The compact networks; D gives a score and, for every sample of its pack, the classes' logits."""
    inputs = settings.latent_dim + settings.label_dim
    generator = LabelledGenerator(compact_generator(settings, shape, inputs), classes, settings.label_dim)
    outputs = 1 + settings.packing * classes
    discriminator = compact_discriminator(settings, shape.packed(settings.packing), outputs=outputs)
    return alternating_players(generator, discriminator, settings)


def judge(players: Players, samples: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Scores (packs, 1), the classes' cross-entropy, and the share of classes told right."""
    columns = players.score(samples)
    logits = columns[:, 1:].reshape(len(columns) * players.packing, -1)
    labels = labels[: len(logits)]
    accuracy = (logits.detach().argmax(1) == labels).float().mean()
    return columns[:, :1], losses.class_cross_entropy(logits, labels), accuracy


def step(players: Players, settings: LabelSettings, feed: Feed) -> dict[str, Tensor]:
    """Both players minimise the adversarial loss plus the cross-entropy of classes; what is logged is the sum."""
    real, labels = feed.real(), feed.labels()
    told = feed.random_labels(len(real))
    fake = draw(players, feed.latents(len(real)), told)
    real_scores, real_class_loss, real_accuracy = judge(players, real, labels)
    fake_scores, fake_class_loss, fake_accuracy = judge(players, fake, told)
    d_loss = losses.bce_real(real_scores) + losses.bce_fake(fake_scores) + real_class_loss + fake_class_loss
    descend(players.optimizers["discriminator"], d_loss)

    latents, wanted = feed.latents(len(real)), feed.random_labels(len(real))

    def generator_loss() -> Tensor:
        wanted_scores, class_loss, _ = judge(players, players.generate(latents, wanted), wanted)
        return losses.non_saturating(wanted_scores) + class_loss

    return {
        "generator_loss": update_generator(players, generator_loss),
        "discriminator_loss": d_loss.detach(),
        **probabilities(real_scores, fake_scores),
        "real_accuracy": real_accuracy,
        "fake_accuracy": fake_accuracy,
    }


RECIPE = Recipe(
    name="acgan",
    family="AC-GAN",
    paper="Odena et al. 2017, Conditional Image Synthesis with Auxiliary Classifier GANs, arXiv:1610.09585",
    settings=LabelSettings,
    build=build,
    step=step,
    series=(
        GENERATOR_LOSS,
        DISCRIMINATOR_LOSS,
        *PROBABILITIES,
        Series("real_accuracy", N_("Classes of data told right"), "probability"),
        Series("fake_accuracy", N_("Classes of samples told right"), "probability"),
    ),
    presets=(
        Preset(
            name="acgan",
            summary=N_("Told which class to make; D names the class of what it sees."),
            source=N_("Odena et al. 2017, equations 2 and 3"),
            run={"plan": "30ep", "grid": 10, "sample_every": "1ep"},
            note=N_(
                "With ten classes each column of a gallery is one. G is rewarded for samples easily "
                "told, so it tends to less variety within a class than cgan's."
            ),
        ),
    ),
    conditioned_on="label",
    points=POINTS,
    order=130,
)
