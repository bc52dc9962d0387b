"""A generator's own weights as a run: what fits, and what is said of what does not."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from tiny_runs import players_of, tiny
from torch import Tensor

from gancore import sampling, upload
from gancore.config import RunConfig
from gancore.data import load_images
from gancore.errors import CheckpointError, DataError, RunError
from gancore.evaluate.evaluate import evaluate_run
from gancore.player_files import weights_of
from gancore.runs import RunManager
from gancore.upload import MisfitError, uploaded

Weights = dict[str, Tensor]


def weights(config: RunConfig) -> Weights:
    """Those of a generator that nobody here has trained."""
    shape = load_images(config.data).shape
    return weights_of(players_of(config.model_copy(update={"seed": 7}), shape).generator)


def saved(folder: Path, tensors: Weights, name: str = "mine.safetensors") -> Path:
    save_file(tensors, folder / name)
    return folder / name


@pytest.mark.parametrize("preset", ["gan-lab", "quick", "cgan", "sagan", "pix2pix-edges"])
def test_weights_that_fit_become_a_finished_run_with_samples(
    manager: RunManager, tmp_path: Path, preset: str
) -> None:
    config = tiny(preset)
    mine = weights(config)
    run = manager.get(upload.upload(manager.root, saved(tmp_path, mine), config).id)
    status = run.status()
    assert (status.state, status.iteration, status.progress) == ("finished", 0, 1.0)
    assert "mine.safetensors" in status.message
    assert [gallery.percent for gallery in run.milestones()] == [100]
    kept = run.folder.generator_weights(run.milestones()[0])
    assert kept.keys() == mine.keys()
    assert all(torch.equal(kept[name], mine[name]) for name in mine)
    sampler = sampling.open_sampler(run)
    assert sampler.images(sampler.latents(0, 4)).shape == (4, *load_images("digits").shape)
    told = uploaded(run.folder)
    assert told is not None
    assert (told.file, told.tensors, len(told.sha256)) == ("mine.safetensors", len(mine), 64)
    assert len(run.history()) == 0
    assert run.quality() is None


def test_it_can_be_evaluated_and_trains_no_further(manager: RunManager, tmp_path: Path) -> None:
    config = tiny("gan-lab", data="ring")
    mine = weights_of(players_of(config, upload.data.load("ring").shape).generator)
    run = manager.get(upload.upload(manager.root, saved(tmp_path, mine), config).id)
    found = evaluate_run(run, 200)
    assert {number.name for number in found.measurements}
    with pytest.raises(RunError, match="uploaded as a generator alone"):
        manager.resume(run.id, type(config.plan).parse("100it"))
    with pytest.raises(RunError, match="has no checkpoint to branch from"):
        manager.branch(run.id)


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
def test_half_precision_is_made_single(manager: RunManager, tmp_path: Path, half: torch.dtype) -> None:
    config = tiny("quick", ema_decay=0.9)
    mine = {name: value.to(half) if value.is_floating_point() else value for name, value in weights(config).items()}
    run = manager.get(upload.upload(manager.root, saved(tmp_path, mine), config).id)
    kept = run.folder.generator_weights(run.milestones()[0])
    assert all(torch.equal(kept[name], mine[name].to(kept[name].dtype)) for name in mine)
    assert {value.dtype for value in kept.values()} == {torch.float32, torch.int64}


def refused(manager: RunManager, file: Path, config: RunConfig, said: str) -> CheckpointError:
    with pytest.raises(CheckpointError, match=said) as error:
        upload.upload(manager.root, file, config)
    assert manager.runs() == []
    return error.value


def test_all_that_does_not_fit_is_said_at_once(manager: RunManager, tmp_path: Path) -> None:
    config = tiny("gan-lab")
    mine = weights(config)
    first, second, *_, last = mine
    mine[first] = mine[first][:, :5].contiguous()
    mine[second] = mine[second].to(torch.int32)
    del mine[last]
    mine["extra.weight"] = torch.zeros(2, 3)
    error = refused(manager, saved(tmp_path, mine), config, "mine.safetensors does not fit the generator of gan-lab")
    assert isinstance(error, MisfitError)
    rows, columns = weights(config)[first].shape
    assert error.problems == [
        f"{first}: expected {rows} × {columns}, found {rows} × 5",
        f"{second}: expected numbers of the kind float16, bfloat16, float32, found int32",
        f"{last}: missing, expected {weights(config)[last].shape[0]}",
        "extra.weight: unexpected, of shape 2 × 3",
    ]


def test_at_most_ten_are_listed_and_the_rest_is_counted(manager: RunManager, tmp_path: Path) -> None:
    other = {f"layer{number}.weight": torch.zeros(1) for number in range(12)}
    config = tiny("gan-lab")
    error = refused(manager, saved(tmp_path, other), config, "does not fit")
    assert isinstance(error, MisfitError)
    assert len(error.problems) == 11
    assert error.problems[-1] == f"and {12 + len(weights(config)) - 10} more"


def test_numbers_that_are_not_finite_are_counted(manager: RunManager, tmp_path: Path) -> None:
    config = tiny("gan-lab")
    mine = weights(config)
    name = next(iter(mine))
    mine[name][0, :2] = torch.tensor([torch.nan, torch.inf])
    refused(manager, saved(tmp_path, mine), config, f"{name}: 2 numbers are not finite")


class Attack:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (os.environ["ATTACKED"],)


@pytest.mark.parametrize("name", ["mine.pt", "mine.pth", "mine.safetensors"])
def test_a_pickle_is_never_opened(
    manager: RunManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("ATTACKED", str(tmp_path / "attacked"))
    torch.save(Attack(), tmp_path / name)
    refused(manager, tmp_path / name, tiny("gan-lab"), "is a pickle, which can run code .* expected a .safetensors")
    assert not (tmp_path / "attacked").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not a safetensors file"),
        (b"\x89PNG\r\n\x1a\n" * 4, "is not a safetensors file"),
        ((40).to_bytes(8, "little") + b'{"a": {"dtype": "F32", "shape": [9999]', "is damaged"),
        ((2**60).to_bytes(8, "little") + b"{}", "is damaged"),
    ],
)
def test_other_and_damaged_files_are_a_sentence(
    manager: RunManager, tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "mine.safetensors"
    file.write_bytes(content)
    refused(manager, file, tiny("gan-lab"), f"mine.safetensors {said}")


def test_a_file_that_is_too_large_or_not_there_is_a_sentence(
    manager: RunManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny("gan-lab")
    refused(manager, tmp_path / "none.safetensors", config, "none.safetensors cannot be read")
    monkeypatch.setattr(upload, "MOST_BYTES", 100)
    refused(manager, saved(tmp_path, weights(config)), config, "expected at most 100")


def test_data_that_is_not_here_is_a_sentence(
    manager: RunManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = saved(tmp_path, weights(tiny("gan-lab")))
    monkeypatch.setenv("GANCORE_DATA", str(tmp_path / "nothing"))
    with pytest.raises(DataError):
        upload.upload(manager.root, mine, tiny("gan-lab", data="kmnist"))
    assert manager.runs() == []


def test_a_failure_leaves_no_run(
    manager: RunManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_manager: Callable[..., RunManager]
) -> None:
    config = tiny("gan-lab")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(upload, "write_json", full)
    with pytest.raises(OSError, match="No space left"):
        upload.upload(manager.root, saved(tmp_path, weights(config)), config)
    assert list(manager.root.iterdir()) == []
