"""The lab's questions: for each family of GANs those of its task, and those that every report ends with."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from gancore.i18n import N_

AUTHOR = "author"
"""What a report is signed with is kept as an answer is."""


@dataclass(frozen=True)
class Question:
    """One question of the lab."""

    name: str
    """Under which its answer is kept."""
    text: str
    """In English."""


@dataclass(frozen=True)
class Group:
    """Questions under one heading."""

    title: str
    questions: tuple[Question, ...]
    families: tuple[str, ...] = ()
    """:attr:`gancore.recipes.recipe.Recipe.family` of the runs they are about; empty: any."""
    fewest: int = 1
    """Runs that they take."""


GROUPS = (
    Group(
        N_("GAN"),
        (
            Question(
                "gan-adversarial",
                N_(
                    "Why is the training of a GAN called adversarial, and how does the contest improve the generator?"
                ),
            ),
            Question(
                "gan-activations",
                N_(
                    "What sets ReLU and LeakyReLU apart, and why does the generator use the one and the "
                    "discriminator the other?"
                ),
            ),
            Question(
                "gan-structure",
                N_(
                    "Describe both networks from their tables in the report or their graphs in TensorBoard: what "
                    "goes in, what comes out, and which layers hold most of the parameters?"
                ),
            ),
        ),
        ("GAN", "NS-GAN", "Minimax"),
    ),
    Group(
        N_("DCGAN"),
        (
            Question(
                "dcgan-difference",
                N_("What are the main differences between DCGAN and the original GAN, and why do they suit images?"),
            ),
            Question(
                "dcgan-layers",
                N_("Which kinds of layers do DCGAN's two networks rest on, and how do they show in the samples?"),
            ),
            Question(
                "dcgan-batchnorm",
                N_("Why does DCGAN use batch normalisation, and what does it do to the training?"),
            ),
        ),
        ("DCGAN",),
    ),
    Group(
        N_("WGAN"),
        (
            Question(
                "wgan-difference",
                N_(
                    "What are the main differences between WGAN and the original GAN, and why can it train more "
                    "stably?"
                ),
            ),
            Question(
                "wgan-critic",
                N_(
                    "Why has the critic no sigmoid, what does limiting its weights or gradients achieve, and what "
                    "does its loss tell that a discriminator's does not?"
                ),
            ),
        ),
        ("WGAN", "WGAN-GP"),
    ),
    Group(
        N_("Gradient reversal"),
        (
            Question(
                "grl-one-pass",
                N_(
                    "How does a gradient reversal layer train both players in one backward pass, and how does that "
                    "compare with training them in turns?"
                ),
            ),
        ),
        ("GRL",),
    ),
    Group(
        N_("pix2pix"),
        (
            Question(
                "pix2pix-losses",
                N_("What does each part of pix2pix's loss do for the images, and what would be missing without it?"),
            ),
        ),
        ("pix2pix",),
    ),
    Group(
        N_("Observations"),
        (
            Question(
                "trends",
                N_(
                    "How do each run's losses change, and how do its samples at 0, 25, 50, 75 and 100 %? What do the "
                    "curves tell about the samples, and what not?"
                ),
            ),
            Question(
                "tuning",
                N_("Which settings did you change to get better samples, and what came of each change?"),
            ),
        ),
    ),
    Group(
        N_("Comparison"),
        (
            Question(
                "comparison",
                N_(
                    "How do the samples of these runs differ, by eye and by the numbers? What do you think causes "
                    "the differences, and how could you test that?"
                ),
            ),
        ),
        fewest=2,
    ),
    Group(
        N_("Conclusions"),
        (Question("conclusions", N_("What have you learned in this lab, and what would you try next?")),),
    ),
)
"""In the order of a report."""


def questions_for(families: Collection[str], runs: int = 1) -> list[Group]:
    """The groups that a report on so many runs of these families has."""
    return [
        group
        for group in GROUPS
        if runs >= group.fewest and (not group.families or not set(group.families).isdisjoint(families))
    ]
