"""The command line; here ``gancore presets|datasets|train|runs|resume``, the rest in files beside it.

Results go to standard output, everything else to standard error. Exit status: 0 done, 1 the run failed or diverged,
2 bad input (with one sentence), 130 stopped by Ctrl-C and 143 by SIGTERM, both after a checkpoint.
"""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any, NoReturn

import typer

from gancore.cli_archives import register as register_archives
from gancore.cli_bench import bench
from gancore.cli_branch import register as register_branch
from gancore.cli_config import ConfigOption, configuration
from gancore.cli_dataset import register as register_dataset
from gancore.cli_evaluate import register as register_evaluation
from gancore.cli_invert import register as register_inversion
from gancore.cli_library import (
    DataOption,
    FamilyOption,
    PresetsOption,
    SearchOption,
    StateOption,
    TagOption,
    filtered,
    label_columns,
    labels_row,
)
from gancore.cli_library import register as register_library
from gancore.cli_options import DEFAULT_RUNS, JsonOption, RunArgument, RunsOption, SetOption
from gancore.cli_report import register as register_report
from gancore.cli_samples import register as register_samples
from gancore.cli_training import fetch_data, follow, parse_settings, planned_length, read_length
from gancore.cli_words import aligned, speak, translated
from gancore.errors import ConfigError, GanCoreError
from gancore.i18n import N_, _, again, reason_of

app = typer.Typer(
    name="gancore",
    help=_("Train GANs, watch them, and take their samples."),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

_HEADINGS = {
    "preset": N_("preset"),
    "plan": N_("plan"),
    "summary": N_("summary"),
    "data": N_("data"),
    "files": N_("files"),
    "run": N_("run"),
    "state": N_("state"),
    "progress": N_("progress"),
    "epoch": N_("epoch"),
    "message": N_("message"),
    "name": N_("name"),
    "tags": N_("tags"),
}
_PLACES = (N_("bundled"), N_("here"))

BudgetOption = Annotated[
    str | None, typer.Option("--budget", metavar="LENGTH", help=_("Planned length: 60s, 20000it, 600000img or 3ep."))
]


@app.command(help=_("List the presets: named settings of a recipe, each with its source."))
def presets(as_json: JsonOption = False, runs: RunsOption = DEFAULT_RUNS) -> None:
    """``gancore presets``."""
    from gancore.recipes import PRESETS, configure, recipe_of

    rows = []
    for preset in PRESETS.values():
        config = configure(preset.name)
        rows.append(
            {
                "preset": preset.name,
                "recipe": recipe_of(preset.name).name,
                "plan": str(config.plan),
                "summary": preset.summary if as_json else _(preset.summary),
                "source": preset.source,
                "paper": recipe_of(preset.name).paper,
                "note": preset.note,
                "settings": config.settings.model_dump(mode="json"),
            }
        )
    _print(rows, as_json, ("preset", "plan", "summary"))


@app.command(help=_("List the data sets; a folder of images is one too."))
def datasets(as_json: JsonOption = False, runs: RunsOption = DEFAULT_RUNS) -> None:
    """``gancore datasets``."""
    from gancore.sources import SOURCES, data_folder, is_local

    rows: list[dict[str, Any]] = []
    for source in SOURCES.values():
        local = is_local(source.name)
        where = "bundled" if source.dataset is None else "here" if local else f"{source.download_bytes / 1e6:.0f} MB"
        row = {"data": source.name, "files": where, "local": local, "summary": source.summary}
        if not as_json:
            row |= {"files": _(where), "summary": _(source.summary)}
        rows.append(row)
    _print(rows, as_json, ("data", "files", "summary"))
    if not as_json:
        typer.echo(_("Downloads go to {folder} (set GANCORE_DATA to change it).", folder=data_folder()), err=True)


@app.command(help=_("Train a preset and print the run's id last."))
def train(
    preset: Annotated[
        str | None,
        typer.Option("--preset", "-p", help=_("What to train; default: dcgan. `gancore presets` lists them.")),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option("--data", "-d", help=_("A data set's name, or a folder of images; default: digits.")),
    ] = None,
    config_file: ConfigOption = None,
    epochs: Annotated[
        float | None, typer.Option("--epochs", "-e", help=_("Planned passes through the data."))
    ] = None,
    budget: BudgetOption = None,
    seed: Annotated[int | None, typer.Option("--seed", help=_("Decides weights, batches and z."))] = None,
    device: Annotated[str | None, typer.Option("--device", help=_("auto, cpu, cuda, cuda:N or mps."))] = None,
    batch_size: Annotated[int | None, typer.Option("--batch-size", "-b", help=_("Real images in a batch."))] = None,
    latent_dim: Annotated[int | None, typer.Option("--latent-dim", "-z", help=_("Length of the vector z."))] = None,
    gpu: Annotated[int | None, typer.Option("--gpu", "-g", help=_("Number of the GPU; negative: the CPU."))] = None,
    settings: SetOption = None,
    runs: RunsOption = DEFAULT_RUNS,
) -> None:
    """``gancore train``."""
    from gancore.data import load
    from gancore.runs import RunManager

    overrides = parse_settings(settings or [])
    if device is not None and gpu is not None:
        raise ConfigError(_("give either --device or --gpu, not both"))
    if gpu is not None:
        device = "cpu" if gpu < 0 else f"cuda:{gpu}"
    given = {"data": data, "seed": seed, "device": device, "batch_size": batch_size, "latent_dim": latent_dim}
    overrides |= {name: value for name, value in given.items() if value is not None}
    plan = planned_length(None if epochs is None else str(epochs), budget)
    if plan is not None:
        overrides["plan"] = plan
    config = configuration(config_file, preset, overrides)
    fetch_data(config)
    load(config.data, config.image_size, config.channels)  # bad data is bad input, before there is a run
    manager = RunManager(runs, max_running=1)
    follow(manager, manager.start(config))


@app.command(help=_("Go on with an interrupted or stopped run, or train a finished one for longer."))
def resume(
    run_id: RunArgument,
    epochs: Annotated[
        str | None, typer.Option("--epochs", "-e", help=_("New planned length in epochs; +5 for five more."))
    ] = None,
    budget: BudgetOption = None,
    runs: RunsOption = DEFAULT_RUNS,
) -> None:
    """``gancore resume``."""
    from gancore.runs import RunManager
    from gancore.shelf import shelf_folder

    manager = RunManager(runs, max_running=1, shelf=shelf_folder())
    old = manager.get(run_id)
    if epochs is not None and epochs.startswith("+"):
        epochs = str(read_length(epochs[1:], "--epochs", needs_unit=False).amount + old.status().epoch)
    plan = planned_length(epochs, budget)
    if not old.is_shipped:  # which the manager refuses
        fetch_data(old.config)
    follow(manager, manager.resume(run_id, plan))


@app.command("runs", help=_("List the runs, newest first."))
def list_runs(
    family: FamilyOption = None,
    preset: PresetsOption = None,
    data: DataOption = None,
    state: StateOption = None,
    tag: TagOption = None,
    search: SearchOption = "",
    as_json: JsonOption = False,
    runs: RunsOption = DEFAULT_RUNS,
) -> None:
    """``gancore runs``."""
    from gancore.runs import RunManager
    from gancore.schedule import whole_percent
    from gancore.shelf import shelf_folder

    rows = []
    found, damaged = RunManager(runs, shelf=shelf_folder()).survey()
    for run in filtered(found, family, preset, data, state, tag, search):
        status, config = run.status(), run.config
        row = {
            "run": run.id,
            "state": str(status.state),
            "progress": f"{whole_percent(status.progress)} %",
            "epoch": round(status.epoch, 2),
            "plan": str(config.plan),
            "preset": config.preset,
            "data": config.data,
            "seed": config.seed,
            "iteration": status.iteration,
            "images_seen": status.images_seen,
            "elapsed_s": round(status.elapsed_s, 1),
            "message": status.message,
            "shipped": run.is_shipped,
            **labels_row(run),
        }
        if not as_json:
            row |= {"state": status.state.words, "message": status.words, "tags": ", ".join(row["tags"])}
            if run.is_shipped:
                row["message"] = _("ships with GANscope")
        rows.append(row)
    _print(rows, as_json, ("run", *label_columns(rows), "state", "progress", "epoch", "plan", "message"))
    for problem in damaged.values():
        typer.echo(_("gancore: left out: {reason}", reason=problem), err=True)


def _print(rows: list[dict[str, Any]], as_json: bool, columns: tuple[str, ...]) -> None:
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    heading = [_(_HEADINGS[column]) for column in columns]
    for line in aligned([heading, *([str(row[column]) for column in columns] for row in rows)]):
        typer.echo(line)


register_branch(app)
register_samples(app)
register_report(app)
register_dataset(app)
register_evaluation(app)
register_inversion(app)
register_library(app)
register_archives(app)
app.add_typer(bench)


def main() -> NoReturn:
    """The console script: one sentence and exit status 2 for bad input, never a traceback."""
    speak(app)
    try:
        code = app(standalone_mode=False)
    except GanCoreError as error:
        typer.echo(f"gancore: {again(reason_of(error))}", err=True)  # what makes an English document may have failed
        code = 2
    except typer.TyperException as error:
        typer.echo(f"gancore: {translated(error.format_message())}", err=True)
        code = 2
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    except BrokenPipeError:  # the reader of our output has gone, as in `gancore runs | head`
        sys.stderr.close()
        code = 0
    except OSError as error:
        typer.echo(f"gancore: {error}", err=True)
        code = 2
    sys.exit(code)


if __name__ == "__main__":
    main()
