"""Runs as a user meets them: they train, wait, pause, stop, die, resume and lengthen."""

from __future__ import annotations

import gc
import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_runs import FEWER_STEPS, tiny

from gancore import gallery as gallery_module
from gancore import losses, preparation, trainer
from gancore.config import Length
from gancore.errors import CheckpointError, ConfigError, RunError
from gancore.history import POSITION
from gancore.images import read_png
from gancore.recipes import PRESETS, recipe_of
from gancore.run import Run
from gancore.runs import RunManager
from gancore.sampler import Sampler
from gancore.sampling import open_sampler
from gancore.status import RunState

ROOT = Path(__file__).resolve().parents[2]
ENDLESS = "1000000it"


def finish(run: Run) -> Run:
    assert run.wait(120), run.status()
    return run


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.005)


def values(run: Run) -> np.ndarray:
    """Everything logged but the clock: (iterations, columns)."""
    columns, _ = run.history().since()
    return np.column_stack([column for name, column in columns.items() if name != "elapsed_s"])


def test_every_preset_trains_to_five_galleries(manager: RunManager, preset: str) -> None:
    run = finish(manager.start(tiny(preset)))
    status = run.status()
    assert (status.state, status.iteration, status.progress) == (RunState.FINISHED, 8, 1.0), status.message
    assert [(g.percent, g.iteration) for g in run.galleries()] == [(0, 0), (25, 2), (50, 4), (75, 6), (100, 8)]
    history = run.history()
    assert history.names == (*POSITION, *(series.name for series in recipe_of(preset).series))
    assert history.column("iteration").tolist() == list(range(1, 9))
    assert np.isfinite(values(run)).all()
    assert (np.diff(history.column("elapsed_s")) > 0).all()
    batches = recipe_of(preset).batches_per_iteration(run.config.settings)
    assert history.column("images_seen").tolist() == [16 * batches * k for k in range(1, 9)]
    resolved = run.folder.read_resolved()
    assert resolved is not None
    assert resolved.shape == (1, 28, 28)


def test_galleries_follow_fractions_of_epochs_and_extra_ones_are_weightless(manager: RunManager) -> None:
    # 1,797 digits in batches of 128: an epoch is 15 iterations, half of one ends with the eighth.
    run = finish(manager.start(tiny("gan-simple", "0.5ep", batch_size=128, sample_every="3it")))
    assert [(g.percent, g.iteration) for g in run.galleries()] == [
        (0, 0), (25, 2), (None, 3), (50, 4), (75, 6), (100, 8),
    ]  # fmt: skip
    assert [g.iteration for g in run.milestones()] == [0, 2, 4, 6, 8]
    for gallery in run.galleries():
        assert (run.folder.path / gallery.image).is_file()
        assert (gallery.weights is None) == (gallery.percent is None)


@pytest.mark.parametrize("plan", ["1it", "0.01ep", "16img", "0.000001s"])
def test_the_shortest_plans_have_five_galleries_too(manager: RunManager, plan: str) -> None:
    run = finish(manager.start(tiny("gan-simple", plan)))
    assert [g.percent for g in run.galleries()] == [0, 25, 50, 75, 100]
    assert run.status().state is RunState.FINISHED


def test_time_and_images_decide_the_end(manager: RunManager) -> None:
    timed = manager.start(tiny("gan-simple", "0.5s"))
    counted = finish(manager.start(tiny("gan-simple", "100img")))
    assert counted.status().images_seen == 112, "the first multiple of 16 past 100"
    assert finish(timed).status().elapsed_s >= 0.5
    assert [g.percent for g in timed.galleries()] == [0, 25, 50, 75, 100]


def test_galleries_show_the_same_z_and_what_their_weights_draw(manager: RunManager) -> None:
    run = finish(manager.start(tiny("dcgan")))
    for percent in (0, 100):
        sampler = open_sampler(run, percent)
        z = sampler.latents(run.config.seed + gallery_module.GALLERY_SEED_OFFSET, 4)
        drawn = sampler.images(z)
        shown = read_png(run.folder.path / next(g for g in run.galleries() if g.percent == percent).image)
        assert (drawn[0, 0].int() - shown[0, 2:30, 2:30].int()).abs().max() <= 1
    assert not torch.equal(open_sampler(run, 0).images(z), drawn)


def test_same_seed_same_losses_another_seed_others(make_manager: Callable[..., RunManager], preset: str) -> None:
    manager = make_manager(max_running=1)
    first, second, other = (finish(manager.start(tiny(preset, seed=seed))) for seed in (1, 1, 2))
    assert np.array_equal(values(first), values(second))
    assert not np.array_equal(values(first), values(other))


def test_galleries_and_global_randomness_change_nothing(make_manager: Callable[..., RunManager]) -> None:
    manager = make_manager(max_running=1)
    plain = finish(manager.start(tiny("dcgan", "20it")))
    noise = threading.Event()

    def disturb() -> None:
        while not noise.is_set():
            torch.randn(100)
            time.sleep(0.001)

    thread = threading.Thread(target=disturb)
    thread.start()
    disturbed = finish(manager.start(tiny("dcgan", "20it", sample_every="1it", grid=3)))
    noise.set()
    thread.join()
    assert np.array_equal(values(plain), values(disturbed))


@pytest.mark.parametrize("preset", ["gan-deep", "dcgan", "wgan", "grl", "quick"])
def test_a_resumed_run_equals_the_uninterrupted_one(make_manager: Callable[..., RunManager], preset: str) -> None:
    manager = make_manager(max_running=1)
    # 1,797 digits in batches of 300: six batches an epoch, so that the stop falls within one.
    config = tiny(preset, "20it", batch_size=300, **FEWER_STEPS.get(preset, {}))
    whole = finish(manager.start(config))
    part = manager.start(config)
    part.pause()
    until(lambda: part.status().state is RunState.PAUSED)
    while part.status().iteration < 9:
        before = part.status().iteration
        part.step()
        until(lambda before=before: part.status().iteration == before + 1)
    part.stop()
    finish(part)
    assert part.status().state is RunState.STOPPED
    assert part.status().iteration == len(part.history()) == 9
    resumed = finish(manager.resume(part.id))
    assert resumed.status().state is RunState.FINISHED
    assert np.array_equal(values(whole), values(resumed))
    for weights in ("generator", "discriminator"):
        file = f"checkpoint-00000020/{weights}.safetensors"
        one, two = whole.folder.load_weights(file), resumed.folder.load_weights(file)
        assert all(torch.equal(one[name], two[name]) for name in one)


def test_pause_step_resume_and_stop_act_within_one_iteration(manager: RunManager) -> None:
    run = manager.start(tiny("gan-simple", ENDLESS))
    until(lambda: run.status().iteration > 2)
    run.pause()
    until(lambda: run.status().state is RunState.PAUSED)
    at = run.status().iteration
    assert len(run.history()) == at, "what was trained before the pause can be read"
    time.sleep(0.05)
    assert run.status().iteration == at
    for count in (1, 2, 3):
        run.step()
        until(lambda count=count: run.status().iteration == at + count)
        time.sleep(0.02)
        assert run.status().iteration == at + count
    clock = run.history().column("elapsed_s")
    assert clock[-1] - clock[-4] < 1, "pauses do not count as training time"
    run.resume()
    until(lambda: run.status().iteration > at + 3)
    run.stop()
    finish(run)
    assert run.status().state is RunState.STOPPED
    last = run.galleries()[-1]
    assert (last.iteration, last.weights is not None) == (run.status().iteration, True), "the final grid"


def test_stop_before_and_during_loading_ends_the_run(manager: RunManager) -> None:
    run = manager.start(tiny("gan-simple", ENDLESS))
    run.stop()
    assert finish(run).status().state is RunState.STOPPED
    again = manager.resume(run.id, Length.parse("3it"))
    assert finish(again).status().iteration == 3


def test_more_runs_wait_and_one_that_waits_can_be_withdrawn(make_manager: Callable[..., RunManager]) -> None:
    manager = make_manager(max_running=1)
    first, second, third = (manager.start(tiny("gan-simple", ENDLESS)) for _ in range(3))
    until(lambda: first.status().iteration > 0)
    assert (second.status().state, third.status().state) == (RunState.QUEUED, RunState.QUEUED)
    second.stop()
    assert second.wait(5)
    assert second.status().state is RunState.STOPPED
    first.stop()
    until(lambda: third.status().iteration > 0)
    assert first.status().state is RunState.STOPPED


def test_runs_side_by_side_share_the_cores(make_manager: Callable[..., RunManager], monkeypatch) -> None:
    monkeypatch.setattr("gancore.runs.CORES", 4)
    manager = make_manager(max_running=2)
    assert manager.threads_per_run() == 4
    runs = [manager.start(tiny("gan-simple", ENDLESS)) for _ in range(2)]
    until(lambda: all(run.status().iteration > 0 for run in runs))
    assert manager.threads_per_run() == 2
    threads = [run._trainer.control.call(torch.get_num_threads).result(30) for run in runs]  # type: ignore[union-attr]
    assert threads == [2, 2]


def test_a_run_can_be_lengthened_and_its_milestones_get_their_new_percentages(manager: RunManager) -> None:
    run = finish(manager.start(tiny("gan-simple", "8it")))
    with pytest.raises(RunError, match="is finished; give a longer plan"):
        manager.resume(run.id)
    with pytest.raises(RunError, match=r"has trained .* already; expected a longer plan, found 8 iterations"):
        manager.resume(run.id, Length.parse("8it"))
    longer = finish(manager.resume(run.id, Length.parse("16it")))
    assert longer.status().state is RunState.FINISHED
    assert [(g.percent, g.iteration) for g in longer.galleries()] == [
        (0, 0), (12, 2), (25, 4), (37, 6), (50, 8), (75, 12), (100, 16),
    ]  # fmt: skip
    assert str(longer.config.plan) == "16it"
    assert np.array_equal(values(longer), values(finish(manager.start(tiny("gan-simple", "16it")))))


def test_a_stop_just_past_a_milestone_leaves_it_its_percentage(manager: RunManager) -> None:
    run = manager.start(tiny("gan-simple", "1000it"))
    run.pause()
    until(lambda: run.status().state is RunState.PAUSED)
    run.step()
    until(lambda: run.status().iteration >= 1)
    run.stop()
    stopped = finish(run)
    at = stopped.status().iteration
    assert 0 < at < 10, "below one per cent"
    assert [(g.percent, g.iteration, g.weights is not None) for g in stopped.galleries()] == [
        (0, 0, True),
        (None, at, True),
    ]
    finish(manager.resume(run.id, Length.parse(f"{at + 1}it")))
    assert [g.percent for g in run.galleries()][-1] == 100


def test_a_killed_run_is_interrupted_and_resumes_to_the_same_losses(
    make_manager: Callable[..., RunManager], tmp_path: Path
) -> None:
    script = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'tests')!r})\n"
        "from tiny_runs import tiny; from gancore.runs import RunManager\n"
        "from gancore import trainer; trainer.CHECKPOINT_S = 0.2\n"
        f"m = RunManager({str(tmp_path / 'runs')!r}, max_running=1)\n"
        "r = m.start(tiny('gan-deep', '100000it')); print(r.id, flush=True); r.wait()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        run_id = process.stdout.readline().strip()
        folder = tmp_path / "runs" / run_id
        until(lambda: list(folder.glob("checkpoint-*/resume.pt")) and (folder / "history.arrow").is_file())
        manager = make_manager(max_running=1)
        with pytest.raises(RunError, match="is trained by another process"):
            manager.resume(run_id)
        with pytest.raises(RunError, match="running in another process"):
            manager.get(run_id).pause()
        assert manager.get(run_id).status().state is RunState.RUNNING
    finally:
        process.kill()
        process.wait()
    (run,) = manager.runs()
    assert run.status().state is RunState.INTERRUPTED
    saved = int(max(folder.glob("checkpoint-*")).name.removeprefix("checkpoint-"))
    end = max(saved, int(run.history().column("iteration")[-1])) + 5
    resumed = finish(manager.resume(run_id, Length.parse(f"{end}it")))
    whole = finish(manager.start(tiny("gan-deep", f"{end}it")))
    assert np.array_equal(values(resumed), values(whole))
    iterations = [gallery.iteration for gallery in resumed.galleries()]
    assert iterations == sorted(iterations)


@pytest.mark.parametrize(("preset", "label"), [("gan-simple", "generator loss"), ("gan-deep", "generator loss")])
def test_a_loss_that_is_not_finite_ends_the_run_as_diverged(
    manager: RunManager, monkeypatch: pytest.MonkeyPatch, preset: str, label: str
) -> None:
    monkeypatch.setattr(trainer, "CHECKPOINT_S", 0.0)
    calls, honest = iter(range(10**6)), losses.non_saturating
    monkeypatch.setattr(losses, "non_saturating", lambda s: honest(s) * (math.inf if next(calls) == 5 else 1.0))
    run = finish(manager.start(tiny(preset, "100it")))
    assert run.status().state is RunState.DIVERGED
    assert run.status().message == f"diverged at iteration 6: {label} is inf"
    assert len(run.history()) == 6
    checkpoint = run.folder.checkpoints()[0]
    assert checkpoint.name == "checkpoint-00000005"
    weights = run.folder.load_weights(f"{checkpoint.name}/generator.safetensors")
    assert all(bool(torch.isfinite(value).all()) for value in weights.values())
    with pytest.raises(RunError, match="would do so again"):
        manager.resume(run.id)


def test_weights_that_are_not_finite_are_never_saved(manager: RunManager, monkeypatch: pytest.MonkeyPatch) -> None:
    original = recipe_of("gan-simple")
    count = iter(range(10**6))

    def step(players, settings, feed):  # type: ignore[no-untyped-def]
        logs = original.step(players, settings, feed)
        if next(count) == 4:
            with torch.no_grad():
                next(iter(players.generator.parameters())).fill_(math.nan)
        return logs

    recipe = original.__class__(**{**vars(original), "step": step})
    monkeypatch.setattr(trainer, "recipe_of", lambda _name: recipe)
    monkeypatch.setattr(trainer, "CHECKPOINT_S", 0.0)
    run = finish(manager.start(tiny("gan-simple", "100it", keep_checkpoints="last")))
    assert run.status().state is RunState.DIVERGED
    assert run.status().message.startswith("diverged at iteration 5: generator weight 0.0.weight is not finite")
    assert [path.name for path in run.folder.checkpoints()] == ["checkpoint-00000004"]


def test_a_failed_run_says_why_in_one_sentence(manager: RunManager, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "empty").mkdir()
    run = finish(manager.start(tiny("gan-simple", data=str(tmp_path / "empty"))))
    assert run.status().state is RunState.FAILED
    assert "holds 0 readable images" in run.status().message
    monkeypatch.setattr(preparation, "build_players", lambda *_: 1 / 0)
    crashed = finish(manager.start(tiny("gan-simple")))
    assert crashed.status().message == "ZeroDivisionError: division by zero"
    assert "Traceback" in (crashed.folder.path / "error.log").read_text()
    monkeypatch.undo()
    assert finish(manager.resume(crashed.id)).status().state is RunState.FINISHED


def test_snapshot_copies_the_live_generator(manager: RunManager) -> None:
    run = manager.start(tiny("dcgan", ENDLESS))
    until(lambda: run.status().iteration > 0)
    first = run.snapshot()
    at = run.status().iteration
    kept = {name: value.clone() for name, value in first.items()}
    until(lambda: run.status().iteration > at + 2)
    assert all(torch.equal(first[name], kept[name]) for name in kept), "training does not touch a snapshot"
    assert any(not torch.equal(value, first[name]) for name, value in run.snapshot().items())
    assert Sampler(run.folder, first).images(Sampler(run.folder, first).latents(0, 3)).shape == (3, 1, 28, 28)
    run.pause()
    until(lambda: run.status().state is RunState.PAUSED)
    assert run.snapshot().keys() == first.keys(), "a paused run answers too"
    run.stop()
    finish(run)
    with pytest.raises(RunError, match="stopped and cannot be controlled"):
        run.snapshot()


def test_an_ended_run_lets_go_of_its_networks(manager: RunManager) -> None:
    run = manager.start(tiny("gan-simple"))
    held = weakref.ref(run._trainer)
    finish(run)
    until(lambda: gc.collect() >= 0 and held() is None)
    assert len(run.history()) == 8


def test_status_can_be_read_while_many_threads_look(manager: RunManager) -> None:
    run = manager.start(tiny("gan-simple", "300it"))

    def look(_: int) -> int:
        seen = 0
        while not run.wait(0):
            status, length = run.status(), len(run.history())
            assert status.iteration >= seen
            assert length >= seen
            seen = status.iteration
        return seen

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(look, range(4)))
    assert run.status().iteration == 300


def test_epoch_means_are_the_means_of_the_epoch(manager: RunManager) -> None:
    run = finish(manager.start(tiny("grl", "2ep", batch_size=300)))
    means = run.status().epoch_means
    assert means["epoch"] == 2
    for series in recipe_of("grl").series:
        assert means[series.name] == pytest.approx(run.history().column(series.name)[6:12].mean())


def test_bfloat16_trains_and_stays_near_float32(make_manager: Callable[..., RunManager]) -> None:
    manager = make_manager(max_running=1)
    exact, half = (finish(manager.start(tiny("gan-simple", precision=p))) for p in ("float32", "bfloat16"))
    assert half.status().state is RunState.FINISHED
    assert not np.array_equal(values(exact), values(half))
    assert np.allclose(values(exact), values(half), atol=0.05)


def test_rates_fall_to_nothing_over_the_plan_and_a_resume_goes_on_with_them(manager: RunManager, monkeypatch) -> None:
    rates: list[float] = []
    original = recipe_of("gan-simple")

    def step(players, settings, feed):  # type: ignore[no-untyped-def]
        rates.append(players.optimizers["generator"].param_groups[0]["lr"])
        if len(rates) == 12:
            manager.runs()[0].stop()
        return original.step(players, settings, feed)

    recipe = original.__class__(**{**vars(original), "step": step})
    monkeypatch.setattr(trainer, "recipe_of", lambda _name: recipe)
    config = tiny("gan-simple", "8it", rate_decay="linear", learning_rate=0.008)
    whole = finish(manager.start(config))
    assert rates == pytest.approx([0.001 * left for left in range(8, 0, -1)])
    stopped = finish(manager.start(config))
    assert (stopped.status().state, stopped.status().iteration) == (RunState.STOPPED, 4)
    assert np.array_equal(values(finish(manager.resume(stopped.id))), values(whole))


def test_damaged_files_are_named(manager: RunManager) -> None:
    run = finish(manager.start(tiny("gan-simple")))
    (run.folder.path / "status.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"status\.json cannot be read"):
        run.status()
    assert manager.runs() == []
    assert "status.json cannot be read" in manager.damaged()[run.id], "what cannot be read is told"
    (run.folder.path / "status.json").write_text('{"state": "sleeping"}')
    with pytest.raises(CheckpointError, match=r"status\.json is damaged"):
        run.status()

    other = finish(manager.start(tiny("gan-simple")))
    (other.folder.path / "checkpoint-00000008" / "resume.pt").write_bytes(b"no")
    resumed = finish(manager.resume(other.id, Length.parse("12it")))
    assert resumed.status().state is RunState.FAILED
    assert "is damaged and cannot be resumed from" in resumed.status().message
    (run.folder.path / "galleries.json").write_text('[{"iteration": "soon"}]')
    with pytest.raises(CheckpointError, match=r"galleries\.json is damaged"):
        run.galleries()
    weights = other.milestones()[0].weights
    (other.folder.path / str(weights)).write_bytes(b"no")
    with pytest.raises(CheckpointError, match="cannot be read as weights"):
        open_sampler(other, 0)
    config = json.loads((other.folder.path / "config.json").read_text())
    (other.folder.path / "config.json").write_text(json.dumps({**config, "preset": "gone"}))
    with pytest.raises(CheckpointError, match="there is no preset 'gone'"):
        _ = other.config


def test_unknown_runs_and_live_runs_are_refused(manager: RunManager) -> None:
    with pytest.raises(CheckpointError, match=r"there is no run 'x' .*there are no runs yet"):
        manager.get("x")
    with pytest.raises(CheckpointError, match="there is no run"):
        manager.get("../x")
    run = manager.start(tiny("gan-simple", ENDLESS))
    with pytest.raises(CheckpointError, match=f"the latest are {run.id}"):
        manager.get("x")
    with pytest.raises(RunError, match="stop it before deleting it"):
        manager.delete(run.id)
    with pytest.raises(RunError, match="already"):
        manager.resume(run.id)
    run.stop()
    finish(run)
    manager.delete(run.id)
    assert not run.folder.path.exists()
    assert manager.runs() == []
    if not torch.cuda.is_available():
        with pytest.raises(ConfigError, match="device 'cuda' is not available on this machine; choose auto or"):
            manager.start(tiny("gan-simple", device="cuda"))


def test_shutdown_stops_what_runs_and_what_waits(make_manager: Callable[..., RunManager]) -> None:
    manager = make_manager(max_running=1)
    runs = [manager.start(tiny("gan-simple", ENDLESS)) for _ in range(2)]
    until(lambda: runs[0].status().iteration > 0)
    manager.shutdown()
    assert [run.status().state for run in runs] == [RunState.STOPPED, RunState.STOPPED]
    assert not any(thread.name.startswith("train ") and thread.is_alive() for thread in threading.enumerate())
    with pytest.raises(RunError, match="shutting down"):
        manager.start(tiny("gan-simple"))


@pytest.mark.parametrize(
    "ending",
    [
        "",
        *(
            pytest.param(end, marks=pytest.mark.slow)
            for end in ("import sys; sys.exit(0)", "raise KeyboardInterrupt")
        ),
    ],
)
def test_a_script_that_simply_ends_does_not_abort(tmp_path: Path, ending: str) -> None:
    script = (
        f"import sys, time; sys.path.insert(0, {str(ROOT / 'tests')!r})\n"
        "from tiny_runs import tiny; from gancore.runs import RunManager\n"
        f"run = RunManager({str(tmp_path)!r}).start(tiny('gan-simple', '1000000it'))\n"
        "while run.status().iteration < 5: time.sleep(0.01)\n" + ending
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    expected = -signal.SIGINT if ending.startswith("raise") and os.name == "posix" else 0
    assert done.returncode == expected, done.stderr
    (folder,) = tmp_path.iterdir()
    assert json.loads((folder / "status.json").read_text())["state"] == "stopped"


def test_the_engine_knows_nothing_of_the_dashboard() -> None:
    script = (
        "import sys, pkgutil, importlib, gancore\n"
        "for m in pkgutil.walk_packages(gancore.__path__, 'gancore.'):\n"
        "    if m.name != 'gancore.__main__': importlib.import_module(m.name)\n"
        "print(sorted({n.split('.')[0] for n in sys.modules} & {'streamlit', 'plotly', 'dashboard'}))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_presets_are_listed_quick_ones_first_and_then_the_seeds() -> None:
    assert list(PRESETS) == [
        "quick", "best",
        "gan-simple", "gan-deep", "gan-lab", "dcgan", "dcgan-lab", "wgan", "wgan-lab", "grl", "grl-in-turns",
        "minimax", "ns-gan", "lsgan", "wgan-gp", "dragan", "sngan", "sagan", "r3gan", "cgan", "acgan",
        "pix2pix-edges", "pix2pix-half",
    ]  # fmt: skip
