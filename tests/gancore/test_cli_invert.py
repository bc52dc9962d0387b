"""``gancore invert``, in this process: what it writes and says, its bad input, and Ctrl-C."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_runs import tiny

from gancore.inversion import Progress, Search
from gancore.run import Run
from gancore.runs import RunManager
from gancore.sampling import open_sampler

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    manager = RunManager(tmp_path_factory.mktemp("runs"))
    run = manager.start(tiny("cgan", "8it"))
    assert run.wait(60)
    yield run
    manager.shutdown()


@pytest.fixture
def pictures(tmp_path: Path) -> tuple[Path, Path]:
    """A drawing in black on white, and a mask of its lower half."""
    drawing = np.full((60, 60, 3), 255, np.uint8)
    drawing[10:50, 25:35] = 0
    Image.fromarray(drawing).save(tmp_path / "drawing.jpg")
    mask = np.zeros((60, 60), np.uint8)
    mask[30:] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    return tmp_path / "drawing.jpg", tmp_path / "mask.png"


def test_a_repair_is_written_with_its_z_and_errors(
    gancore: Call, run: Run, pictures: tuple[Path, Path], tmp_path: Path
) -> None:
    drawing, mask = pictures
    given = ("--image", drawing, "--mask", mask, "--negative", "--steps", 20, "--candidates", 2, "--class", "3")
    code, out, err = gancore("invert", run.id, *given, "--out", tmp_path / "out", "--runs", run.folder.path.parent)
    assert code == 0, err
    assert "candidate 1: error 0." in out
    assert "in the hidden part 0." in out
    assert out.splitlines()[-1] == str(tmp_path / "out")
    written = json.loads((tmp_path / "out" / "found.json").read_text())
    assert (written["run"], written["seed"]) == (run.id, 0)
    first = written["candidates"][0]
    assert first["class"] == "3"
    z = torch.from_numpy(np.load(tmp_path / "out" / "z.npy"))
    assert z.shape == (len(written["candidates"]), 8)
    assert z[0].tolist() == pytest.approx(first["z"])
    with Image.open(tmp_path / "out" / first["image"]) as found:
        again = open_sampler(run).images(z[:1], 3)[0, 0].numpy()
        assert np.abs(np.asarray(found).astype(int) - again).max() <= 1
    with (
        Image.open(tmp_path / "out" / first["repaired"]) as repaired,
        Image.open(tmp_path / "out" / "target.png") as target,
    ):
        assert np.array_equal(np.asarray(repaired)[:14], np.asarray(target)[:14])
    assert (tmp_path / "out" / "grid.png").is_file()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (("--image", "nowhere.png"), "there is no file nowhere.png"),
        (("--image", "drawing.jpg", "--class", "ten"), "--class: expected one of 0, 1, 2"),
        (("--image", "drawing.jpg", "--mask", "drawing.jpg", "--out", "mask.png"), "--out: expected a folder"),
        (("--image", "drawing.jpg", "--steps", "0"), "--steps"),
    ],
)
def test_bad_input_is_one_sentence(
    gancore: Call, run: Run, pictures: tuple[Path, Path], given: tuple[str, ...], sentence: str
) -> None:
    out = () if "--out" in given else ("--out", "out")
    code, _out, err = gancore("invert", run.id, *given, *out, "--runs", run.folder.path.parent)
    assert code == 2
    assert sentence in err
    assert "Traceback" not in err
    assert not Path("out").exists()


def test_ctrl_c_keeps_what_was_found(
    gancore: Call, run: Run, pictures: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Search.run

    def interrupted(search: Search) -> Iterator[Progress]:
        for progress in whole(search):
            if progress.step == 20:
                signal.raise_signal(signal.SIGINT)
            yield progress

    monkeypatch.setattr(Search, "run", interrupted)
    given = ("--image", pictures[0], "--steps", 10_000, "--out", tmp_path / "out", "--class", "3")
    code, out, err = gancore("invert", run.id, *given, "--runs", run.folder.path.parent)
    assert code == 130
    assert "candidate 1: error" in out
    assert "Dark and light look swapped" in err or "--negative" not in err
    assert json.loads((tmp_path / "out" / "found.json").read_text())["candidates"]
