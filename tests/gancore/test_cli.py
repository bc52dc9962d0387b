"""The command line, mostly in this process; interrupts and tracebacks in one of its own."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gancore import losses
from gancore.kept_latents import keep
from gancore.recipes import PRESETS
from gancore.runs import RunManager
from gancore.sampling import open_sampler
from gancore.sources import SOURCES

ROOT = Path(__file__).resolve().parents[2]
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A runs folder with one finished run, and its id."""
    runs = tmp_path_factory.mktemp("runs")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "gancore", "train", "-p", "gan-simple", "--budget", "8it", "-b", "16", "-z", "7"),
            *("--seed", "3", "--device", "cpu", "--set", "generator_widths=16, 8", "--runs", str(runs)),
        ],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return runs, done.stdout.strip().splitlines()[-1]


def test_train_prints_the_run_id_last_and_keeps_the_settings(trained: tuple[Path, str]) -> None:
    runs, run_id = trained
    config = json.loads((runs / run_id / "config.json").read_text())
    assert config["settings"] | {"batch_size": 16, "latent_dim": 7, "generator_widths": [16, 8]} == config["settings"]
    assert (config["seed"], config["device"], config["plan"]) == (3, "cpu", "8it")
    assert json.loads((runs / run_id / "status.json").read_text())["iteration"] == 8


def test_lists_are_json_on_request(gancore: Call, trained: tuple[Path, str]) -> None:
    runs, run_id = trained
    _, out, _ = gancore("presets", "--json")
    assert [row["preset"] for row in json.loads(out)] == list(PRESETS)
    _, out, _ = gancore("datasets", "--json")
    assert set(SOURCES) == {row["data"] for row in json.loads(out)}
    _, out, _ = gancore("runs", "--json", "--runs", runs)
    (row,) = json.loads(out)
    assert (row["run"], row["state"], row["iteration"]) == (run_id, "finished", 8)
    assert gancore("runs", "--runs", runs)[1].splitlines()[1].startswith(run_id)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["train", "--preset", "nope"], "there is no preset 'nope'; choose one of quick, best, gan-simple"),
        (["train", "--set", "batch_size=1", "--set", "no=2"], "batch_size: expected at least 2, found '1'; no: is"),
        (["train", "--set", "batch_size"], "--set: expected NAME=VALUE"),
        (["train", "--epochs", "0"], "--epochs: expected a length greater than 0"),
        (["train", "--budget", "5 parsecs"], "unknown unit 'parsecs'"),
        (["train", "--budget", "60"], "--budget: expected a length with its unit"),
        (["train", "--epochs", "1", "--budget", "60s"], "give either --epochs or --budget"),
        (["train", "--device", "tpu"], "expected auto, cpu, cuda, cuda:N or mps, found 'tpu'"),
        (["train", "--device", "cpu", "-g", "0"], "give either --device or --gpu"),
        (["train", "--data", "no-such-set"], "there is no data set or folder 'no-such-set'; choose one of digits"),
        (["train", "--data", "."], "holds 0 readable images"),
        (["train", "--nonsense"], "No such option: --nonsense"),
        (["resume", "no-run"], "there is no run 'no-run'"),
        (["branch", "no-run"], "there is no run 'no-run'"),
        (["branch", "no-run", "--at", "50", "--iteration", "4"], "give either --at or --iteration, not both"),
        (["branch", "no-run", "--plan", "60"], "--plan: expected a length with its unit"),
        (["branch", "no-run", "--set", "clip"], "--set: expected NAME=VALUE"),
        (["sample", "no-run", "--out", "x.npy"], "there is no run 'no-run'"),
        (["sample", "no-run", "--out", "x.jpg"], "--out: expected"),
        (["interpolate", "no-run", "--out", "x.gif", "--path", "zigzag"], "--path: expected linear or spherical"),
        (["frobnicate"], "No such command"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence_and_status_2(gancore: Call, arguments: list[str], sentence: str) -> None:
    status, out, err = gancore(*arguments)
    assert status == 2
    assert sentence in err
    assert len(err.strip().splitlines()) == 1
    assert "Traceback" not in err
    assert out == ""
    assert not Path("checkpoints").exists(), "bad input leaves no run behind"


def test_missing_download_names_the_folder_and_the_digits(
    gancore: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GANCORE_DATA", str(tmp_path / "data"))
    monkeypatch.setattr("gancore.sources.tv.KMNIST.mirrors", ["http://127.0.0.1:9/"])
    status, _, err = gancore("train", "--data", "kmnist")
    assert status == 2
    assert str(tmp_path / "data" / "KMNIST" / "raw") in err
    assert "'digits'" in err


def test_every_command_has_help(gancore: Call) -> None:
    for command in ("presets", "datasets", "train", "runs", "resume", "branch", "sample", "interpolate", "export"):
        status, out, _ = gancore(command, "--help")
        assert status == 0
        assert "--runs" in out


def test_sample_writes_arrays_grids_and_folders(gancore: Call, trained: tuple[Path, str], tmp_path: Path) -> None:
    runs, run_id = trained
    assert gancore("sample", run_id, "--count", 300, "--out", "s.npy", "--runs", runs)[0] == 0
    array = np.load("s.npy")
    assert (array.shape, array.dtype) == ((300, 28, 28), np.uint8)
    gancore("sample", run_id, "--count", 300, "--out", "again.npy", "--runs", runs)
    gancore("sample", run_id, "--count", 300, "--seed", 1, "--out", "other.npy", "--runs", runs)
    assert np.array_equal(array, np.load("again.npy"))
    assert not np.array_equal(array, np.load("other.npy"))

    gancore("sample", run_id, "--count", 9, "--out", "grid.png", "--runs", runs)
    assert Image.open("grid.png").size == (3 * 30 + 2, 3 * 30 + 2)
    gancore("sample", run_id, "--count", 3, "--out", "folder", "--runs", runs)
    assert sorted(path.name for path in Path("folder").iterdir()) == ["00000.png", "00001.png", "00002.png"]
    assert np.abs(np.asarray(Image.open("folder/00001.png")).astype(int) - array[1]).max() <= 1, "fewer are the first"


def test_sample_at_a_milestone(gancore: Call, trained: tuple[Path, str]) -> None:
    runs, run_id = trained
    gancore("sample", run_id, "--out", "0.npy", "--at", 0, "--runs", runs)
    gancore("sample", run_id, "--out", "100.npy", "--runs", runs)
    assert not np.array_equal(np.load("0.npy"), np.load("100.npy"))
    status, _, err = gancore("sample", run_id, "--out", "x.npy", "--at", 33, "--runs", runs)
    assert status == 2
    assert "no milestone at 33 %; there are: 0 %, 25 %, 50 %, 75 %, 100 %" in err


def test_interpolate_ends_at_both_points(gancore: Call, trained: tuple[Path, str]) -> None:
    runs, run_id = trained
    run = RunManager(runs).get(run_id)
    sampler = open_sampler(run)
    keep(run.folder, "mine", "point", sampler.latents(3)[0])
    gancore(
        "interpolate", run_id, "--from", "5.2", "--to", "kept:mine", "--steps", 4, "--out", "walk.npy", "--runs", runs
    )
    walk = np.load("walk.npy")
    for z, frame in ((sampler.common_latents(5, 2)[1:], walk[0]), (sampler.latents(3), walk[-1])):
        drawn = sampler.images(z)[0, 0].numpy().astype(int)
        assert np.abs(drawn - frame).max() <= 1, "rounding of a batch of another size"
    gancore("interpolate", run_id, "--truncation", 0, "--steps", 4, "--out", "still.npy", "--runs", runs)
    assert len(np.unique(np.load("still.npy"), axis=0)) == 1, "all of them the mean"
    for name in ("walk.gif", "walk.webp"):
        gancore("interpolate", run_id, "--steps", 4, "--out", name, "--runs", runs)
        assert Image.open(name).n_frames == 6, "to the end and back"
    gancore("interpolate", run_id, "--steps", 4, "--out", "walk.mp4", "--runs", runs)
    assert Path("walk.mp4").read_bytes()[4:8] == b"ftyp"
    status, _, err = gancore("interpolate", run_id, "--from", "five", "--out", "walk.gif", "--runs", runs)
    assert status == 2
    assert "expected a seed such as 7" in err


def test_branch_goes_on_from_a_milestone_with_something_changed(gancore: Call, trained: tuple[Path, str]) -> None:
    runs, run_id = trained
    before = {path.name for path in runs.iterdir()}
    for arguments, sentence in (
        (["--at", 33], "--at: run .* keeps no checkpoint at 33 %; there are: 0 %, 25 %, 50 %, 75 %, 100 %"),
        (["--iteration", 5], "keeps no checkpoint of iteration 5; choose one of 0, 2, 4, 6, 8"),
        (["--at", 50, "--set", "latent_dim=9"], "latent_dim: decides the networks' shapes"),
        (["--at", 50, "--set", "hue=9"], "hue: is not a setting"),
        (["--at", 50, "--plan", "3it"], "expected a longer plan, found 3 iterations"),
    ):
        status, out, err = gancore("branch", run_id, *arguments, "--runs", runs)
        assert (status, out, len(err.strip().splitlines())) == (2, "", 1)
        assert re.search(sentence, err)
    assert {path.name for path in runs.iterdir()} == before
    status, out, _ = gancore(
        "branch", run_id, "--at", 50, "--set", "learning_rate=0.01", "--plan", "12it", "--runs", runs
    )
    branch = runs / out.strip()
    assert status == 0
    assert json.loads((branch / "parent.json").read_text()) == {"run": run_id, "iteration": 4, "percent": 50}
    assert json.loads((branch / "config.json").read_text())["settings"]["learning_rate"] == 0.01
    assert json.loads((branch / "status.json").read_text())["iteration"] == 12
    status, out, _ = gancore("branch", run_id, "--iteration", 6, "--runs", runs)
    assert json.loads((runs / out.strip() / "parent.json").read_text())["percent"] == 75
    for path in runs.iterdir():
        if path.name != run_id:
            shutil.rmtree(path)


def test_resume_lengthens_the_plan(gancore: Call, trained: tuple[Path, str]) -> None:
    runs, run_id = trained
    status, _, err = gancore("resume", run_id, "--runs", runs)
    assert status == 2
    assert "is finished; give a longer plan" in err
    status, _, err = gancore("resume", run_id, "--budget", "5it", "--runs", runs)
    assert status == 2
    assert "already; expected a longer plan, found 5 iterations" in err
    status, out, _ = gancore("resume", run_id, "--budget", "12it", "--runs", runs)
    assert (status, out.strip()) == (0, run_id)
    assert json.loads((runs / run_id / "status.json").read_text())["iteration"] == 12


def test_export_writes_csv(gancore: Call, trained: tuple[Path, str]) -> None:
    runs, run_id = trained
    assert gancore("export", run_id, "--to", "csv", "--out", "h.csv", "--runs", runs)[0] == 0
    assert Path("h.csv").read_text().splitlines()[0].startswith("iteration,epoch,images_seen,elapsed_s")
    status, _, err = gancore("export", run_id, "--to", "xlsx", "--out", "h.xlsx", "--runs", runs)
    assert status == 2
    assert "csv" in err


def test_diverged_run_ends_with_status_1(gancore: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = iter(range(100))
    honest = losses.non_saturating
    monkeypatch.setattr(
        losses, "non_saturating", lambda scores: honest(scores) * (math.nan if next(calls) == 4 else 1)
    )
    status, out, err = gancore("train", "-p", "gan-simple", "--budget", "50it", "-b", 16, "--runs", "r")
    assert json.loads(Path("r", out.strip(), "status.json").read_text())["state"] == "diverged"
    assert status == 1
    assert "diverged at iteration 5: generator loss is nan" in err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one child process")
@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow)]
)
def test_interrupt_saves_and_resumes(tmp_path: Path, number: signal.Signals, status: int, gancore: Call) -> None:
    command = [sys.executable, "-m", "gancore", "train", "-p", "gan-lab", "--budget", "100000it", "-b", "16"]
    process = subprocess.Popen(
        [*command, "--runs", str(tmp_path / "r")], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        wait_for_iterations(tmp_path / "r", process)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == status
    assert "Traceback" not in err
    folder = tmp_path / "r" / out.strip()
    stopped = json.loads((folder / "status.json").read_text())
    assert stopped["state"] == "stopped"
    assert (folder / f"checkpoint-{stopped['iteration']:08d}" / "resume.pt").is_file()
    longer = stopped["iteration"] + 3
    assert gancore("resume", folder.name, "--budget", f"{longer}it", "--runs", tmp_path / "r")[0] == 0
    assert json.loads((folder / "status.json").read_text())["iteration"] == longer


def wait_for_iterations(runs: Path, process: subprocess.Popen[str]) -> None:
    """Until a run below ``runs`` has trained."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"ended with {process.returncode}: {process.communicate()[1]}")
        for file in runs.glob("*/status.json"):
            if json.loads(file.read_text())["iteration"] > 0:
                return
        time.sleep(0.05)
    pytest.fail("no iteration within two minutes")
