"""How a run stands, in plain words, read from its numbers: what is certain, since when, and what to try.

Each rule looks at the signals, which mean the same for every variant, and is silent where they do not agree. The
thresholds were set on runs made to show each fault and on healthy ones; ``tests/gancore/test_diagnosis_runs.py``
trains both kinds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gancore.config import RunConfig
from gancore.evaluate.collapse import LOST
from gancore.history import History
from gancore.i18n import N_, _
from gancore.live_quality import Quality
from gancore.recent import FEWEST, LOOKBACK, RECENT, RecentSignals
from gancore.signals import SIGNAL_NAMES
from gancore.status import RunState, Status

ALWAYS = 0.999
"""``d_accuracy`` of a D that errs on no pair. Healthy runs of perceptrons stay at 0.99 for long and still learn."""
LASTING = 40
"""Probed iterations that D must err on nothing: a hinge's gradient also fades for a while where samples then catch
up, as sngan's on the digits do."""
AHEAD = 0.95
"""``d_accuracy`` from which G is losing, so that a small gradient is no sign of having arrived."""
FADED = 0.1
"""Share of its highest to which D's gradient falls when it has nothing left to learn; healthy ones keep a quarter."""
VANISHED = 0.05
"""Share of its highest to which the pull at samples falls; healthy ones keep a fifth."""
TOO_SMALL = 1e-7
"""Gradient of G that Adam's and RMSprop's eps of 1e-8 a weight outweighs, so that steps shrink to nothing."""
ALIKE = 0.15
"""Spread below which the samples of a batch look all the same; ring and digits move between 0.5 and 1.2."""
HIGH, LOW, TURNS = 0.7, 0.3, 4
"""``d_accuracy`` of a D well in front and of one well behind, both beyond the noise of 16 pairs, and how often one
must follow the other for it to be a swing."""
RUNAWAY = 100.0
"""Times its usual size, and the size itself, that tell a loss that runs away from one that drifts."""
OUT_OF_RANGE = 0.1
"""Share of values out of range at the start that tells D without looking; a sigmoid or matching tanh has none."""
BALANCED_ACCURACY, BALANCED_SPREAD, CALM = (0.45, 0.93), (0.7, 1.4), 0.12
"""Where ``d_accuracy`` and ``spread`` of healthy runs are, and the most that the former's noise is."""
GOOD_SAMPLES = 0.5
"""Share of points near some mode from which missing ones are missed and not just not reached yet."""


_RUNS_AWAY = {
    "generator_loss": N_(
        "The generator loss has been about {high:.3g} since iteration {start:,}, after {usual:.3g} before."
    ),
    "discriminator_loss": N_(
        "The discriminator loss has been about {high:.3g} since iteration {start:,}, after {usual:.3g} before."
    ),
    "critic_loss": N_(
        "The critic loss has been about {high:.3g} since iteration {start:,}, after {usual:.3g} before."
    ),
}


class Kind(StrEnum):
    """What can be found."""

    DIVERGED = "diverged"
    D_WINS = "d_wins"
    VANISHING = "vanishing"
    COLLAPSE = "collapse"
    OSCILLATION = "oscillation"
    RANGES = "ranges"
    BALANCED = "balanced"

    @property
    def is_bad(self) -> bool:
        """Whether something should be changed."""
        return self is not Kind.BALANCED


@dataclass(frozen=True)
class Finding:
    """One thing that is certain about a run."""

    kind: Kind
    headline: str
    evidence: str
    """One sentence with the run's numbers, and since when."""
    advice: str
    """What to try, in this program's settings and presets."""
    since_iteration: int


def diagnose(
    history: History, signals: History, quality: Quality | None, status: Status, config: RunConfig
) -> tuple[Finding, ...]:
    """What is certain about a run now, worst first; empty where there is too little, or a mixed picture.

    Args:
        history, signals, quality, status, config: as :class:`gancore.run.Run` gives them.

    Returns:
        Findings of different kinds. The same numbers give the same findings: nothing is remembered.
    """
    found = [_diverged(history, status, config)]
    if len(signals) >= FEWEST and set(SIGNAL_NAMES) <= set(signals.names):
        with np.errstate(invalid="ignore", divide="ignore"):  # a nan agrees with no rule
            rows = RecentSignals(signals)
            found += [
                _ranges(signals, config),
                _d_wins(rows, config),
                _vanishing(rows, config),
                _collapse(rows, quality, config),
                _oscillation(rows, config),
            ]
            if not any(found):
                found.append(_balanced(rows, quality))
    return tuple(finding for finding in found if finding is not None)


def _diverged(history: History, status: Status, config: RunConfig) -> Finding | None:
    advice = _(
        "Try a lower learning_rate than {rate:g}, or one of r3gan and sngan, which hold D back.",
        rate=config.settings.learning_rate,
    )
    if status.state is RunState.DIVERGED:
        return Finding(
            Kind.DIVERGED, _("The run diverged"), _("It {message}.", message=status.words), advice, status.iteration
        )
    latest, _count = history.since(max(0, len(history) - 10 * LOOKBACK))
    for name, evidence in _RUNS_AWAY.items():
        size = np.abs(latest.get(name, np.empty(0)))
        before, now = size[: -10 * RECENT], size[-10 * RECENT :]
        if len(before) < 10 * RECENT:
            continue
        usual, high = float(np.median(before)), float(np.median(now))
        if high > RUNAWAY * max(usual, 1):
            start = int(latest["iteration"][len(before)])
            text = _(evidence, high=high, start=start, usual=usual)
            return Finding(Kind.DIVERGED, _("The losses run away"), text, advice, start)
    return None


def _ranges(signals: History, config: RunConfig) -> Finding | None:
    first = signals.column("outside")[:3]
    if not np.all(first >= OUT_OF_RANGE):
        return None
    start = int(signals.column("iteration")[0])
    text = _(
        "At iteration {start:,}, {share:.0%} of the values in samples lay outside {range}, where the "
        "data are, so D can tell samples without looking at shapes.",
        start=start,
        share=first[0],
        range=config.settings.data_range,
    )
    advice = _("Set data_range to [-1, 1], which is what a generator ending in tanh makes.")
    return Finding(Kind.RANGES, _("Data and samples have different ranges"), text, advice, start)


def _d_wins(rows: RecentSignals, config: RunConfig) -> Finding | None:
    peak = rows.peak("d_gradient")
    certain = (rows.latest["d_accuracy"] >= ALWAYS) & (rows.latest["d_gradient"] <= FADED * peak)
    since = rows.since(certain, LASTING) if len(certain) >= LASTING else None
    if since is None:
        return None
    text = _(
        "Since iteration {since:,} D puts nearly every real sample before every generated one, and its "
        "gradient has fallen from {peak:.2g} to {now:.2g}: it has nothing left to learn from G.",
        since=since,
        peak=peak,
        now=rows.recent("d_gradient"),
    )
    return Finding(Kind.D_WINS, _("The discriminator wins outright"), text, _slow_d(config), since)


def _slow_d(config: RunConfig) -> str:
    rate = config.settings.learning_rate
    others = ", ".join(name for name in ("sngan", "dragan", "r3gan") if name != config.preset)
    if config.settings.augment != "none":
        return _(
            "Try a lower learning_rate than {rate:g} or a smaller D, or a preset that holds D back: {others}.",
            rate=rate,
            others=others,
        )
    return _(
        "Try a lower learning_rate than {rate:g} or a smaller D, augment where images are few, or a preset that "
        "holds D back: {others}.",
        rate=rate,
        others=others,
    )


def _vanishing(rows: RecentSignals, config: RunConfig) -> Finding | None:
    peak, latest = rows.peak("sample_gradient"), rows.latest
    faded = (latest["d_accuracy"] >= AHEAD) & (latest["sample_gradient"] <= VANISHED * peak)
    if (since := rows.since(faded)) is not None:
        now = rows.recent("sample_gradient")
        text = _(
            "Since iteration {since:,} G's loss pulls at samples with {now:.2g}, after {peak:.2g}, and D is ahead.",
            since=since,
            now=now,
            peak=peak,
        )
    elif (since := rows.since(latest["g_gradient"] <= TOO_SMALL)) is not None:
        now = rows.recent("g_gradient")
        text = _(
            "Since iteration {since:,} the gradient over all of G's weights is {now:.1g}, too small to move them.",
            since=since,
            now=now,
        )
    else:
        return None
    return Finding(Kind.VANISHING, _("The generator's gradient vanishes"), text, _stronger_pull(config), since)


def _stronger_pull(config: RunConfig) -> str:
    clip = getattr(config.settings, "clip", None)
    if clip is not None:
        return _("Try a larger clip than {clip:g}, such as 0.01, or wgan-gp, which needs none.", clip=clip)
    if config.preset == "minimax":
        return _(
            "Try ns-gan, whose loss pulls hardest where D is sure, or wgan-gp; a lower learning_rate may do too."
        )
    if config.preset in ("grl", "grl-in-turns"):
        return _(
            "It plays the minimax game, which fades where D is sure: try ns-gan or wgan-gp, or a lower learning_rate."
        )
    return _(
        "Try a lower learning_rate than {rate:g}, or wgan-gp, whose pull does not fade.",
        rate=config.settings.learning_rate,
    )


def _collapse(rows: RecentSignals, quality: Quality | None, config: RunConfig) -> Finding | None:
    peak, headline = rows.peak("spread"), _("The generator has collapsed")
    limit = min(ALIKE, peak / 2)
    advice = (
        _("Try a larger packing, which shows D several samples at once, r3gan, or a lower learning_rate.")
        if config.settings.packing > 1
        else _("Try packing 2 or 4, which shows D several samples at once, r3gan, or a lower learning_rate.")
    )
    if (since := rows.since(rows.latest["spread"] <= limit)) is not None:
        now = rows.recent("spread")
        text = _(
            "Since iteration {since:,} samples differ {now:.2f} times as much as data do, after {peak:.2f}.",
            since=since,
            now=now,
            peak=peak,
        )
        return Finding(Kind.COLLAPSE, headline, text, advice, since)
    if quality is None or quality.facts.classes < 2 or "modes" not in quality.history.names:
        return None
    measured, _count = quality.history.since()
    classes, modes = quality.facts.classes, measured["modes"]
    if len(modes) < 2:
        return None
    few = modes <= LOST * classes
    if "high_quality" in measured:
        few &= measured["high_quality"] >= GOOD_SAMPLES
    else:  # a classifier names garbage too: that classes are missing is certain only where they were there before
        few &= np.maximum.accumulate(modes) > LOST * classes
    if not few[-2:].all():
        return None
    first = len(few) - int(np.argmin(few[::-1])) if not few.all() else 0
    since = int(measured["iteration"][first])
    most = float(modes[first:].max())
    text = (
        _(
            "Since iteration {since:,} samples cover no more than {most:.0f} of {modes} modes.",
            since=since,
            most=most,
            modes=classes,
        )
        if "high_quality" in measured
        else _(
            "Since iteration {since:,} samples cover no more than {most:.0f} of {classes} classes.",
            since=since,
            most=most,
            classes=classes,
        )
    )
    return Finding(Kind.COLLAPSE, _("The generator leaves out much of the data"), text, advice, since)


def _oscillation(rows: RecentSignals, config: RunConfig) -> Finding | None:
    accuracy = rows.latest["d_accuracy"][-2 * RECENT :]
    extreme = np.flatnonzero((accuracy > HIGH) | (accuracy < LOW))
    ahead = accuracy[extreme] > HIGH
    turns = int((np.diff(ahead.astype(int)) != 0).sum())
    if turns < TURNS:
        return None
    since = int(rows.latest["iteration"][-len(accuracy) :][extreme[0]])
    text = _(
        "Since iteration {since:,} the lead has changed {turns} times: D tells between {low:.0%} and "
        "{high:.0%} of the pairs.",
        since=since,
        turns=turns,
        low=accuracy.min(),
        high=accuracy.max(),
    )
    advice = _(
        "Try a lower learning_rate than {rate:g}, rate_decay linear, or r3gan, whose penalties damp the "
        "swing; ema_decay steadies what is shown.",
        rate=config.settings.learning_rate,
    )
    return Finding(Kind.OSCILLATION, _("The players chase each other"), text, advice, since)


def _balanced(rows: RecentSignals, quality: Quality | None) -> Finding | None:
    latest = rows.latest
    if quality is not None and quality.facts.classes > 1 and "modes" in quality.history.names:
        modes = quality.history.column("modes")
        if len(modes) and modes[-1] <= LOST * quality.facts.classes:
            return None
    accuracy, spread = latest["d_accuracy"][-RECENT:], latest["spread"][-RECENT:]
    mean, between = float(accuracy.mean()), float(np.median(spread))
    fits = BALANCED_ACCURACY[0] <= mean <= BALANCED_ACCURACY[1] and accuracy.std() <= CALM
    if not (fits and BALANCED_SPREAD[0] <= between <= BALANCED_SPREAD[1]):
        return None
    low, high = BALANCED_ACCURACY[0] - CALM, BALANCED_ACCURACY[1] + CALM / 2
    in_reach = (latest["d_accuracy"] >= low) & (latest["d_accuracy"] <= high)
    since = rows.since(in_reach & (latest["spread"] >= BALANCED_SPREAD[0]) & (latest["spread"] <= BALANCED_SPREAD[1]))
    if since is None:
        return None
    text = _(
        "Since iteration {since:,} neither is far ahead: D tells {share:.0%} of the pairs (50 % is "
        "guessing), and samples differ {between:.2g} times as much as data do.",
        since=since,
        share=mean,
        between=between,
    )
    return Finding(Kind.BALANCED, _("The players are balanced"), text, _("Train on: quality grows with time."), since)
