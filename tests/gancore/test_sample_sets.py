"""Data sets of samples: their classes, their formats as other programs read them, and what is refused."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_runs import tiny
from torchvision.datasets.mnist import read_sn3_pascalvincent_tensor

from gancore import sample_sets
from gancore.bench.runner import train_all
from gancore.cli import app
from gancore.data import load_images
from gancore.errors import ConfigError, RunError
from gancore.networks import ImageShape
from gancore.run import Run
from gancore.runs import RunManager
from gancore.sample_files import IdxWriter, folder_names
from gancore.sample_sets import MANIFEST, Manifest, Wanted, label_source, write_sample_set
from gancore.sampling import open_sampler

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunManager]:
    """A conditional and an unconditional run on the digits, and one in the plane."""
    manager = RunManager(tmp_path_factory.mktemp("trained"))
    configs = [tiny("cgan", "4it"), tiny("gan-simple", "4it"), tiny("ns-gan", "2it", data="ring", latent_dim=2)]
    train_all(manager, configs)
    yield manager
    manager.shutdown()


@pytest.fixture
def run_of(trained: RunManager) -> Callable[[str], Run]:
    """The run of a preset."""
    return lambda preset: next(run for run in trained.runs() if run.config.preset == preset)


def drawn(run: Run, count: int, seed: int = 0) -> torch.Tensor:
    """The first samples of a seed."""
    sampler = open_sampler(run)
    return sampler.images(sampler.latents(seed, count))


def test_a_folder_reads_back_as_a_data_set(run_of: Callable[[str], Run], tmp_path: Path) -> None:
    run = run_of("cgan")
    manifest = write_sample_set(run, tmp_path / "set", Wanted(25, "folder"))
    read = load_images(str(tmp_path / "set"), image_size=28)
    assert read.classes == tuple("0123456789")
    assert torch.bincount(read.labels).tolist() == [3, 3, 3, 3, 3, 2, 2, 2, 2, 2]
    images = drawn(run, 25)
    files = sorted((tmp_path / "set").rglob("*.png"))
    assert len(files) == len(read.images) == 25
    for file, image, label in zip(files, read.images, read.labels.tolist(), strict=True):
        assert int(file.stem) % 10 == label, "the class is the one it was told"
        assert torch.equal(image, images[int(file.stem)])
    assert manifest == Manifest.model_validate_json((tmp_path / "set" / MANIFEST).read_bytes())
    assert (manifest.labels_from, manifest.count, manifest.drawn) == ("condition", 25, 25)
    assert manifest.counts == {str(digit): 3 if digit < 5 else 2 for digit in range(10)}
    assert manifest.shape == (1, 28, 28)
    assert manifest.truncation == "none"
    assert manifest.versions["gancore"]


@pytest.mark.parametrize("packed", [False, True])
def test_idx_is_what_torchvision_reads(run_of: Callable[[str], Run], tmp_path: Path, packed: bool) -> None:
    run = run_of("gan-simple")
    manifest = write_sample_set(run, tmp_path / "set", Wanted(40, "idx", seed=3, gzip=packed))
    ending = ".gz" if packed else ""
    files = {path.name: path for path in (tmp_path / "set").iterdir()}
    assert set(files) == {MANIFEST, f"train-images-idx3-ubyte{ending}", f"train-labels-idx1-ubyte{ending}"}
    assert manifest.files_sha256 == {
        name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items() if name != MANIFEST
    }
    for name, path in files.items():
        if packed and name.endswith(".gz"):
            path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
    images = read_sn3_pascalvincent_tensor(str(tmp_path / "set" / "train-images-idx3-ubyte"))
    labels = read_sn3_pascalvincent_tensor(str(tmp_path / "set" / "train-labels-idx1-ubyte"))
    assert torch.equal(images, drawn(run, 40, 3)[:, 0])
    assert manifest.labels_from == "classifier"
    assert manifest.classifier is not None
    assert manifest.classifier.startswith("judge-digits-")
    assert manifest.classifier_accuracy is not None
    assert manifest.classifier_accuracy > 0.9
    assert torch.bincount(labels, minlength=10).tolist() == list(manifest.counts.values())


def test_npz_holds_images_labels_and_names(run_of: Callable[[str], Run], tmp_path: Path) -> None:
    run = run_of("cgan")
    write_sample_set(run, tmp_path / "set", Wanted(12, "npz", seed=1))
    assert {path.name for path in (tmp_path / "set").iterdir()} == {MANIFEST, "samples.npz"}
    with np.load(tmp_path / "set" / "samples.npz") as archive:
        assert archive["classes"].tolist() == list("0123456789")
        assert archive["labels"].tolist() == [*range(10), 0, 1]
        assert np.array_equal(archive["images"], drawn(run, 12, 1)[:, 0].numpy())


def test_the_same_seed_gives_the_same_files_however_they_are_blocked(
    run_of: Callable[[str], Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, found = run_of("cgan"), []
    for name, seed, block in (("a", 0, 500), ("b", 0, 7), ("c", 1, 500)):
        monkeypatch.setattr(sample_sets, "_BLOCK", block)
        found.append(write_sample_set(run, tmp_path / name, Wanted(30, "npz", seed=seed)))
    first, again, other = found
    assert first.files_sha256 == again.files_sha256
    assert first.content_sha256 == again.content_sha256 != other.content_sha256
    assert first.content_sha256 == write_sample_set(run, tmp_path / "d", Wanted(30, "idx")).content_sha256
    told: list[tuple[int, int]] = []
    write_sample_set(run, tmp_path / "e", Wanted(30, "idx"), lambda *now: told.append(now))
    assert told[-1] == (30, 30)


class _Cycling:
    """A judge that sees class 0, 1, 2, 0, ... and is sure of every other image."""

    name, classes, accuracy = "cycling", ("a", "b", "c"), 1.0

    def examine(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Of as many images as there are."""
        probabilities = torch.zeros(len(images), 3)
        for place in range(len(images)):
            probabilities[place, 0 if place < len(images) // 2 else place % 3] = 0.9 if place % 2 else 0.6
        return torch.zeros(len(images), 1), probabilities


def test_classes_are_balanced_and_the_unsure_left_out(
    run_of: Callable[[str], Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample_sets, "extractor_for", lambda *_given: _Cycling())
    run = run_of("gan-simple")
    plain = write_sample_set(run, tmp_path / "plain", Wanted(300, "npz"))
    assert plain.counts["a"] > 2 * plain.counts["b"]
    even = write_sample_set(run, tmp_path / "even", Wanted(200, "npz", per_class=True))
    assert even.counts == {"a": 67, "b": 67, "c": 66}
    assert even.drawn > 200
    sure = write_sample_set(run, tmp_path / "sure", Wanted(100, "npz", least_confidence=0.8))
    assert sure.drawn >= 199, "every other one is left out"
    with pytest.raises(RunError, match=r"too few fit: [\d,]+ of class 'a' are missing; ask for fewer"):
        write_sample_set(run, tmp_path / "none", Wanted(10, "npz", least_confidence=0.95))
    assert not (tmp_path / "none").exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_what_cannot_be_is_refused(run_of: Callable[[str], Run], tmp_path: Path, monkeypatch) -> None:
    for asked, said in (
        ({"count": 0}, "count: expected 1 to 1,000,000 samples, found 0"),
        ({"format": "csv"}, "format: expected one of folder, idx, npz, found 'csv'"),
        ({"least_confidence": 1.0}, "confidence: expected 0 or more and less than 1, found 1"),
        ({"seed": -1}, "seed: expected 0 or more, found -1"),
        ({"gzip": True}, "gzip packs the files of idx; leave it out for folder"),
    ):
        with pytest.raises(ConfigError) as refused:
            Wanted(**asked)  # type: ignore[arg-type]
        assert str(refused.value) == said
    with pytest.raises(ConfigError, match="makes points in the plane; expected a run on images"):
        write_sample_set(run_of("ns-gan"), tmp_path / "dots", Wanted(10))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(ConfigError, match="has files already; expected a new or empty folder"):
        write_sample_set(run_of("cgan"), tmp_path / "full", Wanted(10))
    with pytest.raises(RunError, match="no milestone at 33 %"):
        write_sample_set(run_of("cgan"), tmp_path / "set", Wanted(10, at=33))
    blind = _Cycling()
    blind.classes = ()
    monkeypatch.setattr(sample_sets, "extractor_for", lambda *_given: blind)
    with pytest.raises(ConfigError, match="is told no classes, and digits has no judge"):
        write_sample_set(run_of("gan-simple"), tmp_path / "set", Wanted(10, per_class=True))
    unlabelled = write_sample_set(run_of("gan-simple"), tmp_path / "set", Wanted(10, "folder"))
    assert (unlabelled.labels_from, unlabelled.counts) == ("nothing", {})
    assert len(list((tmp_path / "set").glob("*.png"))) == 10


@pytest.mark.parametrize("place", [".", "..", "/", "new/..", "../here"])
def test_the_current_folder_is_never_replaced(
    run_of: Callable[[str], Run], gancore: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    run = run_of("cgan")
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr("gancore.sample_sets.open_sampler", lambda *_given: pytest.fail("nothing is to be drawn"))
    status, _out, err = gancore("dataset", run.id, "--runs", run.folder.path.parent, "--out", place)
    assert status == 2
    said = f"gancore: {Path(place)} is the current folder or one above it; expected the name of a new folder"
    assert err.strip().endswith(said)
    assert list(tmp_path.iterdir()) == [here]


def test_a_link_to_an_empty_folder_is_followed(run_of: Callable[[str], Run], tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    write_sample_set(run_of("cgan"), tmp_path / "link", Wanted(10, "npz"))
    assert (tmp_path / "there" / MANIFEST).is_file()


def test_classes_become_folders_that_every_system_takes(tmp_path: Path) -> None:
    assert folder_names(["T-shirt/top", "a:b", "..", "x", "x"]) == ["T-shirt-top", "a-b", "class", "3-x", "4-x"]
    with pytest.raises(ConfigError, match="idx holds labels below 256, and there are 1,000 classes; choose npz"):
        IdxWriter(tmp_path, 1, tuple(ImageShape(1, 28, 28)), [str(n) for n in range(1000)])


def test_where_classes_come_from(run_of: Callable[[str], Run]) -> None:
    assert label_source(run_of("cgan")) == "condition"
    assert label_source(run_of("gan-simple")) == "classifier"


def test_the_command_makes_a_set(trained: RunManager, run_of: Callable[[str], Run], tmp_path: Path, capsys) -> None:
    arguments = ["dataset", run_of("cgan").id, "--runs", str(trained.root), "--out", str(tmp_path / "set")]
    app([*arguments, "--count", "20", "--format", "idx", "--per-class"], standalone_mode=False)
    shown = capsys.readouterr()
    assert shown.out.strip() == str(tmp_path / "set")
    assert "0: 2, 1: 2" in shown.err
    assert json.loads((tmp_path / "set" / MANIFEST).read_text())["format"] == "idx"
