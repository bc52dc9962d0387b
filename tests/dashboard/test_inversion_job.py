"""A visitor's search: what it finds, that it stops, and that it ends by itself once the visitor has left."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from tiny_runs import tiny

from dashboard import inversion_job
from dashboard.inversion_job import Job, Task
from dashboard.inversion_pictures import curve, tiles
from dashboard.latent_explorer.pictures import difference
from dashboard.mask_painter import decode
from gancore.inversion import Plan
from gancore.run import Run
from gancore.runs import RunManager
from gancore.sampling import open_sampler

ENDS_S = 60
MakeTask = Callable[..., Task]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    manager = RunManager(tmp_path_factory.mktemp("runs"))
    run = manager.start(tiny("gan-simple", "8it"))
    assert run.wait(ENDS_S)
    yield run
    manager.shutdown()


@pytest.fixture
def task_of(run: Run) -> MakeTask:
    def make(steps: int, *, masked: bool = False) -> Task:
        sampler = open_sampler(run)
        hidden = torch.zeros(28, 28, dtype=torch.bool)
        hidden[14:] = True
        return Task(
            run=run, sampler=sampler, moment="100 %", target=sampler.images(sampler.latents(3))[0],
            hidden=hidden if masked else None, condition=None, seed=0, plan=Plan(steps=steps), source="a sample",
            judged=True,
        )  # fmt: skip

    return make


def test_a_search_ends_with_candidates_and_what_is_typical(task_of: MakeTask) -> None:
    job = Job(task_of(30, masked=True))
    assert job.wait(ENDS_S)
    standing = job.standing
    assert (standing.state, standing.step, len(standing.errors)) == ("done", 30, 4)
    assert standing.found[0].error == pytest.approx(standing.errors[-1], rel=1e-3)
    assert standing.typical is not None
    assert standing.typical.hidden_error is not None
    # A tiny run of eight steps makes nothing like a digit.
    assert standing.typical.error > standing.found[0].error
    assert standing.judge_message == ""


def test_who_stops_keeps_what_was_found(task_of: MakeTask) -> None:
    job = Job(task_of(1_000_000))
    while not job.standing.found:
        assert not job.wait(0.02)
    job.stop()
    assert job.wait(ENDS_S)
    assert job.standing.state == "stopped"
    assert job.standing.found


def test_a_search_that_nobody_looks_at_ends(task_of: MakeTask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inversion_job, "ALONE_S", 0.2)
    job = Job(task_of(1_000_000))
    assert job.wait(ENDS_S)
    assert job.standing.state == "stopped"


def test_searches_wait_for_one_another_and_can_be_stopped_meanwhile(task_of: MakeTask) -> None:
    first = [Job(task_of(1_000_000)) for _ in range(inversion_job.AT_ONCE)]
    while any(not job.standing.found for job in first):
        assert not first[0].wait(0.02)
    last = Job(task_of(10))
    assert not last.wait(0.3)
    assert last.standing.state == "waiting"
    last.stop()
    assert last.wait(ENDS_S)
    for job in first:
        job.stop()
        assert job.wait(ENDS_S)
    assert last.standing.state == "stopped"


def test_a_fault_of_the_run_is_told(task_of: MakeTask) -> None:
    task = task_of(10)
    for weights in task.sampler._players.generator.parameters():
        weights.data.fill_(float("nan"))
    job = Job(task)
    assert job.wait(ENDS_S)
    assert job.standing.state == "failed"
    assert "has diverged" in job.standing.message


def test_a_mask_comes_from_the_browser_bit_by_bit() -> None:
    hidden = torch.rand(28, 30, generator=torch.Generator().manual_seed(0)) > 0.5
    sent = base64.b64encode(np.packbits(hidden.numpy(), bitorder="little").tobytes()).decode()
    assert torch.equal(decode(sent, 28, 30), hidden)
    for broken in (None, "", "?", sent[:20]):
        assert not decode(broken, 28, 30).any()


def test_pictures_say_what_they_show() -> None:
    dark, light = torch.zeros(1, 8, 8, dtype=torch.uint8), torch.full((1, 8, 8), 255, dtype=torch.uint8)
    assert not difference(dark, dark).any()
    assert difference(light, dark)[0, 0, 0] > difference(light, dark)[2, 0, 0]
    assert difference(dark, light)[2, 0, 0] > difference(dark, light)[0, 0, 0]
    shown = tiles([(dark, "a <target>"), (light, "found")], "small", 1)
    assert shown.count("<img") == 2
    assert "a &lt;target&gt;" in shown
    assert shown.index('class="here"') > shown.index("target")
    assert "Error from 0.200 to 0.100" in curve([0.2, 0.1], 31)
    assert "<img" not in curve([0.2], 31)
