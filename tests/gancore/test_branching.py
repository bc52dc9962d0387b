"""Branches: what they share with their parent, and what may differ."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from steered import finish, logged, standing_still, step_to, stop, until
from tiny_runs import FEWER_STEPS, tiny

from gancore import branching
from gancore.config import Length
from gancore.errors import CheckpointError, ConfigError, RunError
from gancore.history import History, read_history, write_history
from gancore.live_quality import QualityFacts, read_quality
from gancore.run import Run
from gancore.runs import RunManager
from gancore.sampling import open_sampler
from gancore.status import Parent


@pytest.fixture
def serial(make_manager: Callable[..., RunManager]) -> RunManager:
    """A manager that trains one run at a time."""
    return make_manager(max_running=1)


def parent_of(manager: RunManager, preset: str = "gan-simple", plan: str = "8it", **settings: Any) -> Run:
    return finish(manager.start(tiny(preset, plan, **settings)))


def rates(run: Run) -> dict[str, float]:
    """The rates that the last checkpoint's optimizers had."""
    state = torch.load(run.folder.checkpoints()[0] / "resume.pt", weights_only=True)
    return {name: stored["param_groups"][0]["lr"] for name, stored in state["optimizers"].items()}


def test_checkpoints_are_kept_at_milestones_and_can_be_listed(serial: RunManager) -> None:
    run = parent_of(serial)
    assert [(point.iteration, point.percent) for point in run.branch_points()] == [
        (0, 0), (2, 25), (4, 50), (6, 75), (8, 100),
    ]  # fmt: skip
    for point in run.branch_points():
        folder = run.folder.checkpoint_path(point.iteration)
        assert point.bytes == sum(file.stat().st_size for file in folder.iterdir()) > 0
    assert (run.folder.checkpoint_path(4) / "generator.safetensors").samefile(
        run.folder.path / "galleries" / "00000004-050.safetensors"
    ), "the gallery's weights are not stored twice"
    longer = finish(serial.resume(run.id, Length.parse("16it")))
    assert [(point.iteration, point.percent) for point in longer.branch_points()] == [
        (0, 0), (2, 12), (4, 25), (6, 37), (8, 50), (12, 75), (16, 100),
    ]  # fmt: skip
    frugal = parent_of(serial, keep_checkpoints="last")
    assert [(point.iteration, point.percent) for point in frugal.branch_points()] == [(8, 100)]


@pytest.mark.parametrize("preset", ["gan-simple", "gan-deep", "wgan", "grl", "quick", "cgan"])
def test_a_branch_without_changes_computes_what_its_parent_did(serial: RunManager, preset: str) -> None:
    # 1,797 digits in batches of 300: six batches an epoch, so that the branch begins within one.
    large = {"batch_size": 300, **FEWER_STEPS.get(preset, {})}
    parent = parent_of(serial, preset, "16it", augment="translation", **large)
    branch = finish(serial.branch(parent.id, 8))
    assert branch.parent() == Parent(run=parent.id, iteration=8, percent=50)
    assert branch.config == parent.config
    assert parent.parent() is None
    assert np.array_equal(logged(branch), logged(parent))
    serial.delete(parent.id)
    assert [(g.percent, g.iteration) for g in branch.galleries()] == [(0, 0), (25, 4), (50, 8), (75, 12), (100, 16)]
    drawn = [open_sampler(branch, percent) for percent in (0, 100)]
    assert all(len(sampler.images(sampler.latents(0, 3))) == 3 for sampler in drawn), "whole without its parent"
    assert [point.iteration for point in branch.branch_points()] == [8, 12, 16]
    again = finish(serial.branch(branch.id, 12))
    assert np.array_equal(logged(again), logged(branch)), "a branch of a branch"


def test_what_is_set_otherwise_holds_from_the_branch_on(serial: RunManager) -> None:
    parent = parent_of(serial, learning_rate=0.001)
    branch = finish(serial.branch(parent.id, 4, learning_rate="0.01", beta1=0.9, discriminator_loss="mean"))
    assert rates(branch) == {"generator": 0.01, "discriminator": 0.01}
    state = torch.load(branch.folder.checkpoints()[0] / "resume.pt", weights_only=True)
    assert state["optimizers"]["generator"]["param_groups"][0]["betas"] == (0.9, 0.999)
    assert np.array_equal(logged(branch)[:4], logged(parent)[:4])
    assert not np.array_equal(logged(branch)[4:], logged(parent)[4:])
    assert [(change.iteration, change.text) for change in branch.changes()] == [
        (4, "Adam beta 1 0.5 → 0.9"),
        (4, "Discriminator loss sum → mean"),
        (4, "G rate 0.001 → 0.01"),
        (4, "D rate 0.001 → 0.01"),
    ]
    assert branch.steering().learning_rates == {"generator": 0.01, "discriminator": 0.01}


def test_another_batch_size_or_seed_brings_other_batches(serial: RunManager) -> None:
    parent = parent_of(serial, plan="12it", batch_size=300)
    smaller = finish(serial.branch(parent.id, 6, batch_size=150))
    assert smaller.history().column("images_seen")[5:8].tolist() == [1797, 1947, 2097]
    assert smaller.history().column("epoch")[5:8] == pytest.approx([1, 1 + 1 / 12, 1 + 2 / 12])
    first, second = (finish(serial.branch(parent.id, 6, seed=seed)) for seed in (1, 2))
    same = finish(serial.branch(parent.id, 6, seed=1))
    assert np.array_equal(logged(first), logged(same))
    losses = [run.history().column("generator_loss") for run in (parent, first, second)]
    for one, two in ((0, 1), (0, 2), (1, 2)):
        assert np.array_equal(losses[one][:6], losses[two][:6])
        assert not np.any(losses[one][6:] == losses[two][6:])


def test_a_branch_goes_on_as_its_parent_was_steered(
    make_manager: Callable[..., RunManager], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        standing_still(patch)
        manager = make_manager(max_running=1)
        steer = {1: lambda run: run.steer(learning_rates={"critic": 0.01}, critic_steps=2)}
        parent = finish(manager.start(tiny("wgan", "8it", batch_size=300, learning_rate=0.001)), steer)
    plain = finish(manager.branch(parent.id, 4))
    assert np.array_equal(logged(plain), logged(parent))
    assert plain.changes() == parent.changes()
    branch = finish(manager.branch(parent.id, 4, critic_steps=3, clip=0.1))
    assert branch.steering().critic_steps == 3
    assert branch.steering().learning_rates == {"generator": 0.001, "critic": 0.01}
    assert [change.text for change in branch.changes()][2:] == ["Weight clip 0.01 → 0.1", "Critic steps 2 → 3"]
    assert np.diff(branch.history().column("epoch")) * 6 == pytest.approx([2, 2, 2, 3, 3, 3, 3])
    early = finish(manager.branch(parent.id, 0))
    assert early.changes() == [], "what came after the branch point did not happen"
    assert early.steering().critic_steps == 5


def test_an_average_can_begin_and_one_optimizer_become_two(serial: RunManager) -> None:
    parent = parent_of(serial, "grl", batch_size=100)
    turns = finish(serial.branch(parent.id, 4, in_turns=True, ema_decay=0.5))
    assert turns.steering().learning_rates == {"generator": 2e-4, "discriminator": 2e-4}
    old, new = (
        torch.load(run.folder.checkpoint_path(iteration) / "resume.pt", weights_only=True)["optimizers"]
        for run, iteration in ((parent, 4), (turns, 8))
    )
    sizes = len(new["generator"]["state"]), len(new["discriminator"]["state"])
    assert sum(sizes) == len(old["both"]["state"])
    assert {float(state["step"]) for part in new.values() for state in part["state"].values()} == {8.0}, "4 went on"
    assert (turns.folder.checkpoint_path(8) / "averaged.safetensors").is_file()
    back = finish(serial.branch(turns.id, 6, in_turns=False, ema_decay=0))
    assert np.isfinite(logged(back)).all()
    assert back.steering().learning_rates == {"both": 2e-4}


def test_another_plan_gives_the_milestones_their_new_percentages(serial: RunManager) -> None:
    parent = parent_of(serial)
    branch = finish(serial.branch(parent.id, 4, plan="16it"))
    assert [(g.percent, g.iteration) for g in branch.galleries()] == [
        (0, 0), (12, 2), (25, 4), (50, 8), (75, 12), (100, 16),
    ]  # fmt: skip
    assert branch.parent() == Parent(run=parent.id, iteration=4, percent=50)


def test_quality_and_other_logs_come_along_up_to_the_branch_point(serial: RunManager) -> None:
    parent = parent_of(serial)
    facts = QualityFacts(extractor="judge", samples=5, classes=10)
    (parent.folder.path / "quality.json").write_text(facts.model_dump_json())
    for name in ("quality.arrow", "signals.arrow"):
        log = History(["iteration", "frechet"])
        log.append(np.array([[2.0, 9.0], [4.0, 7.0], [6.0, 5.0]]))
        write_history(log, parent.folder.path / name)
    branch = serial.branch(parent.id, 4)
    finish(branch)
    quality = read_quality(branch.folder)
    assert quality is not None
    assert quality.facts == facts
    assert quality.history.column("frechet").tolist() == [9.0, 7.0]
    assert read_history(branch.folder.path / "signals.arrow").column("iteration").tolist() == [2.0, 4.0]


def test_a_live_run_can_be_branched_and_trains_on(
    make_manager: Callable[..., RunManager], monkeypatch: pytest.MonkeyPatch
) -> None:
    standing_still(monkeypatch)
    manager = make_manager(max_running=2)
    parent = step_to(manager.start(tiny("gan-simple", "8it")), 3)
    branch = manager.branch(parent.id, 2)
    assert branch.status().iteration == 2, "before its turn too"
    assert np.array_equal(logged(finish(parent)), logged(finish(branch)))


def test_a_checkpoint_that_goes_away_meanwhile_is_chosen_anew(
    serial: RunManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = parent_of(serial)
    honest, gone = branching.link_or_copy, []

    def vanish(source: Any, target: Any) -> None:
        if not gone:
            gone.append(source.parent)
            shutil.rmtree(source.parent)
        honest(source, target)

    monkeypatch.setattr(branching, "link_or_copy", vanish)
    branch = finish(serial.branch(parent.id, plan="10it"))
    assert gone == [parent.folder.checkpoint_path(8)]
    assert branch.parent() == Parent(run=parent.id, iteration=6, percent=75)
    assert len(serial.runs()) == 2, "what was begun is gone"


@pytest.mark.parametrize(
    ("preset", "iteration", "overrides", "error", "sentence"),
    [
        ("gan-simple", 3, {}, RunError, "keeps no checkpoint of iteration 3; choose one of 0, 2, 4, 6, 8"),
        ("gan-simple", None, {}, RunError, "8 iterations.*; expected a longer plan, found 8 iterations"),
        ("gan-simple", 4, {"plan": "4it"}, RunError, "expected a longer plan, found 4 iterations"),
        ("gan-simple", 4, {"plan": "soon"}, ConfigError, "plan: expected a length such as"),
        ("gan-simple", 4, {"beta1": 2, "hue": 1}, ConfigError, "beta1: expected less than 1, found 2; hue: is not a"),
        ("gan-simple", 4, {"preset": "lsgan"}, ConfigError, "preset: is not a setting"),
        (
            "gan-simple", 4, {"latent_dim": 9, "generator_widths": "8", "seed": 3}, ConfigError,
            "^gan-simple: latent_dim: decides the networks' shapes, so .* parent's; generator_widths: decides",
        ),
        ("gan-simple", 4, {"packing": 2}, ConfigError, "packing: decides the networks' shapes"),
        ("grl", 4, {"image_size": 16}, ConfigError, "image_size: decides the networks' shapes"),
        ("gan-simple", 4, {"data": "ring"}, ConfigError, "data: decides the networks' shapes"),
    ],
)  # fmt: skip
def test_what_cannot_be_branched_is_one_sentence_and_leaves_nothing(  # noqa: PLR0917
    serial: RunManager, preset: str, iteration: int | None, overrides: Any, error: type[Exception], sentence: str
) -> None:
    parent = parent_of(serial, preset)
    with pytest.raises(error, match=sentence) as raised:
        serial.branch(parent.id, iteration, **overrides)
    assert "\n" not in str(raised.value)
    if "latent_dim" in overrides:
        assert "seed" not in str(raised.value)
    assert [path.name for path in serial.root.iterdir()] == [parent.id]


def test_a_run_without_a_checkpoint_or_with_a_damaged_one_is_refused(
    make_manager: Callable[..., RunManager], monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = make_manager(max_running=1)
    parent = parent_of(manager)
    (parent.folder.checkpoint_path(4) / "resume.pt").write_bytes(b"no")
    with pytest.raises(CheckpointError, match=r"checkpoint-00000004 is damaged and cannot be branched from"):
        manager.branch(parent.id, 4)
    with pytest.raises(CheckpointError, match="there is no run 'x'"):
        manager.branch("x")
    standing_still(monkeypatch)
    run, waits = (manager.start(tiny("gan-simple", "8it")) for _ in range(2))
    until(lambda: run.status().state == "paused")
    with pytest.raises(RunError, match="has no checkpoint to branch from"):
        manager.branch(waits.id)
    assert waits.branch_points() == []
    stop(waits), stop(run)
    (parent.folder.path / "parent.json").write_text(json.dumps({"run": 5}))
    with pytest.raises(CheckpointError, match=r"parent\.json is damaged"):
        parent.parent()
