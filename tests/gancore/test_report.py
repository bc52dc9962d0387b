"""The lab report: what is in it, that it needs nothing else, and what goes into the archive."""

from __future__ import annotations

import dataclasses
import io
import json
import re
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tiny_runs import tiny

from dashboard.palette import DASHES, RUN_COLORS
from gancore.answers import answer
from gancore.errors import CheckpointError, MissingExtraError
from gancore.evaluate.evaluate import evaluate_run
from gancore.i18n import speaking
from gancore.recipes import PRESETS, RECIPES
from gancore.report import figures, lab_report, report_archive, reported
from gancore.report.drawing import figure_bytes, inline_svg
from gancore.report.questions import GROUPS, questions_for
from gancore.run import Run
from gancore.run_words import short_names
from gancore.runs import RunManager

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Run]]:
    """A gan-simple, a dcgan with live quality, and a wgan-lab that was evaluated."""
    manager = RunManager(tmp_path_factory.mktemp("runs"))
    plans = {"gan-simple": {}, "dcgan": {"measure_every": "5it"}, "wgan-lab": {"seed": 7}}
    found = [manager.start(tiny(preset, "20it", **given)) for preset, given in plans.items()]
    assert all(run.wait(120) for run in found)
    evaluate_run(found[2], count=100)
    yield found
    manager.shutdown()


@pytest.fixture(scope="module")
def html(runs: list[Run]) -> str:
    return lab_report(runs)


def test_a_report_asks_nothing_of_a_network_and_runs_no_script(html: str) -> None:
    assert "<script" not in html
    addresses = re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?([^"')>\s]+)""", html)
    assert addresses
    assert {address[:1] for address in addresses if not address.startswith("data:")} <= {"#"}
    assert "http" not in re.sub(r"data:[^\"]*", "", html)
    assert "@import" not in html


def test_a_report_has_every_chapter_and_run(html: str, runs: list[Run]) -> None:
    chapters = re.findall(r'<section id="([a-z]+)"', html)
    assert chapters == [
        "summary", "settings", "curves", "samples", "metrics", "diagnosis", "networks", "environment", "repeat",
        "questions",
    ]  # fmt: skip
    assert set(re.findall(r'href="#([a-z]+)"', html)) == set(chapters)
    assert html.count("<img ") == 5 * len(runs)
    for share in (0, 25, 50, 75, 100):
        assert f"Samples of dcgan at {share} %" in html
    for text in ("seed 7", "gancore train --preset wgan-lab --data digits --budget 20it --seed 7", "Python"):
        assert text in html
    assert "100 samples each against" in html
    assert "Last measured while training" in html
    assert "Critic" in html
    asked = [question for group in questions_for({"GAN", "DCGAN", "WGAN"}, 3) for question in group.questions]
    assert html.count('class="answer blank"') == len(asked)


def test_the_tables_hold_the_runs_own_numbers(html: str, runs: list[Run]) -> None:
    for run in runs:
        networks = reported.read(run, "x", reported.Look("#006cb4", "solid")).networks
        assert networks is not None
        generator, discriminator = networks
        assert f"Generator: {generator.parameters:,} parameters" in html
        assert f"{discriminator.parameters:,} parameters" in html
        assert generator.parameters == sum(layer.parameters for layer in generator.layers)
        assert generator.layers[-1].shape is not None
        loss = run.history().column("generator_loss")[-50:].mean()
        assert f"<td>{loss:.4g}</td>" in html


def test_names_in_a_figure_do_not_clash_and_take_the_pages_ink(html: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    used = set(re.findall(r'(?:url\(#|<use href="#)([^)"]+)', html))
    assert used
    assert used <= set(ids)
    assert "currentColor" in html
    assert "#010203" not in html


@pytest.mark.parametrize("preset", PRESETS)
def test_networks_of_every_preset_are_told_without_a_checkpoint(
    preset: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gancore.checkpoint import RunFolder
    from gancore.status import Resolved
    from gancore.structure import structure

    folder = RunFolder.create(tmp_path, tiny(preset))
    run = Run(folder)
    resolved = Resolved(
        shape=(1, 28, 28), classes=tuple("0123456789"), images=10, batches_per_epoch=1, batches_per_iteration=1,
        device="cpu", precision="float32", torch_version="", gancore_version="",
    )  # fmt: skip
    folder.write_resolved(resolved)
    for network in structure(run):
        shapes = [layer.shape for layer in network.layers]
        assert None not in shapes, "every layer was called"
        assert network.parameters == sum(layer.parameters for layer in network.layers) > 0


def test_answers_are_in_it_as_they_were_typed(runs: list[Run]) -> None:
    folders = [runs[0].folder]
    typed = 'First line\n  <b>second</b> & "third" ' + "long" * 500
    answer(folders, "gan-adversarial", typed)
    answer(folders, "author", "Ann <Lee>")
    made = lab_report(runs[:1])
    assert "First line\n  &lt;b&gt;second&lt;/b&gt; &amp; &#34;third&#34; longlong" in made
    assert "Ann &lt;Lee&gt;" in made
    assert "<b>second" not in made
    assert "Comparison" not in re.findall(r"<h3>([^<]*)</h3>", made)


def test_a_run_that_has_not_started_is_told_of(tmp_path: Path) -> None:
    from gancore.checkpoint import RunFolder

    made = lab_report([Run(RunFolder.create(tmp_path, tiny("wgan")))])
    for text in (
        "interrupted",
        "No iteration was kept",
        "No samples were kept",
        "It has not started",
        "Nothing was measured",
    ):
        assert text in made


def test_a_damaged_run_is_one_sentence(runs: list[Run]) -> None:
    picture = runs[0].folder.path / runs[0].galleries()[0].image
    whole = picture.read_bytes()
    picture.unlink()
    try:
        with pytest.raises(CheckpointError, match=f"{picture.name} cannot be read as an image"):
            lab_report(runs[:1])
    finally:
        picture.write_bytes(whole)


def test_the_archive_holds_figures_numbers_pictures_and_configurations(runs: list[Run]) -> None:
    with zipfile.ZipFile(io.BytesIO(report_archive(runs[:2]))) as archive:
        names = archive.namelist()
        figures_there = {name.split("/")[1].removesuffix(".png") for name in names if name.startswith("figures/") and
                         name.endswith(".png")}  # fmt: skip
        for name in figures_there:
            assert archive.read(f"figures/{name}.png").startswith(b"\x89PNG")
            assert archive.read(f"figures/{name}.pdf").startswith(b"%PDF")
            assert len(pd.read_csv(io.BytesIO(archive.read(f"data/{name}.csv"))))
        assert {"losses-1", "losses-2", "galleries-1", "compared-generator_loss", "quality-frechet"} <= (
            figures_there
        )
        table = pd.read_csv(io.BytesIO(archive.read("data/losses-1.csv")))
        assert np.allclose(table["generator_loss"], runs[0].history().column("generator_loss"), rtol=1e-8)
        assert table["iteration"].tolist() == list(range(1, 21))
        shared = pd.read_csv(io.BytesIO(archive.read("data/compared-generator_loss.csv")))
        assert shared.groupby("run").size().to_dict() == {run.id: 20 for run in runs[:2]}
        assert archive.read("report.html").startswith(b"<!DOCTYPE html>")
        for number, run in enumerate(runs[:2], 1):
            for share, gallery in zip((0, 25, 50, 75, 100), run.galleries(), strict=True):
                stored = (run.folder.path / gallery.image).read_bytes()
                assert archive.read(f"galleries/{number}-{share:03d}.png") == stored
            assert json.loads(archive.read(f"configs/{number}-{run.id}.json"))["seed"] == run.config.seed


def test_a_figure_is_the_same_each_time_and_shows_its_curves(runs: list[Run]) -> None:
    (run,) = reported.read_all(runs[:1])
    figure = figures.loss_figure(run, 1)
    assert figure is not None
    for kind in ("png", "pdf"):
        assert figure_bytes(figure, kind) == figure_bytes(figure, kind)
    assert inline_svg(figure) == inline_svg(figure)
    with Image.open(io.BytesIO(figure_bytes(figure, "png"))) as picture:
        pixels = np.asarray(picture.convert("RGB")).reshape(-1, 3).astype(int)
    for color in ((0x3C, 0x9C, 0xB4), (0x9C, 0x18, 0xFC)):
        assert (np.abs(pixels - color).sum(1) < 12).sum() > 200


def test_a_moving_mean_is_exact_at_both_ends() -> None:
    values = np.arange(240.0)
    means = figures.moving_mean(values)
    assert means[0] == np.mean(values[:3])
    assert means[100] == np.mean(values[98:103])
    assert means[-1] == np.mean(values[-3:])
    assert np.array_equal(figures.moving_mean(values[:10]), values[:10])


def test_runs_have_the_dashboards_colours() -> None:
    assert (reported.COLORS, reported.DASHES) == (RUN_COLORS, DASHES)


def test_names_tell_runs_apart(runs: list[Run]) -> None:
    configs = {run.id: run.config for run in runs}
    assert list(short_names(configs).values()) == ["gan-simple", "dcgan", "wgan-lab"]
    one, two = tiny("wgan", seed=1), tiny("wgan", seed=2)
    assert list(short_names({"a": one, "b": two}).values()) == ["wgan · seed 1", "wgan · seed 2"]
    assert list(short_names({"wgan-a": one, "wgan-b": one}).values()) == ["wgan · a", "wgan · b"]


def test_every_question_has_a_name_of_its_own_and_families_that_there_are() -> None:
    names = [question.name for group in GROUPS for question in group.questions]
    assert len(names) == len(set(names))
    known = {recipe.family for recipe in RECIPES.values()}
    assert {family for group in GROUPS for family in group.families} <= known
    alone = [group.title for group in questions_for({"LSGAN"})]
    assert alone == ["Observations", "Conclusions"]
    assert [group.title for group in questions_for({"WGAN"}, 2)] == [
        "WGAN", "Observations", "Comparison", "Conclusions",
    ]  # fmt: skip


def test_a_chinese_report_says_so_and_its_letters_are_text(runs: list[Run], monkeypatch: pytest.MonkeyPatch) -> None:
    with speaking("zh_CN"):
        assert '<html lang="zh-CN">' in lab_report(runs[:1])
        monkeypatch.setattr("gancore.report.sections.chinese_font", lambda: None)
        made = lab_report(runs[:1])
    assert made.count("PingFang SC") == 1
    assert "<text" in made


def test_what_an_evaluation_found_is_said_in_chinese(runs: list[Run]) -> None:
    with speaking("zh_CN"):
        made = lab_report([runs[2]])
    found = re.search('<section id="metrics".*?</section>', made, re.DOTALL)
    assert found
    text = re.sub("<[^>]*>", "\n", found[0])
    assert "训练图像" in text
    assert re.search("[A-Za-z]+ [A-Za-z]+ [A-Za-z]+", text) is None


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_without_a_chinese_font_a_figure_has_letters_and_no_boxes(
    runs: list[Run], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """What becomes shapes is English; an SVG's letters stay text, which the reader's fonts draw."""
    for module in ("gancore.figure_fonts", "gancore.report.figures"):
        monkeypatch.setattr(f"{module}.chinese_font", lambda: None)
    with speaking("zh_CN"):
        two = reported.read_all(runs[:2], {runs[0].id: "基线", runs[1].id: "wider"})
        figure = figures.overlaid_figures(two)[0]
        shown: list[str] = []

        def noted(drawing: Any) -> None:
            figure.draw(drawing)
            (axes,) = drawing.axes
            legend = [text.get_text() for text in axes.get_legend().get_texts()]
            shown.extend([axes.get_title(loc="left"), axes.get_xlabel(), *legend])

        with warnings.catch_warnings():
            warnings.filterwarnings("error" if kind == "png" else "ignore", message="Glyph")
            figure_bytes(dataclasses.replace(figure, draw=noted), kind)
    if kind == "png":
        assert shown == ["Generator loss", "Epoch", runs[0].id, "wider"]
    else:
        assert shown == ["生成器损失", "轮", "基线", "wider"]


def test_the_command_writes_a_page_or_an_archive(
    runs: list[Run], tmp_path: Path, gancore: Callable[..., tuple[int, str, str]]
) -> None:
    root, ids = runs[0].folder.path.parent, [run.id for run in runs[:2]]
    page = tmp_path / "new" / "report.html"
    status, out, _err = gancore("report", *ids, "--runs", root, "--out", page, "--language", "zh_CN")
    assert (status, out.strip()) == (0, str(page))
    assert '<html lang="zh-CN">' in page.read_text(encoding="utf-8")
    for arguments, sentence in (
        ([ids[0], "--out", "report.docx"], "--out: expected a file that ends in .html or .zip, found 'report.docx'"),
        ([ids[0], "--out", "r.html", "--language", "fr"], "--language: expected one of en, zh_CN, found 'fr'"),
        (["nobody", "--out", "r.html"], "there is no run 'nobody'"),
    ):
        status, _out, err = gancore("report", *arguments, "--runs", root)
        assert status == 2
        assert sentence in err


def test_a_missing_package_is_named(runs: list[Run], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"a report needs the package matplotlib"):
        lab_report(runs[:1])
    with speaking("zh_CN"), pytest.raises(MissingExtraError, match="生成报告需要软件包 matplotlib"):
        lab_report(runs[:1])
