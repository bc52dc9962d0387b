"""Recipes with more than weights to keep (singular vectors, labels, sources, an average) stop and go on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from tiny_runs import CLASSES, tiny

from gancore.config import Length
from gancore.runs import RunManager
from gancore.sampling import open_sampler
from gancore.status import RunState


@pytest.mark.parametrize("preset", ["sngan", "sagan", "cgan", "wgan-gp", "pix2pix-half"])
def test_a_lengthened_run_equals_one_planned_so(make_manager: Callable[..., RunManager], preset: str) -> None:
    manager = make_manager(max_running=1)
    options = {"ema_decay": 0.9, "packing": 2, "augment": "translation"}
    whole = manager.start(tiny(preset, "8it", **options))
    part = manager.start(tiny(preset, "4it", **options))
    assert whole.wait(60)
    assert part.wait(60)
    longer = manager.resume(part.id, Length(8, "it"))
    assert longer.wait(60)
    assert longer.status().state is whole.status().state is RunState.FINISHED
    for name in whole.history().names:
        if name != "elapsed_s":
            assert np.array_equal(whole.history().column(name), longer.history().column(name)), name
    for weights in ("generator", "discriminator", "averaged"):
        file = f"checkpoint-00000008/{weights}.safetensors"
        one, two = whole.folder.load_weights(file), longer.folder.load_weights(file)
        assert all(torch.equal(one[name], two[name]) for name in one), weights


@pytest.mark.parametrize("preset", ["cgan", "acgan"])
def test_a_gallery_of_ten_has_a_class_in_each_column(manager: RunManager, preset: str) -> None:
    run = manager.start(tiny(preset, "1it", grid=10))
    assert run.wait(60)
    sampler = open_sampler(run)
    assert sampler.conditions is not None
    assert sampler.conditions.tolist() == list(range(CLASSES))
