"""What a live run is told: what changes, who is held, and the log of it."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from steered import finish, logged, standing_still, step_to, stop
from tiny_runs import Recorded, players_of, tiny
from torch import Tensor, nn

from gancore.config import Length
from gancore.errors import CheckpointError, ConfigError, RunError
from gancore.helm import Helm
from gancore.recipes import gan, recipe_of
from gancore.recipes.recipe import Players
from gancore.run import Run
from gancore.runs import RunManager
from gancore.schedule import Position
from gancore.steering import Change, Trains, player_updates

HERE = Position(3, 48, 0.5, 0.1)


@pytest.fixture
def one(make_manager: Callable[..., RunManager], monkeypatch: pytest.MonkeyPatch) -> RunManager:
    """A manager that trains one run at a time; each stands still at first."""
    standing_still(monkeypatch)
    return make_manager(max_running=1)


def rates(run: Run) -> dict[str, float]:
    """The rates of a run's last step."""
    trainer = run._trainer
    assert trainer is not None
    read = trainer.control.call(lambda: {n: o.param_groups[0]["lr"] for n, o in trainer.players.optimizers.items()})
    return read.result(30)


def test_rates_change_between_iterations_and_a_decay_goes_on_from_them(one: RunManager) -> None:
    run = one.start(tiny("quick", "10it", learning_rate=0.01, rate_decay="linear"))
    assert step_to(run, 2).steering().learning_rates == {"generator": 0.01, "discriminator": 0.01}
    assert rates(run) == pytest.approx({"generator": 0.009, "discriminator": 0.009})
    now = run.steer(learning_rates={"generator": 0.1})
    assert now == run.steering()
    assert now.learning_rates == {"generator": 0.1, "discriminator": 0.01}
    assert rates(step_to(run, 5)) == pytest.approx({"generator": 0.06, "discriminator": 0.006})
    run.steer(learning_rates={"generator": 0.2, "discriminator": 0.2})
    assert rates(step_to(run, 6)) == pytest.approx({"generator": 0.1, "discriminator": 0.1})
    assert finish(run).steering().learning_rates == {"generator": 0.2, "discriminator": 0.2}, "from disk too"


def test_what_was_changed_is_logged_with_its_position_live_and_on_disk(one: RunManager) -> None:
    run = one.start(tiny("wgan", "8it", learning_rate=2e-4))
    step_to(run, 2)
    run.steer(learning_rates={"generator": 0.5, "critic": 0.001}, critic_steps=2)
    run.steer(learning_rates={"generator": 0.001})
    run.steer(trains="generator")
    step_to(run, 3)
    run.steer(trains="discriminator")
    run.steer(trains="both", critic_steps=2)
    live = run.changes()
    assert [(change.iteration, change.text, change.before, change.after) for change in live] == [
        (2, "Critic rate 0.0002 → 0.001", 2e-4, 1e-3),
        (2, "Critic steps 5 → 2", 5, 2),
        (2, "G rate 0.0002 → 0.001", 2e-4, 1e-3),
        (2, "Only G trains", "both", "generator"),
        (3, "Both train", "generator", "both"),
    ], "of what changed several times between two iterations the outcome counts"
    assert [change.what for change in live[:3]] == ["learning_rate.critic", "critic_steps", "learning_rate.generator"]
    assert run.folder.changes() == live
    row = {name: column[1] for name, column in run.history().since()[0].items()}
    first = live[0]
    assert (first.epoch, first.images_seen, first.elapsed_s) == (row["epoch"], row["images_seen"], row["elapsed_s"])
    assert finish(run).changes() == live


def test_other_critic_steps_take_other_batches_and_epochs_go_on_from_there(one: RunManager) -> None:
    # 1,797 digits in batches of 300 are six batches; an epoch's last holds 297.
    run = one.start(tiny("wgan", "5ep", batch_size=300))
    finish(run, {2: lambda run: run.steer(critic_steps=2), 5: lambda run: run.steer(critic_steps=3)})
    batches = np.cumsum([5, 5, 2, 2, 2, 3, 3, 3, 3, 3])
    assert run.history().column("epoch") == pytest.approx(batches[: len(run.history())] / 6)
    seen = [1797 * (n // 6) + 300 * (n % 6) for n in batches]
    assert run.history().column("images_seen").tolist() == seen[: len(run.history())]
    assert run.status().epoch >= 5 > run.history().column("epoch")[-2], "the plan ends where it should"
    assert [gallery.percent for gallery in run.galleries()] == [0, 25, 50, 75, 100]
    assert run.status().epoch_means["epoch"] == 5
    lab = one.start(tiny("wgan-lab", "6it", batch_size=300))
    finish(lab, {2: lambda run: run.steer(critic_steps=2)})
    assert lab.history().column("epoch").tolist() == [n / 6 for n in range(1, 7)], "all steps on the same batch"


def everything(players: Players, player: nn.Module) -> list[Tensor]:
    """A player's weights and buffers, and what its optimizer keeps of them."""
    weights = list(player.parameters())
    states = [optimizer.state.get(w, {}) for optimizer in players.optimizers.values() for w in weights]
    numbers = [value for state in states for value in state.values() if isinstance(value, Tensor)]
    return [tensor.detach().clone() for tensor in (*weights, *player.buffers(), *numbers)]


def same(one: list[Tensor], two: list[Tensor]) -> bool:
    return len(one) == len(two) and all(map(torch.equal, one, two))


@pytest.mark.parametrize("before", [0, 2])
@pytest.mark.parametrize("trains", ["generator", "discriminator"])
def test_a_held_player_stays_as_it_is_and_the_other_learns(preset: str, trains: Trains, before: int) -> None:
    config = tiny(preset)
    players, feed, recipe = players_of(config), Recorded(config), recipe_of(preset)
    helm = Helm(players, config)
    for _ in range(before):
        recipe.step(players, helm.settings, feed)
    player = {"generator": players.generator, "discriminator": players.discriminator}
    held, free = player.pop("discriminator" if trains == "generator" else "generator"), player[trains]
    kept, old = everything(players, held), everything(players, free)
    helm.steer(HERE, {"trains": trains})
    for _ in range(2):
        with helm.holding():
            log = recipe.step(players, helm.settings, feed)
    assert same(everything(players, held), kept)
    assert not same(everything(players, free)[: len(list(free.parameters()))], old[: len(list(free.parameters()))])
    assert all(bool(torch.isfinite(value)) for value in log.values()), "both losses are still to be seen"
    helm.steer(HERE, {"trains": "both"})
    with helm.holding():
        recipe.step(players, helm.settings, feed)
    assert not same(everything(players, held), kept)


def test_the_player_that_learns_meets_the_held_one_as_it_is() -> None:
    config = tiny("gan-simple")
    players, feed = players_of(config), Recorded(config)
    alone = copy.deepcopy(players)
    helm = Helm(players, config)
    helm.steer(HERE, {"trains": "generator"})
    with helm.holding():
        recipe_of("gan-simple").step(players, helm.settings, feed)
    gan._step_generator(alone, feed.drawn[1])  # the first z are the discriminator's, which steps first
    assert all(map(torch.equal, players.generator.parameters(), alone.generator.parameters()))


def test_a_held_generator_is_not_averaged(one: RunManager) -> None:
    run = step_to(one.start(tiny("quick", "8it")), 3)
    averaged = run.snapshot()
    run.steer(trains="discriminator")
    held = step_to(run, 5).snapshot()
    assert all(torch.equal(averaged[name], held[name]) for name in averaged)
    run.steer(trains="both")
    assert any(not torch.equal(averaged[n], value) for n, value in step_to(run, 6).snapshot().items())
    finish(run)


STEERED: dict[str, dict[str, Any]] = {
    "gan-simple": {"learning_rates": {"discriminator": 0.002}, "trains": "discriminator"},
    "wgan": {"learning_rates": {"critic": 0.001}, "critic_steps": 2},
    "grl": {"learning_rates": {"both": 0.002}, "trains": "generator"},
    "quick": {"learning_rates": {"generator": 0.02}, "trains": "generator"},
}


@pytest.mark.parametrize("preset", list(STEERED))
def test_a_resumed_run_goes_on_as_it_was_steered(one: RunManager, preset: str) -> None:
    config = tiny(preset, "14it", batch_size=300)
    actions = {4: lambda run: run.steer(**STEERED[preset]), 10: lambda run: run.steer(trains="both")}
    whole = finish(one.start(config), actions)
    part = stop(step_to(finish_first(one.start(config), actions, 4), 7))
    assert [change.iteration for change in part.changes()] == [4] * len(part.changes())
    waiting = one.resume(part.id)
    resumed = finish(waiting, {10: actions[10]})
    assert np.array_equal(logged(whole), logged(resumed))
    assert [c.text for c in resumed.changes()] == [c.text for c in whole.changes()]
    assert resumed.steering() == whole.steering()
    plain = finish(one.start(config))
    assert not np.array_equal(logged(plain)[4:], logged(whole)[4:])
    assert np.array_equal(logged(plain)[:4], logged(whole)[:4])


def finish_first(run: Run, actions: dict[int, Callable[[Run], Any]], iteration: int) -> Run:
    actions[iteration](step_to(run, iteration))
    return run


def test_changes_after_the_checkpoint_are_dropped(one: RunManager) -> None:
    run = one.start(tiny("gan-simple", "8it"))
    step_to(run, 0)
    run.steer(trains="generator")
    run.stop()
    assert run.wait(60)
    again = step_to(one.resume(run.id), 2)  # its checkpoint is that of 50 %, or of the stop
    again.steer(learning_rates={"generator": 0.5})
    killed = run.folder.path.with_name("killed-digits-20240101-000000")
    shutil.copytree(run.folder.path, killed)
    finish(again)
    left = one.get(killed.name)
    assert left.status().state == "interrupted"
    assert [change.text for change in left.changes()] == ["Only G trains", "G rate 0.0002 → 0.5"]
    resumed = finish(one.resume(left.id))
    assert [change.text for change in resumed.changes()] == ["Only G trains"]
    assert resumed.steering().learning_rates["generator"] == 2e-4
    longer = finish(one.resume(left.id, Length.parse("12it")))
    assert longer.steering().trains == "generator"


def test_a_checkpoint_of_a_run_from_before_steering_is_read(one: RunManager) -> None:
    config = tiny("wgan", "8it", batch_size=300)
    whole, part = finish(one.start(config)), stop(step_to(one.start(config), 3))
    file = part.folder.checkpoints()[0] / "resume.pt"
    state = torch.load(file, weights_only=True)
    state["position"].pop("epoch")
    torch.save({name: value for name, value in state.items() if name not in ("changes", "counted_from")}, file)
    (part.folder.path / "changes.json").unlink()
    assert part.changes() == []
    assert np.array_equal(logged(finish(one.resume(part.id))), logged(whole))


@pytest.mark.parametrize(
    ("preset", "asked", "sentence"),
    [
        (
            "quick",
            {"learning_rates": {"generator": 0.0}},
            r"learning_rate\.generator: expected greater than 0, found 0",
        ),
        ("quick", {"learning_rates": {"discriminator": 1.5}}, r"discriminator: expected at most 1, found 1\.5"),
        ("quick", {"learning_rates": {"generator": float("nan")}}, "generator: expected a finite number"),
        ("quick", {"learning_rates": {"critic": 0.1}}, "no such optimizer; choose one of generator, discriminator"),
        ("grl", {"learning_rates": {"generator": 0.1}}, "no such optimizer; choose one of both"),
        ("wgan", {"critic_steps": 0}, "wgan: critic_steps: expected at least 1, found 0"),
        ("wgan", {"critic_steps": 101}, "critic_steps: expected at most 100, found 101"),
        ("quick", {"critic_steps": 2}, "critic_steps: its critic takes one step an iteration"),
        ("quick", {"trains": "nobody"}, "trains: expected both, generator or discriminator, found 'nobody'"),
        ("wgan", {"critic_steps": 0, "trains": "x"}, "critic_steps: .*; trains: "),
    ],
)
def test_what_is_not_valid_changes_nothing(preset: str, asked: dict[str, Any], sentence: str) -> None:
    config = tiny(preset)
    helm = Helm(players_of(config), config)
    before = helm.steering
    with pytest.raises(ConfigError, match=sentence):
        helm.steer(HERE, {"learning_rates": {next(iter(before.learning_rates)): 0.01}, **asked})
    assert helm.steering == before
    assert helm.changes == ()


def test_a_run_that_does_not_train_here_cannot_be_steered(one: RunManager) -> None:
    run, waits = (one.start(tiny("gan-simple", "8it")) for _ in range(2))
    step_to(run, 1)
    assert waits.steering().learning_rates == {"generator": 2e-4, "discriminator": 2e-4}
    with pytest.raises(RunError, match="waits for its turn and can be steered when it trains"):
        waits.steer(trains="generator")
    with pytest.raises(ConfigError, match="at most 1"):
        run.steer(learning_rates={"generator": 2.0})
    stop(waits)
    with pytest.raises(RunError, match="is finished and cannot be controlled from here"):
        finish(run).steer(trains="generator")
    assert run.changes() == []
    (run.folder.path / "changes.json").write_text(json.dumps([{"iteration": "soon"}]))
    with pytest.raises(CheckpointError, match=r"changes\.json is damaged"):
        run.changes()


def change(iteration: int, what: str, before: str | int, after: str | int) -> Change:
    return Change.at(Position(iteration), what, before, after)


def test_updates_of_each_player_are_counted_piece_by_piece() -> None:
    steered = [
        change(4, "critic_steps", 5, 2),
        change(6, "trains", "both", "generator"),
        change(7, "learning_rate.critic", 0, 1),
        change(8, "trains", "generator", "discriminator"),
        change(8, "critic_steps", 2, 3),
        change(10, "trains", "discriminator", "both"),
    ]
    asked = [12, 0, 4, 5, 6, 8, 9, 10]
    ours, theirs = player_updates(asked, tiny("wgan"), steered)
    assert ours.tolist() == [10, 0, 4, 5, 6, 8, 8, 8]
    assert theirs.tolist() == [36, 0, 20, 22, 24, 24, 27, 30]
    assert (ours.dtype, theirs.dtype) == (np.float64, np.float64)
    branch = player_updates([4, 6], tiny("wgan", critic_steps=2), steered[:1])
    assert branch[1].tolist() == [20, 24], "before its first change a branch is its parent"
    for preset, each in (("grl", 1), ("gan-simple", 1), ("wgan-gp", 5)):
        ours, theirs = player_updates(np.arange(1, 4), tiny(preset), [])
        assert (ours.tolist(), theirs.tolist()) == ([1, 2, 3], [each, 2 * each, 3 * each])
    assert player_updates([], tiny("grl"), [])[0].shape == (0,)
