"""What the presets are recommended for, trained at full length; minutes each, so left out unless asked for."""

from __future__ import annotations

import pytest

from gancore.bench.runner import Variant, train_all
from gancore.evaluate.evaluate import evaluate_run
from gancore.runs import RunManager

pytestmark = pytest.mark.slow


def measured(manager: RunManager, preset: str, data: str, plan: str) -> dict[str, float]:
    """Train one run and evaluate it: metric -> value."""
    (run,) = train_all(manager, Variant(preset).configs(1, data=data, plan=plan))
    return {found.name: found.value for found in evaluate_run(run).measurements}


@pytest.mark.usefixtures("mnist")
def test_quick_draws_all_ten_digits_after_what_a_minute_gives(manager: RunManager) -> None:
    found = measured(manager, "quick", "mnist", "3000it")
    assert found["frechet"] < 25
    assert found["modes"] == 10


def test_r3gan_finds_every_mode_of_the_ring(manager: RunManager) -> None:
    found = measured(manager, "r3gan", "ring", "20000it")
    assert found["mixture_modes"] == 8
    assert found["high_quality"] > 0.959, "PacGAN4's"
