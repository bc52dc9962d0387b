"""``gancore bench``: published results and the seeds' claims, run again on this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from gancore.errors import ConfigError
from gancore.i18n import ENGLISH, _, speaking

bench = typer.Typer(
    name="bench",
    help=_("Run published results again; what has been trained is not trained twice."),
    no_args_is_help=True,
    rich_markup_mode=None,
)

RunsOption = Annotated[Path, typer.Option("--runs", metavar="DIR", help=_("Where the runs are kept."))]
SeedsOption = Annotated[int, typer.Option("--seeds", min=1, max=100, help=_("Runs of each, from seeds 0, 1, ..."))]
VariantOption = Annotated[
    list[str] | None,
    typer.Option("--variant", metavar="'PRESET NAME=VALUE'", help=_("What to train; may be repeated.")),
]
BudgetOption = Annotated[str, typer.Option("--budget", metavar="LENGTH", help=_("Training of each run."))]
WriteOption = Annotated[
    Path | None, typer.Option("--write", metavar="FILE", help=_("Also put the table into this document."))
]
JobsOption = Annotated[int, typer.Option("--jobs", min=1, max=64, help=_("Runs at once."))]
DEFAULT_RUNS = Path("checkpoints/bench")


@bench.command(help=_("PacGAN's ring of 8 and grid of 25, with the published numbers beside ours."))
def modes(
    variant: VariantOption = None,
    seeds: SeedsOption = 5,
    budget: BudgetOption = "20000it",
    data: Annotated[str, typer.Option("--data", help=_("ring, grid, or both with a comma."))] = "ring,grid",
    jobs: JobsOption = 2,
    write: WriteOption = None,
    runs: RunsOption = DEFAULT_RUNS,
) -> None:
    """``gancore bench modes``."""
    from gancore.bench import modes as module
    from gancore.bench.runner import parse_variants
    from gancore.runs import RunManager

    names = [name.strip() for name in data.split(",")]
    if not set(names) <= set(module.DATA):
        raise ConfigError(_("--data: expected ring or grid, or both with a comma, found {data!r}", data=data))
    variants = parse_variants(variant or module.VARIANTS)
    _publish(
        f"bench modes --data {data} --seeds {seeds} --budget {budget}{_named(variant)}",
        "modes",
        "Modes in the plane",
        lambda: module.bench_modes(RunManager(runs, max_running=jobs), variants, seeds, budget, names),
        write,
        precision="float32",  # of every run on points
    )


@bench.command(help=_("Stacked MNIST: modes of 1,000 and KL over 26,000 samples."))
def stacked(
    variant: VariantOption = None,
    seeds: SeedsOption = 1,
    budget: BudgetOption = "20000it",
    jobs: JobsOption = 1,
    write: WriteOption = None,
    runs: RunsOption = DEFAULT_RUNS,
) -> None:
    """``gancore bench stacked``."""
    from gancore.bench import stacked as module
    from gancore.bench.runner import parse_variants
    from gancore.runs import RunManager

    variants = parse_variants(variant or module.VARIANTS)
    _publish(
        f"bench stacked --seeds {seeds} --budget {budget}{_named(variant)}",
        "stacked",
        "Stacked MNIST",
        lambda: module.bench_stacked(RunManager(runs, max_running=jobs), variants, seeds, budget),
        write,
    )


@bench.command(help=_("All presets after the same number of images, with the order of Lucic et al. beside."))
def quality(
    variant: VariantOption = None,
    seeds: SeedsOption = 3,
    budget: BudgetOption = "120000img",
    data: Annotated[str, typer.Option("--data", help=_("A data set of images."))] = "mnist",
    jobs: JobsOption = 2,
    write: Annotated[Path, typer.Option("--write", metavar="FILE", help=_("The document."))] = Path(
        "docs/results.md"
    ),
    runs: RunsOption = DEFAULT_RUNS,
) -> None:
    """``gancore bench quality``."""
    from gancore.bench import quality as module
    from gancore.bench.runner import parse_variants
    from gancore.runs import RunManager

    variants = parse_variants(variant or module.image_presets())
    command = f"bench quality --data {data} --seeds {seeds} --budget {budget}{_named(variant)}"
    name, title = f"some-{data}", f"Some presets on {data}"
    if variant is None:
        name, title = f"quality-{data}", f"All presets on {data} at equal length"
    manager = RunManager(runs, max_running=jobs)
    _publish(command, name, title, lambda: module.bench_quality(manager, variants, seeds, budget, data), write)


@bench.command(
    help=_(
        "The presets planned by time; leave the machine alone meanwhile, and with more jobs each gets fewer cores."
    )
)
def starters(
    preset: Annotated[list[str] | None, typer.Option("--preset", help=_("Which; may be repeated."))] = None,
    seeds: SeedsOption = 3,
    data: Annotated[str, typer.Option("--data", help=_("A data set of images."))] = "mnist",
    out: Annotated[Path, typer.Option("--out", help=_("Where one run of each is put."))] = Path(
        "checkpoints/starters"
    ),
    jobs: JobsOption = 1,
    write: Annotated[Path, typer.Option("--write", metavar="FILE", help=_("The document."))] = Path(
        "docs/results.md"
    ),
    runs: RunsOption = DEFAULT_RUNS,
) -> None:
    """``gancore bench starters``."""
    from gancore.bench import starters as module
    from gancore.runs import RunManager

    presets = preset or module.PRESETS
    manager = RunManager(runs, max_running=jobs)
    chosen = "".join(f" --preset {name}" for name in presets)
    command = f"bench starters{chosen} --data {data} --seeds {seeds} --jobs {jobs}"
    names = " and ".join(f"`{name}`" for name in presets)
    _publish(
        command,
        "-".join(["starters", *presets, data]),
        f"Planned by time: {names} on {data}",
        lambda: module.bench_starters(manager, presets, seeds, data, out),
        write,
    )


@bench.command(
    help=_("The small runs that ship with GANscope, one of each family; those on the shelf already stay as they are.")
)
def shipped(
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAME", help=_("Which; may be repeated."))
    ] = None,
    shelf: Annotated[Path, typer.Option("--shelf", help=_("Where they are packed."))] = Path("checkpoints/starters"),
    jobs: JobsOption = 1,
    runs: RunsOption = DEFAULT_RUNS,
) -> None:
    """``gancore bench shipped``."""
    from gancore.bench import shipped as module
    from gancore.bench.report import write_section
    from gancore.runs import RunManager

    starters = module.chosen_starters(only or ())
    typer.echo(module.ship_all(RunManager(runs, max_running=jobs), starters, shelf))
    with speaking(ENGLISH):  # as the document is
        write_section(shelf / "README.md", "shelf", module.table(shelf))


@bench.command(
    help=_("What samples are worth as training data: a classifier trained on real images, on samples, and on both.")
)
def worth(
    run: Annotated[
        list[str] | None,
        typer.Option("--run", metavar="RUN", help=_("Whose samples; may be repeated. Default: shipped ones.")),
    ] = None,
    real: Annotated[str, typer.Option("--real", help=_("Numbers of real images."))] = "100,1000,10000",
    generated: Annotated[int, typer.Option("--generated", min=10, help=_("Samples of each run."))] = 10_000,
    seeds: SeedsOption = 3,
    shown: Annotated[int, typer.Option("--shown", min=1, help=_("Images each classifier trains on."))] = 300_000,
    write: WriteOption = None,
    runs: RunsOption = DEFAULT_RUNS,
) -> None:
    """``gancore bench worth``."""
    from gancore.bench import worth as module
    from gancore.runs import RunManager
    from gancore.shelf import shelf_folder

    try:
        counts = [int(number) for number in real.split(",")]
    except ValueError:
        raise ConfigError(_("--real: expected numbers with commas between, found {real!r}", real=real)) from None
    manager = RunManager(runs, shelf=shelf_folder())
    names = run or ["quick-mnist", "cgan-mnist"]
    chosen = [manager.get(name) for name in names]

    def table() -> str:
        return module.bench_worth(
            chosen,
            counts,
            generated=generated,
            seeds=seeds,
            shown=shown,
            progress=lambda doing: typer.echo(f"  {doing}", err=True),
        )

    named = "".join(f" --run {name}" for name in names)
    command = f"bench worth{named} --real {real} --generated {generated} --seeds {seeds} --shown {shown}"
    _publish(command, "worth", "What samples are worth as training data", table, write)


@bench.command(help=_("The seed documents' claims as experiments on MNIST, each with its verdict."))
def claims(
    claim: Annotated[
        list[str] | None, typer.Option("--claim", help=_("Which; may be repeated. Default: all."))
    ] = None,
    seeds: SeedsOption = 3,
    jobs: JobsOption = 2,
    write: WriteOption = None,
    runs: RunsOption = DEFAULT_RUNS,
) -> None:
    """``gancore bench claims``."""
    from gancore.bench.claims import CLAIMS, bench_claims
    from gancore.runs import RunManager

    unknown = [name for name in claim or () if name not in CLAIMS]
    if unknown:
        raise ConfigError(
            _("--claim: expected one of {known}, found {found!r}", known=", ".join(CLAIMS), found=unknown[0])
        )
    wanted = [CLAIMS[name] for name in claim or CLAIMS]
    manager = RunManager(runs, max_running=jobs)
    chosen = "".join(f" --claim {name}" for name in claim or ())
    name = "-".join(["claims", *(claim or ())])
    _publish(
        f"bench claims{chosen} --seeds {seeds}",
        name,
        "The seed documents' claims",
        lambda: bench_claims(manager, wanted, seeds),
        write,
    )


def _named(variants: list[str] | None) -> str:
    """The options that ask for these variants."""
    return "".join(f" --variant '{variant}'" for variant in variants or ())


def _publish(
    command: str, name: str, title: str, make: Callable[[], str], write: Path | None, *, precision: str = "auto"
) -> None:
    """Make a table and print it; one for a document is English, and goes there with its command and machine."""
    from gancore.bench.report import machine, write_section

    if write is None:
        typer.echo(make())
        return
    with speaking(ENGLISH):
        table = make()
        origin = f"`gancore {command}` on {machine(precision)}."
    typer.echo(table)
    write_section(write, name, f"## {title}\n\n{origin}\n\n{table}")
    typer.echo(_("written to {file}", file=write), err=True)
