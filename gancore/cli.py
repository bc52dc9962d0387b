"""The command line; here ``gancore presets|datasets|train|runs|resume``, the rest in files beside it.

Results go to standard output, everything else to standard error. Exit status: 0 done, 1 the run failed or diverged,
2 bad input (with one sentence), 130 stopped by Ctrl-C and 143 by SIGTERM, both after a checkpoint.
"""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any, NoReturn

import typer

from gancore.cli_bench import bench
from gancore.cli_branch import register as register_branch
from gancore.cli_dataset import register as register_dataset
from gancore.cli_evaluate import register as register_evaluation
from gancore.cli_options import DEFAULT_RUNS, JsonOption, RunArgument, RunsOption, SetOption
from gancore.cli_samples import register as register_samples
from gancore.cli_training import fetch_data, follow, parse_settings, planned_length, read_length
from gancore.errors import ConfigError, GanCoreError
from gancore.i18n import _

app = typer.Typer(
    name="gancore",
    help="Train GANs, watch them, and take their samples.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

BudgetOption = Annotated[
    str | None, typer.Option("--budget", metavar="LENGTH", help="Planned length: 60s, 20000it, 600000img or 3ep.")
]


@app.command()
def presets(as_json: JsonOption = False, runs: RunsOption = DEFAULT_RUNS) -> None:
    """List the presets: named settings of a recipe, each with its source."""
    from gancore.recipes import PRESETS, configure, recipe_of

    rows = []
    for preset in PRESETS.values():
        config = configure(preset.name)
        rows.append(
            {
                "preset": preset.name,
                "recipe": recipe_of(preset.name).name,
                "plan": str(config.plan),
                "summary": preset.summary,
                "source": preset.source,
                "paper": recipe_of(preset.name).paper,
                "note": preset.note,
                "settings": config.settings.model_dump(mode="json"),
            }
        )
    _print(rows, as_json, ("preset", "plan", "summary"))


@app.command()
def datasets(as_json: JsonOption = False, runs: RunsOption = DEFAULT_RUNS) -> None:
    """List the data sets; a folder of images is one too."""
    from gancore.sources import SOURCES, data_folder, is_local

    rows: list[dict[str, Any]] = []
    for source in SOURCES.values():
        local = is_local(source.name)
        where = "bundled" if source.dataset is None else "here" if local else f"{source.download_bytes / 1e6:.0f} MB"
        rows.append({"data": source.name, "files": where, "local": local, "summary": source.summary})
    _print(rows, as_json, ("data", "files", "summary"))
    if not as_json:
        typer.echo(f"Downloads go to {data_folder()} (set GANCORE_DATA to change it).", err=True)


@app.command()
def train(
    preset: Annotated[
        str, typer.Option("--preset", "-p", help="What to train; `gancore presets` lists them.")
    ] = "dcgan",
    data: Annotated[str, typer.Option("--data", "-d", help="A data set's name, or a folder of images.")] = "digits",
    epochs: Annotated[float | None, typer.Option("--epochs", "-e", help="Planned passes through the data.")] = None,
    budget: BudgetOption = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Decides weights, batches and z.")] = None,
    device: Annotated[str | None, typer.Option("--device", help="auto, cpu, cuda, cuda:N or mps.")] = None,
    batch_size: Annotated[int | None, typer.Option("--batch-size", "-b", help="Real images in a batch.")] = None,
    latent_dim: Annotated[int | None, typer.Option("--latent-dim", "-z", help="Length of the vector z.")] = None,
    gpu: Annotated[int | None, typer.Option("--gpu", "-g", help="Number of the GPU; negative: the CPU.")] = None,
    settings: SetOption = None,
    runs: RunsOption = DEFAULT_RUNS,
) -> None:
    """Train a preset and print the run's id last."""
    from gancore.data import load
    from gancore.recipes import configure
    from gancore.runs import RunManager

    overrides = parse_settings(settings or [])
    if device is not None and gpu is not None:
        raise ConfigError("give either --device or --gpu, not both")
    if gpu is not None:
        device = "cpu" if gpu < 0 else f"cuda:{gpu}"
    given = {"seed": seed, "device": device, "batch_size": batch_size, "latent_dim": latent_dim}
    overrides |= {name: value for name, value in given.items() if value is not None}
    plan = planned_length(None if epochs is None else str(epochs), budget)
    if plan is not None:
        overrides["plan"] = plan
    config = configure(preset, data=data, **overrides)
    fetch_data(config)
    load(config.data, config.image_size, config.channels)  # bad data is bad input, before there is a run
    manager = RunManager(runs, max_running=1)
    follow(manager, manager.start(config))


@app.command()
def resume(
    run_id: RunArgument,
    epochs: Annotated[
        str | None, typer.Option("--epochs", "-e", help="New planned length in epochs; +5 for five more.")
    ] = None,
    budget: BudgetOption = None,
    runs: RunsOption = DEFAULT_RUNS,
) -> None:
    """Go on with an interrupted or stopped run, or train a finished one for longer."""
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


@app.command("runs")
def list_runs(as_json: JsonOption = False, runs: RunsOption = DEFAULT_RUNS) -> None:
    """List the runs, newest first."""
    from gancore.runs import RunManager
    from gancore.shelf import shelf_folder

    rows = []
    found, damaged = RunManager(runs, shelf=shelf_folder()).survey()
    for run in found:
        status, config = run.status(), run.config
        rows.append(
            {
                "run": run.id,
                "state": str(status.state),
                "progress": f"{status.progress:.0%}",
                "epoch": round(status.epoch, 2),
                "plan": str(config.plan),
                "preset": config.preset,
                "data": config.data,
                "seed": config.seed,
                "iteration": status.iteration,
                "images_seen": status.images_seen,
                "elapsed_s": round(status.elapsed_s, 1),
                "message": _("ships with GANscope") if run.is_shipped else status.message,
                "shipped": run.is_shipped,
            }
        )
    _print(rows, as_json, ("run", "state", "progress", "epoch", "plan", "message"))
    for problem in damaged.values():
        typer.echo(f"gancore: left out: {problem}", err=True)


def _print(rows: list[dict[str, Any]], as_json: bool, columns: tuple[str, ...]) -> None:
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    table = [columns, *(tuple(str(row[column]) for column in columns) for row in rows)]
    widths = [max(len(line[index]) for line in table) for index in range(len(columns))]
    for line in table:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


register_branch(app)
register_samples(app)
register_dataset(app)
register_evaluation(app)
app.add_typer(bench)


def main() -> NoReturn:
    """The console script: one sentence and exit status 2 for bad input, never a traceback."""
    try:
        code = app(standalone_mode=False)
    except GanCoreError as error:
        typer.echo(f"gancore: {error}", err=True)
        code = 2
    except typer.TyperException as error:
        typer.echo(f"gancore: {error.format_message()}", err=True)
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
