"""The diagnosis of real runs: each made to show one fault shows it, and healthy ones show none."""

from __future__ import annotations

from typing import Any

import pytest
from tiny_runs import tiny

from gancore.diagnosis import Kind, diagnose
from gancore.run import Run
from gancore.runs import RunManager

POINTS = {"point_widths": (32, 32), "batch_size": 64, "latent_dim": 2, "learning_rate": 1e-3}
PERCEPTRONS = {
    "generator_widths": (64, 64),
    "discriminator_widths": (64, 64),
    "batch_size": 32,
    "latent_dim": 16,
}


def kinds_of(manager: RunManager, preset: str, plan: str, **options: Any) -> set[Kind]:
    run: Run = manager.start(tiny(preset, plan, **options))
    assert run.wait(120)
    findings = diagnose(run.history(), run.signals(), run.quality(), run.status(), run.config)
    assert all(1 <= finding.since_iteration <= run.status().iteration for finding in findings)
    return {finding.kind for finding in findings}


def test_minimax_against_a_strong_discriminator(manager: RunManager) -> None:
    found = kinds_of(
        manager,
        "minimax",
        "650it",
        discriminator_channels=8,
        discriminator_hidden=32,
        learning_rate=2e-3,
    )
    assert {Kind.D_WINS, Kind.VANISHING} <= found


def test_a_rate_far_too_high_collapses(manager: RunManager) -> None:
    found = kinds_of(manager, "gan-simple", "800it", **PERCEPTRONS, learning_rate=0.02)
    assert Kind.COLLAPSE in found


def test_players_that_chase_each_other_round_the_ring(manager: RunManager) -> None:
    assert Kind.OSCILLATION in kinds_of(manager, "ns-gan", "600it", data="ring", **POINTS)


def test_a_clip_far_too_small(manager: RunManager) -> None:
    found = kinds_of(
        manager, "wgan", "200it", clip=1e-4, critic_steps=1, batch_size=4, critic_channels=2, generator_channels=4
    )
    assert found == {Kind.VANISHING}


def test_the_labs_missing_normalisation(manager: RunManager) -> None:
    assert Kind.RANGES in kinds_of(manager, "gan-lab", "200it", **PERCEPTRONS)


def test_r3gan_on_the_ring_is_balanced(manager: RunManager) -> None:
    options = POINTS | {"point_widths": (64, 64), "batch_size": 128, "learning_rate": 2e-3}
    assert kinds_of(manager, "r3gan", "600it", data="ring", **options) == {Kind.BALANCED}


def test_quick_on_digits_is_balanced(manager: RunManager) -> None:
    options = {
        "generator_hidden": 64,
        "generator_channels": 4,
        "discriminator_channels": 8,
        "discriminator_hidden": 32,
        "batch_size": 64,
        "latent_dim": 32,
    }
    assert kinds_of(manager, "quick", "450it", **options) == {Kind.BALANCED}


@pytest.mark.parametrize(
    ("preset", "options"),
    [
        ("gan-simple", PERCEPTRONS),
        ("gan-deep", PERCEPTRONS),
        pytest.param("wgan-gp", {"data": "ring", **POINTS}, marks=pytest.mark.slow),
    ],
)
def test_healthy_runs_show_nothing_bad(manager: RunManager, preset: str, options: dict[str, Any]) -> None:
    assert not any(kind.is_bad for kind in kinds_of(manager, preset, "400it", **options))
