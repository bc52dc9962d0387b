"""The diagnosis on rows made by hand: each finding, its beginning, and silence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from gancore.config import RunConfig
from gancore.diagnosis import Finding, Kind, diagnose
from gancore.history import POSITION, Columns, History
from gancore.live_quality import Quality, QualityFacts
from gancore.recent import LOOKBACK
from gancore.recipes import configure
from gancore.signals import PROBE_EVERY, SIGNAL_NAMES
from gancore.status import RunState, Status

USUAL = {
    "d_accuracy": 0.75,
    "d_gradient": 1.0,
    "g_gradient": 1.0,
    "sample_gradient": 0.5,
    "d_update": 2e-3,
    "g_update": 2e-3,
    "spread": 0.6,
    "outside": 0.0,
}
"""A run of which nothing is certain: nobody wins, but samples are still more alike than data."""


def rows_of(names: Sequence[str], every: int, count: int, **columns: Any) -> History:
    """A history of so many rows; columns are numbers or one number a row."""
    iterations = 1 + every * np.arange(count)
    values = {"iteration": iterations, **columns}
    history = History([*POSITION, *names])
    history.append(np.column_stack([np.broadcast_to(values.get(name, 0.0), count) for name in history.names]))
    return history


def signals_of(count: int = 100, **columns: Any) -> History:
    return rows_of(SIGNAL_NAMES, PROBE_EVERY, count, **{**USUAL, **columns})


def found(
    signals: History,
    quality: Quality | None = None,
    status: Status | None = None,
    config: RunConfig | None = None,
    losses: History | None = None,
) -> tuple[Finding, ...]:
    losses = losses or rows_of(
        ["generator_loss", "discriminator_loss"], 1, 1000, generator_loss=1, discriminator_loss=1
    )
    return diagnose(losses, signals, quality, status or Status(), config or configure("minimax"))


def only(findings: tuple[Finding, ...], kind: Kind) -> Finding:
    assert [finding.kind for finding in findings] == [kind]
    return findings[0]


def from_row(first: int, before: float, after: float, count: int = 100) -> np.ndarray:
    return np.where(np.arange(count) < first, before, after)


def measured(modes: Sequence[float], classes: int, **columns: Any) -> Quality:
    history = rows_of(["modes", *columns], 100, len(modes), modes=modes, **columns)
    return Quality(facts=QualityFacts(extractor="", samples=500, classes=classes), history=history)


def test_silence_where_nothing_is_certain() -> None:
    assert found(signals_of()) == ()
    assert found(signals_of(0)) == ()
    assert found(signals_of(19, d_accuracy=1.0, spread=1e-6, g_gradient=0.0)) == (), "too few rows"
    assert found(signals_of(**dict.fromkeys(USUAL, np.nan))) == ()
    assert found(signals_of(d_accuracy=from_row(85, 0.75, 1.0), d_gradient=from_row(85, 1.0, 1e-4))) == (), (
        "just begun"
    )


def test_a_discriminator_that_wins() -> None:
    signals = signals_of(d_accuracy=from_row(40, 0.8, 1.0), d_gradient=from_row(40, 1.0, 0.01))
    finding = only(found(signals), Kind.D_WINS)
    assert 380 <= finding.since_iteration <= 401
    assert "from 1 to 0.01" in finding.evidence
    assert "learning_rate than 0.0002" in finding.advice


def test_an_optimal_critic_does_not_win() -> None:
    """A Wasserstein critic that tells all pairs still has a gradient, and so has G."""
    assert found(signals_of(d_accuracy=1.0)) == ()


@pytest.mark.parametrize(
    ("preset", "advice"),
    [("minimax", "ns-gan"), ("grl", "ns-gan"), ("wgan", "larger clip"), ("gan-simple", "wgan-gp")],
)
def test_a_gradient_that_vanishes(preset: str, advice: str) -> None:
    signals = signals_of(d_accuracy=0.97, sample_gradient=from_row(50, 0.5, 0.005))
    finding = only(found(signals, config=configure(preset)), Kind.VANISHING)
    assert 490 <= finding.since_iteration <= 501
    assert advice in finding.advice


def test_a_small_gradient_of_players_who_have_arrived_does_not_vanish() -> None:
    assert found(signals_of(d_accuracy=0.5, sample_gradient=from_row(50, 0.5, 0.005))) == ()


def test_a_gradient_too_small_for_the_optimizer() -> None:
    assert only(found(signals_of(g_gradient=1e-9)), Kind.VANISHING).since_iteration == 1


def test_samples_that_are_all_alike() -> None:
    finding = only(found(signals_of(spread=from_row(30, 0.9, 0.02))), Kind.COLLAPSE)
    assert 290 <= finding.since_iteration <= 301
    assert "packing 2 or 4" in finding.advice
    packed = found(signals_of(spread=from_row(30, 0.9, 0.02)), config=configure("minimax", packing=2))
    assert "a larger packing" in packed[0].advice


def test_samples_that_have_not_spread_yet_have_not_collapsed() -> None:
    assert found(signals_of(spread=np.linspace(0.05, 0.12, 100))) == ()


def test_modes_left_out() -> None:
    finding = only(found(signals_of(), measured([2, 2, 1], 8, high_quality=[0.1, 0.8, 0.9])), Kind.COLLAPSE)
    assert finding.since_iteration == 101
    assert "2 of 8 modes" in finding.evidence
    assert found(signals_of(), measured([2, 2, 1], 8, high_quality=[0.1, 0.1, 0.2])) == (), "not reached yet"


def test_classes_lost() -> None:
    finding = only(found(signals_of(), measured([1, 9, 10, 4, 3], 10, confidence=0.9)), Kind.COLLAPSE)
    assert finding.since_iteration == 301
    assert found(signals_of(), measured([1, 2, 3], 10, confidence=0.9)) == (), "never had"
    assert found(signals_of(), measured([9, 10, 4, 9], 10, confidence=0.9)) == (), "regained"


def test_players_who_chase_each_other() -> None:
    swing = 0.5 + 0.45 * np.sin(np.arange(100) / 3)
    finding = only(found(signals_of(d_accuracy=swing)), Kind.OSCILLATION)
    assert "rate_decay" in finding.advice
    noise = np.random.default_rng(0).normal(0.5, 0.1, 100)
    assert found(signals_of(d_accuracy=noise)) == (), "what batches of 16 scatter"


def test_divergence() -> None:
    status = Status(state=RunState.DIVERGED, message="diverged at iteration 812: critic loss is nan", iteration=812)
    finding = found(signals_of(), status=status)[0]
    assert (finding.kind, finding.since_iteration) == (Kind.DIVERGED, 812)
    assert found(signals_of(3), status=status)[0] == finding, "even before there are signals"
    loss = from_row(700, 1.0, -5000.0, 1000)
    losses = rows_of(["generator_loss", "critic_loss"], 1, 1000, critic_loss=loss)
    assert only(found(signals_of(), losses=losses), Kind.DIVERGED).since_iteration == 701
    drifting = rows_of(["generator_loss", "critic_loss"], 1, 1000, critic_loss=np.linspace(1, 60, 1000))
    assert found(signals_of(), losses=drifting) == ()


def test_ranges_that_do_not_match() -> None:
    config = configure("gan-lab")
    finding = only(found(signals_of(outside=np.linspace(0.5, 0, 100)), config=config), Kind.RANGES)
    assert finding.since_iteration == 1
    assert "data_range" in finding.advice
    assert "50 %" in finding.evidence
    assert found(signals_of(outside=np.nan)) == (), "points have no range"


def test_balance() -> None:
    good = signals_of(d_accuracy=from_row(20, 1.0, 0.7), spread=1.0)
    finding = only(found(good), Kind.BALANCED)
    assert 190 <= finding.since_iteration <= 211
    assert not finding.kind.is_bad
    assert found(good, measured([1, 2], 8, high_quality=0.1)) == (), "balanced, but not yet good"


def test_a_long_history_is_not_read_through(monkeypatch: pytest.MonkeyPatch) -> None:
    signals = signals_of(100_000, spread=1.0)
    losses = rows_of(["generator_loss", "discriminator_loss"], 1, 1_000_000)
    read, since = [], History.since

    def counted(history: History, cursor: int = 0) -> tuple[Columns, int]:
        read.append(len(history) - cursor)
        return since(history, cursor)

    monkeypatch.setattr(History, "since", counted)
    only(found(signals, losses=losses), Kind.BALANCED)
    assert sorted(read) == [LOOKBACK, 10 * LOOKBACK]
