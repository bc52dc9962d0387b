"""What is told of a run's networks, over every preset, and that the run does not notice."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_runs import tiny

from gancore import data
from gancore.anatomy import Anatomy, Layer, Network, verdict
from gancore.errors import DataError, RunError
from gancore.examine import examine
from gancore.run import Run
from gancore.runs import RunManager
from gancore.status import RunState

WAIT_S = 60


def trained(manager: RunManager, preset: str = "gan-lab", **settings: Any) -> Run:
    run = manager.start(tiny(preset, **{"plan": "2it", "seed": 3, **settings}))
    assert run.wait(WAIT_S)
    return run


def numbers(value: Any) -> list[float]:
    if isinstance(value, dict | list | tuple):
        return [number for part in (value.values() if isinstance(value, dict) else value) for number in numbers(part)]
    return [value] if isinstance(value, float) else []


def test_every_preset_is_told_layer_by_layer(manager: RunManager, preset: str) -> None:
    run = trained(manager, preset)
    found = examine(run)
    assert (found.run, found.iteration, found.unmeasured) == (run.id, 2, "")
    assert found.generator.name == "generator"
    assert found.discriminator.name == ("critic" if preset.startswith("wgan") else "discriminator")
    for network in (found.generator, found.discriminator):
        assert sum(layer.parameters for layer in network.layers) == network.parameters > 0
        assert len({layer.path for layer in network.layers}) == len(network.layers)
        for layer in network.layers:
            assert layer.shape
            assert layer.activations is not None
            assert layer.activations.low <= layer.activations.mean <= layer.activations.high
            assert (layer.weights is None) == (layer.parameters == 0)
            assert (layer.weight_gradient_rms is None) == (layer.parameters == 0)
            assert (layer.dead is not None) == (layer.name == "ReLU")
            assert (layer.saturated is not None) == (layer.name in ("Tanh", "Sigmoid"))
        assert network.gradient_length
    assert math.prod(found.generator.layers[-1].shape or ()) == 28 * 28
    assert all(map(math.isfinite, numbers(asdict(found))))


def test_points_have_an_anatomy_too(manager: RunManager) -> None:
    found = examine(trained(manager, "r3gan", data="ring", latent_dim=2))
    assert [layer.shape for layer in found.generator.layers] == [(16,), (16,), (16,), (16,), (2,)]


def test_two_looks_are_the_same_and_leave_everything_as_it_was(manager: RunManager) -> None:
    run = trained(manager, "sngan")
    files = {path: path.read_bytes() for path in run.folder.path.rglob("*") if path.is_file()}
    torch.manual_seed(5)
    first = examine(run)
    drawn = torch.rand(3)
    assert examine(run) == first
    assert {path: path.read_bytes() for path in run.folder.path.rglob("*") if path.is_file()} == files
    torch.manual_seed(5)
    assert torch.equal(torch.rand(3), drawn)


def one_step(run: Run) -> None:
    """Train one iteration and wait for the pause after it."""
    before = run.status().iteration
    run.step()
    deadline = time.monotonic() + WAIT_S
    while run.status().state is not RunState.PAUSED or run.status().iteration == before:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_live_run_trains_on_as_if_nobody_had_looked(make_manager: Callable[..., RunManager]) -> None:
    plain = trained(make_manager("plain"), plan="60it")
    run = make_manager("watched").start(tiny("gan-lab", plan="60it", seed=3))
    seen = []
    for _ in range(3):
        one_step(run)
        seen.append(examine(run, WAIT_S))
        assert seen[-1].iteration == run.status().iteration
    run.resume()
    assert run.wait(WAIT_S)
    assert seen[0].generator != seen[-1].generator
    for name in ("generator_loss", "discriminator_loss"):
        assert run.history().column(name).tolist() == plain.history().column(name).tolist()


def test_a_live_run_and_its_checkpoint_say_the_same(manager: RunManager) -> None:
    run = manager.start(tiny("wgan-gp", plan="5000it", seed=3))
    one_step(run)
    live = examine(run, WAIT_S)
    run.stop()
    assert run.wait(WAIT_S)
    assert examine(run) == live


def test_without_the_data_there_is_the_structure_and_why(
    manager: RunManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    for settings in ({"preset": "cgan"}, {"preset": "gan-lab", "data": "ring", "latent_dim": 2}):
        run = trained(manager, **settings)
        whole = examine(run)
        with monkeypatch.context() as patch:
            patch.setattr(data, "load", lambda *_args: (_ for _ in ()).throw(DataError("the images are gone")))
            found = examine(run)
        assert found.unmeasured == "the images are gone"
        for network, measured in ((found.generator, whole.generator), (found.discriminator, whole.discriminator)):
            assert [(layer.name, layer.shape, layer.weights) for layer in network.layers] == [
                (layer.name, layer.shape, layer.weights) for layer in measured.layers
            ]
            assert {(layer.activations, layer.gradient_rms, layer.verdict) for layer in network.layers} == {
                (None, None, "")
            }
            assert network.reading == ""


def test_what_has_not_trained_or_keeps_no_weights_is_one_sentence(manager: RunManager) -> None:
    folder = trained(manager).folder
    for path in folder.checkpoints():
        for file in path.iterdir():
            file.unlink()
        path.rmdir()
    with pytest.raises(RunError, match="keeps no checkpoint"):
        examine(Run(folder))
    (folder.path / "resolved.json").unlink()
    with pytest.raises(RunError, match="has not started to train yet"):
        examine(Run(folder))


PLAIN = Layer("Linear 2 → 3", "0", "", (3,), 9, gradient_length=1.0, weight_gradient_rms=1.0)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ""),
        ({"dead": 0.5}, ""),
        ({"dead": 0.51}, "dead"),
        ({"saturated": 0.51}, "saturated"),
        ({"saturated": 0.9, "saturated_data": 0.87}, ""),
        ({"saturated": 0.95, "saturated_data": 0.87}, "saturated"),
        ({"gradient_length": 1.1e-3}, ""),
        ({"gradient_length": 0.9e-3}, "vanishing"),
        ({"weight_gradient_rms": 0.9e-8}, "vanishing"),
        ({"gradient_length": 1.1e3}, "large"),
        ({"dead": 1.0, "gradient_length": 0.0}, "dead"),
    ],
)
def test_a_verdict_is_given_beyond_its_threshold_only(changes: dict[str, float], expected: str) -> None:
    assert verdict(replace(PLAIN, **changes), end=1.0) == expected


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (1.0, 99.0, ""),
        (1.0, 1234.0, "Gradients fall 1,000-fold from the last to the first layer of the critic."),
        (310.0, 1.0, "Gradients grow 300-fold from the last to the first layer of the critic."),
        (0.0, 1.0, "No gradient reaches the first layer of the critic."),
        (0.0, 0.0, "The loss has no slope on this batch, so the critic is not changed."),
        (None, None, ""),
    ],
)
def test_the_reading_of_a_network_s_gradients(first: float | None, last: float | None, said: str) -> None:
    flatten = Layer("Flatten", "0", "", (4,), 0)
    layers = (flatten, replace(PLAIN, gradient_length=first))
    assert Network("critic", layers, 9, last).reading == said


def test_a_generator_stuck_at_its_ends_is_told_from_one_that_draws_black(manager: RunManager) -> None:
    run = trained(manager)
    weights = run.folder.checkpoints()[0] / "generator.safetensors"
    stuck = load_file(weights)
    last = max(name for name in stuck if name.endswith("bias"))
    save_file(stuck | {last: torch.full_like(stuck[last], 50.0)}, weights)
    tanh = next(layer for layer in found_in(examine(run)) if layer.name == "Tanh")
    assert (tanh.saturated, tanh.verdict) == (1.0, "saturated")


def found_in(anatomy: Anatomy) -> tuple[Layer, ...]:
    return anatomy.generator.layers + anatomy.discriminator.layers
