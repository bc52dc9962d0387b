"""Exports, read back with the programs they are meant for."""

from __future__ import annotations

import contextlib
import csv
import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from tiny_runs import tiny

from gancore import data
from gancore.errors import CheckpointError, ConfigError, MissingExtraError, RunError
from gancore.export import EXPORTS, export
from gancore.history import POSITION, History
from gancore.i18n import again, reason_of, speaking
from gancore.recipes import PRESETS, recipe_of
from gancore.run import Run
from gancore.runs import RunManager
from gancore.sampling import open_sampler
from gancore.structure import example_networks


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Three batches an epoch and 2.5 epochs: iterations 1 to 3, 4 to 6, and 7 to 8 of an unfinished one."""
    manager = RunManager(tmp_path_factory.mktemp("runs"))
    run = manager.start(tiny("dcgan", "2.5ep", batch_size=600, sample_every="3it"))
    assert run.wait(60)
    yield run
    manager.shutdown()


@pytest.fixture(scope="module")
def tensorboard(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("tensorboard")
    return export(run, "tensorboard", tmp_path_factory.mktemp("tensorboard") / "log")


def scalars(folder: Path, tag: str) -> tuple[list[int], NDArray[np.float64]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload().Scalars(tag)
    return [event.step for event in events], np.array([event.value for event in events])


def test_the_csv_holds_every_row(run: Run, tmp_path: Path) -> None:
    assert export(run, "csv", tmp_path / "new" / "run.csv") == tmp_path / "new" / "run.csv"
    with (tmp_path / "new" / "run.csv").open() as file:
        header, *lines = list(csv.reader(file))
    assert header == [*POSITION, *(series.name for series in recipe_of("dcgan").series)]
    assert [line[0] for line in lines] == [str(number) for number in range(1, 9)]
    assert [line[2] for line in lines] == ["600", "1200", "1797", "2397", "2997", "3594", "4194", "4794"]
    for index, name in enumerate(header):
        assert np.allclose([float(line[index]) for line in lines], run.history().column(name), rtol=1e-8)


def test_a_diverged_runs_last_row_reads_back(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pandas as pd

    history = History(run.history().names)
    history.append(np.array([[1, 0.5, 16, 0.1, 1.0, 2.0, 0.5, 0.5], [2, 1.0, 32, 0.2, np.nan, np.inf, 0.5, 0.5]]))
    monkeypatch.setattr(run, "history", lambda: history)
    table = pd.read_csv(export(run, "csv", tmp_path / "run.csv"))
    assert np.isnan(table["generator_loss"][1])
    assert np.isinf(table["discriminator_loss"][1])
    pytest.importorskip("matplotlib")
    assert export(run, "png", tmp_path / "run.png").stat().st_size > 0


def test_tensorboard_has_the_labs_tags_and_epoch_means(run: Run, tensorboard: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    tags = EventAccumulator(str(tensorboard)).Reload().Tags()
    assert set(tags["scalars"]) == {
        f"DCGAN/{kind}/{player}" for kind in ("Loss", "Iteration") for player in ("Generator", "Discriminator")
    }
    for player in ("Generator", "Discriminator"):
        values = run.history().column(f"{player.lower()}_loss")
        steps, means = scalars(tensorboard, f"DCGAN/Loss/{player}")
        assert steps == [0, 1, 2]
        assert np.allclose(means, [values[0:3].sum() / 3, values[3:6].sum() / 3, values[6:8].sum() / 2], rtol=1e-6)
        steps, every = scalars(tensorboard, f"DCGAN/Iteration/{player}")
        assert steps == list(range(1, 9))
        assert np.allclose(every, values, rtol=1e-6)


def test_tensorboard_has_every_gallery_at_its_iteration(run: Run, tensorboard: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    shown = EventAccumulator(str(tensorboard), size_guidance={"images": 0}).Reload().Images("Generated Images")
    galleries = run.galleries()
    assert len(galleries) >= 5
    assert [image.step for image in shown] == [gallery.iteration for gallery in galleries]
    with Image.open(run.folder.path / galleries[0].image) as picture:
        assert (shown[0].width, shown[0].height) == picture.size
    assert shown[-1].wall_time == pytest.approx(run.status().created_at + galleries[-1].elapsed_s, abs=1e-3)


def test_tensorboard_itself_shows_scalars_images_and_graphs(run: Run, tensorboard: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(tensorboard), "--port", str(port)]
    server = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--load_fast", "false", "--reload_interval", "1"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def ask(path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/data/{path}", timeout=10) as answer:
            content: bytes = answer.read()
            return content

    def shown(path: str, *wanted: str) -> Any:
        """What TensorBoard says once it has read the log."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and server.poll() is None:
            with contextlib.suppress(OSError):
                found = json.loads(ask(path))
                if found and all(name in found for name in wanted):
                    return found
            time.sleep(0.3)
        pytest.fail(f"TensorBoard did not answer {path}")

    try:
        tags = shown("plugin/scalars/tags", ".")
        assert {"DCGAN/Loss/Generator", "DCGAN/Loss/Discriminator"} <= set(tags["."])
        points = shown("plugin/scalars/scalars?run=.&tag=DCGAN%2FLoss%2FGenerator")
        assert [step for _time, step, _value in points] == [0, 1, 2]
        values = run.history().column("generator_loss")
        assert points[0][2] == pytest.approx(values[:3].mean(), rel=1e-5)
        images = shown("plugin/images/images?run=.&tag=Generated%20Images&sample=0")
        assert [image["step"] for image in images] == [gallery.iteration for gallery in run.galleries()]
        assert ask(f"plugin/images/individualImage?{images[0]['query']}").startswith(b"\x89PNG")
        shown("plugin/graphs/info", "generator", "discriminator")
        assert b"ConvTranspose2d" in ask("plugin/graphs/graph?run=generator&conceptual=false")
    finally:
        server.terminate()
        server.wait(20)


@pytest.mark.parametrize(("player", "layer"), [("generator", "ConvTranspose2d"), ("discriminator", "MaxPool2d")])
def test_tensorboard_has_both_graphs(tensorboard: Path, player: str, layer: str) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    graph = EventAccumulator(str(tensorboard / player)).Reload().Graph()
    assert any(layer in node.name for node in graph.node)


def test_a_second_tensorboard_export_replaces_the_first_and_nothing_else(run: Run, tensorboard: Path) -> None:
    (tensorboard / "events.out.tfevents.0.mine").write_bytes(b"")
    before = {path.name for path in tensorboard.rglob("events*")}
    export(run, "tensorboard", tensorboard)
    after = {path.name for path in tensorboard.rglob("events*")}
    assert len(after) == len(before)
    assert before & after == {"events.out.tfevents.0.mine"}
    (tensorboard / "events.out.tfevents.0.mine").unlink()
    assert scalars(tensorboard, "DCGAN/Loss/Generator")[0] == [0, 1, 2]


@pytest.mark.parametrize("preset", ["gan-simple", "wgan", "grl"])
def test_tags_of_the_other_families(make_manager, tmp_path: Path, preset: str) -> None:  # type: ignore[no-untyped-def]
    pytest.importorskip("tensorboard")
    run = make_manager().start(tiny(preset, "5it", batch_size=300))
    assert run.wait(60)
    out = export(run, "tensorboard", tmp_path / "log")
    family = recipe_of(preset).family
    for series in recipe_of(preset).series:
        if series.tag:
            steps, means = scalars(out, f"{family}/Loss/{series.tag}")
            values = run.history().column(series.name)
            # Six batches an epoch: wgan takes five in an iteration, so its second ends in the second epoch.
            cuts = [[0], [1], [2], [3], [4]] if preset == "wgan" else [range(5)]
            assert steps == list(range(len(cuts)))
            assert np.allclose(means, [values[list(cut)].mean() for cut in cuts], rtol=1e-6)
    assert scalars(out, f"{family}/Loss/Discriminator")[0]


@pytest.mark.parametrize(("kind", "magic"), [("pdf", b"%PDF"), ("png", b"\x89PNG")])
def test_figures_are_files_of_their_kind_and_the_same_each_time(
    run: Run, tmp_path: Path, kind: str, magic: bytes
) -> None:
    pytest.importorskip("matplotlib")
    one, two = (export(run, kind, tmp_path / f"{name}.{kind}").read_bytes() for name in "ab")
    assert one.startswith(magic)
    assert one == two
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_the_figure_shows_its_curves_without_touching_pyplot(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    export(run, "png", tmp_path / "run.png")
    assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()
    with Image.open(tmp_path / "run.png") as picture:
        assert picture.width == 1600
        pixels = np.asarray(picture.convert("RGB")).reshape(-1, 3).astype(int)
    for colour in ((0x2A, 0x78, 0xD6), (0xEB, 0x68, 0x34)):
        assert (np.abs(pixels - colour).sum(1) < 12).sum() > 200


def test_a_long_curve_is_thinned_but_keeps_its_spikes(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib.axes import Axes

    rows = 50_000
    history = History(run.history().names)
    table = np.ones((rows, 8))
    table[:, 0], table[:, 1] = np.arange(1, rows + 1), np.arange(1, rows + 1) / 1000
    table[31_234, 4] = 77.0
    history.append(table)
    monkeypatch.setattr(run, "history", lambda: history)
    drawn: list[NDArray[np.float64]] = []
    plot = Axes.plot
    monkeypatch.setattr(Axes, "plot", lambda axis, x, y, **style: (drawn.append(y), plot(axis, x, y, **style))[1])
    export(run, "png", tmp_path / "run.png")
    assert max(len(curve) for curve in drawn) <= 4000
    assert drawn[0].max() == 77.0
    assert len(drawn[1]) == 50, "one mean an epoch"
    assert drawn[1][31] == pytest.approx(1.076)


@pytest.mark.slow
def test_the_onnx_generator_makes_the_samplers_images(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxscript")
    onnx = pytest.importorskip("onnx")
    from onnx.reference import ReferenceEvaluator

    # Not in this process, where a run may be training: the exporter disturbs other threads.
    monkeypatch.setattr(torch.onnx, "export", lambda *_, **__: pytest.fail("converted in the process that trains"))
    out = export(run, "onnx", tmp_path / "generator.onnx")
    model = onnx.load(out)
    onnx.checker.check_model(model, full_check=True)
    facts = {entry.key: entry.value for entry in model.metadata_props}
    assert facts["image_range"] == "[-1, 1]"
    assert (facts["run"], facts["preset"], facts["iteration"]) == (run.id, "dcgan", "8")
    (given,), (made,) = model.graph.input, model.graph.output
    assert (given.name, made.name) == ("latents", "images")
    assert given.type.tensor_type.shape.dim[0].dim_param
    assert [size.dim_value for size in made.type.tensor_type.shape.dim][1:] == [1, 28, 28]
    sampler, evaluator = open_sampler(run), ReferenceEvaluator(model)
    for count in (1, 5):
        z = sampler.latents(seed=3, count=count)
        (images,) = evaluator.run(None, {"latents": z.numpy()})
        difference = data.from_range(torch.from_numpy(images), "[-1, 1]").int() - sampler.images(z).int()
        assert difference.abs().max() <= 1


@pytest.mark.parametrize(
    "preset",
    [preset if preset == "cgan" else pytest.param(preset, marks=pytest.mark.slow) for preset in PRESETS],
)
def test_the_onnx_generator_makes_what_pytorch_makes(make_manager, tmp_path: Path, preset: str) -> None:  # type: ignore[no-untyped-def]
    pytest.importorskip("onnxscript")
    runtime = pytest.importorskip("onnxruntime")
    run = make_manager().start(tiny(preset, "3it"))
    assert run.wait(60)
    out = export(run, "onnx", tmp_path / "generator.onnx")
    session = runtime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
    generator, given = example_networks(run)["generator"]
    generator.load_state_dict(run.folder.generator_weights(run.milestones()[-1]))
    names = [put.name for put in session.get_inputs()]
    assert names == ["latents", "condition"][: len(given)]
    for count in (1, 3):
        inputs = [value.repeat(2, *[1] * (value.ndim - 1))[:count] for value in given]
        with torch.inference_mode():
            expected = generator.eval()(*inputs).numpy()
        feed = {name: value.numpy() for name, value in zip(names, inputs, strict=True)}
        (made,) = session.run(["images"], feed)
        assert made.shape == expected.shape
        assert np.allclose(made, expected, atol=1e-5)


def test_a_generator_that_onnx_cannot_express_is_refused_with_the_reason(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gancore.export._require", lambda *_: None)
    answer = subprocess.CompletedProcess([], 1, "", "Traceback ...\nUnsupportedOperatorError: aten::odd\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: answer)
    with pytest.raises(RunError, match="cannot be written as ONNX: UnsupportedOperatorError: aten::odd"):
        export(run, "onnx", tmp_path / "generator.onnx")
    assert not (tmp_path / "generator.onnx").exists()


def test_unknown_kinds_are_listed(run: Run, tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match="there is no export 'xlsx'; choose one of csv, tensorboard, pdf, png, onnx, config"
    ):
        export(run, "xlsx", tmp_path / "out")


@pytest.mark.parametrize("kind", [kind for kind in EXPORTS if kind != "config"])
def test_there_is_nothing_to_export_before_the_first_iteration(
    run: Run, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gancore.export._require", lambda *_: None)
    empty = History(run.history().names)
    monkeypatch.setattr(run, "history", lambda: empty)
    monkeypatch.setattr(run, "milestones", list)
    with pytest.raises(RunError, match=run.id):
        export(run, kind, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", [kind for kind in EXPORTS if kind not in ("csv", "config")])
def test_a_missing_package_is_named_with_the_command_that_installs_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    name = {"tensorboard": "TensorBoard"}.get(kind, kind.upper())
    package = {"pdf": "matplotlib", "png": "matplotlib"}.get(kind, kind)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError) as caught:
        export(run, kind, tmp_path / "out")
    assert str(caught.value) == (
        f"exporting to {name} needs the package {package}; install it with: uv pip install 'ganscope[export]'"
    )
    with speaking("zh_CN"):
        told = again(reason_of(caught.value))
    assert told == f"导出为 {name} 需要软件包 {package}；请用以下命令安装：uv pip install 'ganscope[export]'"


def test_what_cannot_be_written_is_one_sentence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match=r"cannot write .*file/run\.csv: "):
        export(run, "csv", tmp_path / "file" / "run.csv")
    (tmp_path / "folder").mkdir()
    with pytest.raises(CheckpointError, match=r"cannot write .*folder: "):
        export(run, "csv", tmp_path / "folder")
    assert list(tmp_path.glob(".*")) == [], "nothing half-written is left"


def test_a_damaged_gallery_is_named(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    path = run.folder.path / run.galleries()[1].image
    whole = path.read_bytes()
    path.write_bytes(b"no picture")
    try:
        with pytest.raises(CheckpointError, match=f"{path.name} cannot be read as an image"):
            export(run, "tensorboard", tmp_path / "log")
    finally:
        path.write_bytes(whole)
