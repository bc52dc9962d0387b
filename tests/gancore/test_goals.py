"""What the presets are recommended for, trained at full length; minutes each, so left out unless asked for."""

from __future__ import annotations

import pytest

from gancore.bench.runner import Variant, train_all
from gancore.evaluate.evaluate import evaluate_run
from gancore.runs import RunManager

pytestmark = pytest.mark.slow


@pytest.mark.usefixtures("mnist")
def test_quick_draws_all_ten_digits_after_what_a_minute_gives(manager: RunManager) -> None:
    (run,) = train_all(manager, Variant("quick").configs(1, data="mnist", plan="3000it"))
    found = evaluate_run(run)
    distance, modes = found.measurement("frechet"), found.measurement("modes")
    assert distance is not None
    assert modes is not None
    assert distance.value < 25
    assert modes.value == 10


def test_r3gan_finds_every_mode_of_the_ring(manager: RunManager) -> None:
    (run,) = train_all(manager, Variant("r3gan").configs(1, data="ring", plan="20000it"))
    found = evaluate_run(run)
    modes, quality = found.measurement("mixture_modes"), found.measurement("high_quality")
    assert modes is not None
    assert quality is not None
    assert modes.value == 8
    assert quality.value > 0.959, "PacGAN4's"
