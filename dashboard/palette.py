"""Every colour that means something, chosen so that a colour-blind reader can tell them apart on both themes.

One shade serves the light and the dark page, as figures and downloads do not know which they are on: each has a
contrast of at least 3:1 against ``#ffffff`` and ``#11131a`` (WCAG 2.2, 1.4.11), which leaves lightness only a narrow
band. Okabe and Ito's palette (2008) has shades outside that band (yellow, sky blue, black), so the eight below were
searched for within it: the smallest OKLab distance (Ottosson 2020) between any two, over normal vision, protanopia,
deuteranopia and tritanopia as Machado et al. (2009) simulate them, is 0.10, five times what is just noticeable. Their
order keeps the first few, which are seen most, furthest apart. Thirty-two runs differ by colour and dash together.
"""

from __future__ import annotations

from gancore.status import RunState

BLUE, OCHRE, LAVENDER, TEAL = "#006cb4", "#c08400", "#a878fc", "#3c9cb4"
VIOLET, PLUM, PINK, OLIVE = "#9c18fc", "#a83c78", "#f05484", "#606c00"

RUN_COLORS = (BLUE, OCHRE, LAVENDER, TEAL, VIOLET, PLUM, PINK, OLIVE)
"""In the order in which runs get them."""
DASHES = ("solid", "dash", "dot", "dashdot")
"""Plotly's line styles; the next one when the colours are used up."""

GENERATOR_COLOR, DISCRIMINATOR_COLOR = TEAL, VIOLET
REAL_COLOR, FAKE_COLOR = BLUE, OCHRE
SERIES_COLORS = {
    "generator_loss": GENERATOR_COLOR,
    "discriminator_loss": DISCRIMINATOR_COLOR,
    "critic_loss": DISCRIMINATOR_COLOR,
    "fake_loss": FAKE_COLOR,
    "real_loss": REAL_COLOR,
    "d_real": REAL_COLOR,
    "d_fake": FAKE_COLOR,
    "frechet": PLUM,
    "wasserstein": PLUM,
    "confidence": LAVENDER,
    "high_quality": LAVENDER,
    "modes": OLIVE,
}
"""History column -> colour."""
OTHER_COLORS = (PINK, OLIVE, PLUM, LAVENDER)
"""Of columns that :data:`SERIES_COLORS` does not name, in order."""
DATA_COLOR = "#7a8194"
"""What is real among bars of runs: a grey, which no run has."""

STATE_COLORS: dict[RunState, str] = {
    RunState.QUEUED: "gray",
    RunState.RUNNING: "green",
    RunState.PAUSED: "orange",
    RunState.STOPPED: "gray",
    RunState.FINISHED: "blue",
    RunState.DIVERGED: "red",
    RunState.FAILED: "red",
    RunState.INTERRUPTED: "orange",
}
"""Streamlit's names; a state is always written out as well, never told by its colour alone."""
