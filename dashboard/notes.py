"""What the charts say, folded beside them: a few sentences each, and the topic of Learn that has the rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dashboard.learn.topics import topics_here
from gancore.i18n import N_, _

LEARN_PAGE = Path(__file__).parent / "views" / "learn.py"


@dataclass(frozen=True)
class Note:
    """One quantity, or several that are read together; the texts are English, marked for translation."""

    title: str
    text: str
    topic: str


_GENERATOR = Note(
    N_("Generator loss"),
    N_(
        "How badly the samples fool the present D. With cross-entropy it is log 2 ≈ 0.69 where D cannot tell, for "
        "the saturating loss −0.69. D learns too, so it need not fall: a good generator often has a higher loss "
        "than an untrained one. High and rising while D's loss nears 0 means that D wins."
    ),
    "reading-curves",
)
_WASSERSTEIN_GENERATOR = Note(
    N_("Generator loss against a critic"),
    N_(
        "Minus the critic's mean score of samples. The critic may add any constant to its scores, so sign, size and "
        "slow drift of this curve mean nothing. Read the critic loss instead."
    ),
    "wasserstein",
)
NOTES: dict[str, Note] = {
    "generator_loss": _GENERATOR,
    "discriminator_loss": Note(
        N_("Discriminator loss"),
        N_(
            "How badly D tells data from samples. The sum of two cross-entropies is log 4 ≈ 1.39 for a guess, their "
            "mean 0.69; 0 means that D is always right and sure. Between the two is normal. Near the guess, either "
            "the samples are good or D has not learned."
        ),
        "equilibrium",
    ),
    "critic_loss": Note(
        N_("Critic loss"),
        N_(
            "Mean score of samples minus that of data. Its negative is the Wasserstein distance up to an unknown "
            "factor, so within one run it should move towards 0 as samples get better. Scales of different runs "
            "cannot be compared. A value that grows without end says that the critic's slope is not held."
        ),
        "wasserstein",
    ),
    "penalty": Note(
        N_("Gradient penalty"),
        N_(
            "What the discriminator or critic pays for a slope that is not as asked. It is normal for it to be high "
            "at first and small afterwards; as large as the loss itself, it rules the training."
        ),
        "clipping",
    ),
    "d_real": Note(
        N_("D(x) and D(G(z))"),
        N_(
            "D's mean probability that data, and that samples, are real. Some distance between the two is normal; "
            "they meet at 1/2 where D can only guess. D(x) near 1 and D(G(z)) near 0 for long means that D wins, and "
            "a saturating loss then teaches G nothing."
        ),
        "optimal-discriminator",
    ),
    "d_accuracy": Note(
        N_("D tells pairs"),
        N_(
            "How often D scores a real sample above a generated one: 1/2 is guessing, 1 is always. It means the same "
            "for every loss, so it can be compared between runs. 0.6 to 0.95 is common; at 1 for long, look whether "
            "the gradient at samples fades."
        ),
        "reading-curves",
    ),
    "sample_gradient": Note(
        N_("Lengths of gradients"),
        N_(
            "How hard each player is pushed, and how strongly G's loss pulls at one sample. Their scale follows the "
            "loss; what matters is the course. Near 0 at the samples, G is told nothing; growth by orders of "
            "magnitude comes before divergence."
        ),
        "vanishing-gradients",
    ),
    "g_update": Note(
        N_("Updates"),
        N_(
            "Length of one step as a share of the length of the weights. Around 0.001 is common; 0.1 is wild, and "
            "0.00001 hardly learns. The players need not be equal."
        ),
        "reading-curves",
    ),
    "spread": Note(
        N_("Spread of samples"),
        N_(
            "How much the samples of a batch differ, against real ones: 1 is as much. Near 0 all are alike: a "
            "collapse."
        ),
        "mode-collapse",
    ),
    "outside": Note(
        N_("Samples out of range"),
        N_(
            "Share of the samples' values that no image of the data can have. Above 0 for long, the generator's last "
            "layer and the data's range do not fit."
        ),
        "data-range",
    ),
    "frechet": Note(
        N_("Fréchet distance"),
        N_(
            "How far the features of samples are from those of data, in mean and covariance; lower is better. Real "
            "data do not reach 0 either. Only distances from as many samples and the same network are comparable; "
            "live ones come from few and are for their course."
        ),
        "measuring",
    ),
    "wasserstein": Note(
        N_("Sliced Wasserstein distance"),
        N_("How far samples have to be moved to become data, averaged over directions; lower is better."),
        "measuring",
    ),
    "modes": Note(
        N_("Classes or modes covered"),
        N_(
            "How many kinds the samples show. It should rise early and stay; a fall is mode collapse. In the plane a "
            "mode counts with one sharp sample, so blurred samples lower it too."
        ),
        "mode-collapse",
    ),
    "precision": Note(
        N_("Precision and recall"),
        N_(
            "Precision is the share of samples that lie among data, recall the share of data that lies among "
            "samples. High precision with low recall means good samples of little variety; the other way round, "
            "variety with many failures."
        ),
        "measuring",
    ),
    "cross-scores": Note(
        N_("Every discriminator on every run's samples"),
        N_(
            "Each discriminator knows the faults of its own generator. One that tells all samples from data is "
            "strong; samples that fool strangers' discriminators may be good, or good in another way. It does not "
            "rank runs by itself."
        ),
        "optimal-discriminator",
    ),
    "coordinates": Note(
        N_("Parallel coordinates"),
        N_(
            "Each line is a run, each axis a setting or a result. Lines that cross between two axes say that more of "
            "one goes with less of the other. With few runs that may be chance: repeat them with other seeds."
        ),
        "reading-curves",
    ),
}
"""Column or card -> its note."""
_SAME = {
    "d_fake": "d_real",
    "d_gradient": "sample_gradient",
    "g_gradient": "sample_gradient",
    "d_update": "g_update",
    "confidence": "modes",
    "high_quality": "modes",
    "recall": "precision",
}
"""Columns that another's note speaks of too."""


def notes_of(columns: Iterable[str]) -> list[Note]:
    """The notes of some quantities, each once, in their order; those without one are passed over."""
    named = list(columns)
    found: list[Note] = []
    for column in named:
        note = NOTES.get(_SAME.get(column, column))
        notes = [note] if note is not None else []
        if column == "generator_loss" and "critic_loss" in named:
            notes = [_WASSERSTEIN_GENERATOR]
            if "discriminator_loss" in named:
                notes.insert(0, _GENERATOR)
        found += [each for each in notes if each not in found]
    return found


def folded_notes(columns: Iterable[str], key: str, label: str = N_("What do these curves say?")) -> None:
    """One line that opens to the notes; nothing is drawn of them before, so that a live card stays as quick.

    Args:
        columns: quantities of the charts above, or names of cards.
        key: of the expander, and the notes' links.
        label: English, marked for translation.
    """
    card = st.expander(_(label), icon=":material/help:", key=f"notes-{key}", on_change="rerun")
    if not card.open:
        return
    topics = topics_here()
    with card:
        for note in notes_of(columns):
            st.markdown(_("**{title}.** {text}", title=_(note.title), text=_(note.text)))
            st.page_link(
                LEARN_PAGE,
                label=topics[note.topic].title,
                icon=":material/school:",
                query_params={"topic": note.topic},
            )
