"""The chapters of a report, each made from the runs that were read; every word is in the language in force."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

import gancore
from gancore import i18n
from gancore.config_file import train_command
from gancore.figure_fonts import chinese_font
from gancore.i18n import N_, _, ngettext
from gancore.recipes import PRESETS
from gancore.report.blocks import (
    Answer,
    Block,
    Charts,
    Command,
    Facts,
    Heading,
    Picture,
    Pictures,
    Section,
    Side,
    Table,
    Text,
)
from gancore.report.figures import gallery_png, loss_figure, overlaid_figures, quality_figures
from gancore.report.questions import questions_for
from gancore.report.reported import Reported
from gancore.run_words import settings_of

NO_VALUE = "—"
PLAYERS = {"generator": N_("Generator"), "discriminator": N_("Discriminator"), "critic": N_("Critic")}
_RECENT = 50


def summary(runs: Sequence[Reported]) -> Section:
    """What was trained, on what, how far, and what came out."""
    data = ", ".join(dict.fromkeys(Path(run.config.data).name for run in runs))
    told = ngettext(
        "{count} GAN was trained on {data}.", "{count} GANs were trained on {data}.", len(runs), data=data
    )
    columns: dict[str, list[str]] = {
        _("Data"): [Path(run.config.data).name for run in runs],
        _("Planned"): [run.config.plan.describe() for run in runs],
        _("State"): [run.status.state.words for run in runs],
        _("Epochs"): [f"{run.status.epoch:.2f}".rstrip("0").rstrip(".") for run in runs],
        _("Iterations"): [f"{run.status.iteration:,}" for run in runs],
        _("Time"): [_duration(run.status.elapsed_s) for run in runs],
        _("Generator loss"): [_last(run, "generator_loss") for run in runs],
        _("Discriminator or critic loss"): [_last(run, "discriminator_loss", "critic_loss") for run in runs],
        _("Fréchet distance"): [_frechet(run) for run in runs],
    }
    shown = {head: cells for head, cells in columns.items() if set(cells) != {NO_VALUE}}
    heads = [_("Run"), *shown]
    rows = [[run.name, *(cells[place] for cells in shown.values())] for place, run in enumerate(runs)]
    blocks: list[Block] = [Text(told), Table(_("Runs of this report"), heads, rows, numbers=True)]
    blocks.append(Text(_("Losses are means of the last {count} iterations.", count=_RECENT), is_note=True))
    presets = dict.fromkeys(run.config.preset for run in runs)
    papers = {preset: next(run.recipe.paper for run in runs if run.config.preset == preset) for preset in presets}
    rows = [[preset, _(PRESETS[preset].summary), papers[preset]] for preset in presets]
    blocks.append(Table(_("What they are"), [_("Preset"), _("What it is"), _("Paper")], rows))
    return Section("summary", _("Summary"), blocks)


def settings(runs: Sequence[Reported]) -> Section:
    """Settings that all share, once, and those that differ, side by side."""
    known = {run.run.id: [(setting.title, setting.text) for setting in settings_of(run.config)] for run in runs}
    return Section("settings", _("Settings"), _shared_and_differing(runs, known))


def curves(runs: Sequence[Reported]) -> Section:
    """Each run's losses; of several also those they share over one another; quality while they trained."""
    blocks: list[Block] = []
    own = [figure for number, run in enumerate(runs, 1) if (figure := loss_figure(run, number)) is not None]
    if own:
        blocks += [
            Charts(own),
            Text(
                _("Faint: every iteration. Bold: moving mean. A dotted line is where D only guesses."), is_note=True
            ),
        ]
    if i18n.language() != i18n.ENGLISH and chinese_font() is None:
        blocks.append(
            Text(
                _("Figures as files are labelled in English, as this machine has no font for Chinese."), is_note=True
            )
        )
    if together := overlaid_figures(runs):
        scales = {"discriminator_loss", "critic_loss"} <= {name for run in runs for name in run.rows}
        note = _("A critic's scores have no bounds, so its run's losses are not on the scale of the others'.")
        blocks += [Heading(_("Over one another")), *([Text(note, is_note=True)] if scales else []), Charts(together)]
    if quality := quality_figures(runs):
        blocks += [Heading(_("Quality while training")), Charts(quality)]
    if not blocks:
        blocks.append(Text(_("No iteration was kept, so there are no curves.")))
    return Section("curves", _("Curves"), blocks, on_new_page=True)


def galleries(runs: Sequence[Reported]) -> Section:
    """Samples at 0, 25, 50, 75 and 100 % of each run's plan."""
    told = _("Each run draws the same latents z at each of its milestones, so a place shows one sample's course.")
    blocks: list[Block] = [Text(told)]
    for run in runs:
        pictures = [
            Picture(
                label=f"{share} %",
                detail=_("iteration {iteration:,}", iteration=gallery.iteration),
                alt=_("Samples of {run} at {share} %", run=run.name, share=share),
                png=gallery_png(run, gallery.image),
            )
            for share, gallery in run.galleries
        ]
        blocks += [
            Heading(run.name, run.look),
            Pictures(pictures) if pictures else Text(_("No samples were kept.")),
        ]
    return Section("samples", _("Samples at 0, 25, 50, 75 and 100 %"), blocks, on_new_page=True)


def networks(runs: Sequence[Reported]) -> Section:
    """Layers, shapes and parameters of both players of each run; those of one shape, once."""
    blocks: list[Block] = []
    shown: dict[object, str] = {}
    for run in runs:
        blocks.append(Heading(run.name, run.look))
        if run.networks is None:
            blocks.append(Text(_("It has not started, so its networks are not known.")))
        elif run.networks in shown:
            blocks.append(Text(_("The same as those of {run}.", run=shown[run.networks])))
        else:
            shown[run.networks] = run.name
            blocks.append(
                Side(
                    [
                        Table(
                            _(
                                "{player}: {count:,} parameters",
                                player=_(PLAYERS[network.name]),
                                count=network.parameters,
                            ),
                            [_("Layer"), _("Output"), _("Parameters")],
                            [
                                [
                                    f"{layer.part}: {layer.name}" if layer.part else layer.name,
                                    NO_VALUE if layer.shape is None else "×".join(map(str, layer.shape)),
                                    f"{layer.parameters:,}" if layer.parameters else NO_VALUE,
                                ]
                                for layer in network.layers
                            ],
                            numbers=True,
                        )
                        for network in run.networks
                    ]
                )
            )
    return Section("networks", _("Networks"), blocks)


def diagnosis(runs: Sequence[Reported]) -> Section:
    """What is certain about how each run trained."""
    silent = _("Its numbers show nothing that is certain.")
    if not any(run.findings or run.changes for run in runs):
        told = silent if len(runs) == 1 else _("The runs' numbers show nothing that is certain.")
        return Section("diagnosis", _("Diagnosis"), [Text(told)])
    blocks: list[Block] = []
    for run in runs:
        blocks.append(Heading(run.name, run.look))
        for finding in run.findings:
            blocks.append(Text(f"{finding.headline}. {finding.evidence} {finding.advice}"))
        if not run.findings:
            blocks.append(Text(silent))
        for change in run.changes:
            blocks.append(
                Text(
                    _(
                        "Steered after iteration {iteration:,}: {change}.",
                        iteration=change.iteration,
                        change=change.words,
                    )
                )
            )
    return Section("diagnosis", _("Diagnosis"), blocks)


def environment(runs: Sequence[Reported]) -> Section:
    """Where the runs trained."""
    known: dict[str, list[tuple[str, str]]] = {}
    for run in runs:
        found = run.resolved
        facts = {} if found is None else {
            _("Device"): found.device,
            _("Precision"): found.precision,
            _("CPU threads at the start"): str(found.threads or ""),
            _("System"): found.platform,
            "Python": found.python_version,
            "PyTorch": found.torch_version,
            "gancore": found.gancore_version,
        }  # fmt: skip
        known[run.run.id] = [(name, value) for name, value in facts.items() if value]
    blocks = _shared_and_differing(runs, known)
    made = _("This report was made by gancore {version}, PyTorch {torch}.", version=gancore.__version__,
             torch=torch.__version__)  # fmt: skip
    return Section("environment", _("Environment"), [*blocks, Text(made, is_note=True)])


def repeating(runs: Sequence[Reported]) -> Section:
    """Seeds, and the commands that train each run again."""
    blocks: list[Block] = [
        Text(
            _(
                "A run's losses follow from its configuration, its seed and, on the CPU, the number of threads. Each "
                "command trains one again; its configuration as a file lies in the archive of this report, for "
                "gancore train --config."
            )
        )
    ]
    for run in runs:
        blocks.append(Heading(f"{run.name} ({_('seed {seed}', seed=run.config.seed)})", run.look))
        blocks.append(Command(shlex.join(train_command(run.config))))
        blocks += [Text(note, is_note=True) for note in _caveats(run)]
    return Section("repeat", _("Seeds and commands"), blocks)


def questions(runs: Sequence[Reported], answers: Mapping[str, str]) -> Section:
    """The lab's questions about these families, each with its answer or room for one."""
    blocks: list[Block] = []
    for group in questions_for({run.recipe.family for run in runs}, len(runs)):
        blocks.append(Heading(_(group.title)))
        blocks += [Answer(_(question.text), answers.get(question.name, "")) for question in group.questions]
    return Section("questions", _("Questions"), blocks, on_new_page=True)


def _caveats(run: Reported) -> list[str]:
    notes: list[str] = []
    if run.parent is not None:
        notes.append(
            _(
                "It is a branch of {parent} after iteration {iteration:,}: alone, the command begins anew.",
                parent=run.parent.run,
                iteration=run.parent.iteration,
            )
        )
    if run.changes:
        notes.append(_("It was steered while it trained, which the command does not repeat."))
    if run.config.plan.unit == "s":
        notes.append(
            _(
                "Its plan is a time, so it ends where the machine is by then: {iterations:,} iterations here.",
                iterations=run.status.iteration,
            )
        )
    return notes


def _shared_and_differing(runs: Sequence[Reported], known: Mapping[str, Sequence[tuple[str, str]]]) -> list[Block]:
    names = dict.fromkeys(name for facts in known.values() for name, _value in facts)
    values = {name: [dict(known[run.run.id]).get(name, NO_VALUE) for run in runs] for name in names}
    shared = [(name, found[0]) for name, found in values.items() if len(set(found)) == 1]
    differing = [[name, *found] for name, found in values.items() if len(set(found)) > 1]
    blocks: list[Block] = []
    if differing:
        looks = [run.look for run in runs]
        blocks.append(Table(_("What differs"), ["", *(run.name for run in runs)], differing, looks))
    if shared:
        blocks.append(Facts(_("The same in all") if len(runs) > 1 else "", shared))
    return blocks


def _last(run: Reported, *names: str) -> str:
    name = next((name for name in names if name in run.rows), None)
    if name is None or not len(run.rows[name]):
        return NO_VALUE
    return f"{run.rows[name][-_RECENT:].mean():.4g}"


def _frechet(run: Reported) -> str:
    number = None if run.evaluation is None else run.evaluation.measurement("frechet")
    return NO_VALUE if number is None else f"{number.value:.4g}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return _("{hours} h {minutes} min", hours=hours, minutes=minutes)
    return (
        _("{minutes} min {seconds} s", minutes=minutes, seconds=rest) if minutes else _("{seconds} s", seconds=rest)
    )
