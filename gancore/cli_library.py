"""The run library: ``gancore tag|note|rename|delete|trash|disk|again``, and what ``gancore runs`` is filtered by."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gancore.cli_options import DEFAULT_RUNS, JsonOption, RunArgument, RunsOption
from gancore.cli_training import fetch_data, follow
from gancore.errors import ConfigError
from gancore.i18n import N_, _, ngettext

if TYPE_CHECKING:
    from gancore.run import Run

Texts = list[str] | None
FamilyOption = Annotated[Texts, typer.Option("--family", help=_("Only runs of this family, such as WGAN."))]
PresetsOption = Annotated[Texts, typer.Option("--preset", "-p", help=_("Only runs of this preset."))]
DataOption = Annotated[Texts, typer.Option("--data", "-d", help=_("Only runs on this data set."))]
StateOption = Annotated[Texts, typer.Option("--state", help=_("Only runs in this state, such as finished."))]
TagOption = Annotated[Texts, typer.Option("--tag", help=_("Only runs with this tag."))]
SearchOption = Annotated[
    str,
    typer.Option("--search", metavar="WORDS", help=_("Only runs whose names, tags, notes or ids have all of these.")),
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help=_("Do not ask."))]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command, name, help_ in (
        (tag, "tag", _("Put tags on a run, or take them off; without tags, list them.")),
        (note, "note", _("Keep a note with a run; an empty one removes it.")),
        (rename, "rename", _("Give a run a name; an empty one takes it away. Its id stays.")),
        (delete, "delete", _("Move an ended run to the trash.")),
        (trash, "trash", _("List deleted runs, restore one, or empty the trash.")),
        (disk, "disk", _("Say how much room runs take, or take back what their older checkpoints do.")),
        (again, "again", _("Start a new run with a run's settings and print its id last.")),
    ):
        app.command(name, help=help_)(command)


def filtered(
    runs: list[Run], family: Texts, preset: Texts, data: Texts, state: Texts, tags: Texts, text: str
) -> list[Run]:
    """The runs that ``gancore runs`` lists.

    Raises:
        ConfigError: with the valid choices for a family, preset or state that there is not.
    """
    from gancore.library import Search, check_search, search

    wanted = Search(text, family or (), preset or (), data or (), state or (), tags or ())
    check_search(wanted)
    return search(runs, wanted)


def labels_row(run: Run) -> dict[str, Any]:
    """What ``gancore runs --json`` tells of a run's labels."""
    from gancore.library import labels_of
    from gancore.recipes import recipe_of

    labels = labels_of(run.folder)
    family = recipe_of(run.config.preset).family
    return {"name": labels.name, "tags": list(labels.tags), "note": labels.note, "family": family}


def label_columns(rows: list[dict[str, Any]]) -> tuple[str, ...]:
    """The columns of labels in the table of runs: those that a run has something in."""
    return tuple(column for column in ("name", "tags") if any(row[column] for row in rows))


def tag(
    run_id: RunArgument,
    tags: Annotated[Texts, typer.Argument(metavar="TAG...", help=_("One or more tags."))] = None,
    remove: Annotated[bool, typer.Option("--remove", help=_("Take these tags off."))] = False,
    runs: RunsOption = DEFAULT_RUNS,
) -> None:
    from gancore.library import add_tags, labels_of, remove_tags

    run = _changeable(runs, run_id)
    if remove and not tags:
        raise ConfigError(_("--remove: expected the tags to take off run {run}", run=run.id))
    labels = labels_of(run.folder) if not tags else (remove_tags if remove else add_tags)(run.folder, tags)
    for each in labels.tags:
        typer.echo(each)


def note(
    run_id: RunArgument,
    text: Annotated[str, typer.Argument(metavar="TEXT", help=_("What to remember."))],
    runs: RunsOption = DEFAULT_RUNS,
) -> None:
    from gancore.library import label

    label(_changeable(runs, run_id).folder, note=text)


def rename(
    run_id: RunArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help=_("What to call it."))],
    runs: RunsOption = DEFAULT_RUNS,
) -> None:
    from gancore.library import label

    label(_changeable(runs, run_id).folder, name=name)


def delete(run_id: RunArgument, yes: YesOption = False, runs: RunsOption = DEFAULT_RUNS) -> None:
    from gancore.library import display_name
    from gancore.runs import RunManager
    from gancore.shelf import shelf_folder

    manager = RunManager(runs, shelf=shelf_folder())
    run = manager.get(run_id)
    question = _("Move {name} ({run}) to the trash?", name=display_name(run), run=run.id)
    told = N_("{run} is in the trash; `gancore trash --restore {run}` brings it back")
    if run.id in manager.shipped_ids():
        question = _("Move what was added to {run}, which ships with GANscope, to the trash?", run=run.id)
        told = N_("what was added to {run} is in the trash; `gancore trash --restore {run}` brings it back")
    if manager.can_delete(run):
        _ask(yes, question)
    manager.delete(run.id)
    typer.echo(_(told, run=run.id), err=True)


def trash(
    restore: Annotated[str | None, typer.Option("--restore", metavar="RUN", help=_("Bring a run back."))] = None,
    empty: Annotated[bool, typer.Option("--empty", help=_("Remove all of them for good."))] = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
    runs: RunsOption = DEFAULT_RUNS,
) -> None:
    from gancore import disk_use
    from gancore import trash as deleted

    if restore is not None and empty:
        raise ConfigError(_("give either --restore or --empty, not both"))
    if restore is not None:
        typer.echo(deleted.restore(runs, restore).id)
        return
    there = deleted.trashed(runs)
    if empty:
        question = ngettext(
            "Remove {count} deleted run for good?", "Remove {count} deleted runs for good?", len(there)
        )
        if there:
            _ask(yes, question)
        typer.echo(_("{size} freed", size=disk_use.size_text(deleted.empty(runs))), err=True)
        return
    if as_json:
        rows = [{"run": each.id, "deleted_at": each.at, "bytes": each.bytes} for each in there]
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for each in there:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(each.at))
        typer.echo(f"{each.id}  {when}  {disk_use.size_text(each.bytes)}")


def disk(
    run_ids: Annotated[Texts, typer.Argument(metavar="[RUN]...", help=_("Runs; default: all."))] = None,
    reclaim: Annotated[
        bool, typer.Option("--reclaim", help=_("Remove the checkpoints of these runs but the newest of each."))
    ] = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
    runs: RunsOption = DEFAULT_RUNS,
) -> None:
    from gancore import disk_use
    from gancore.library import refuse_shipped
    from gancore.runs import RunManager
    from gancore.shelf import shelf_folder

    manager = RunManager(runs, shelf=shelf_folder())
    if reclaim and not run_ids:
        raise ConfigError(_("--reclaim: expected the runs whose older checkpoints are to go"))
    found = [manager.get(run_id) for run_id in run_ids] if run_ids else manager.runs()
    uses = [(run, disk_use.disk_use(run.folder)) for run in found]
    if reclaim:
        count = sum(use.checkpoints for _run, use in uses)
        for run in found:
            refuse_shipped(run)
            disk_use.refuse_live(run.folder)
        if count:
            _ask(yes, ngettext("Remove {count} checkpoint?", "Remove {count} checkpoints?", count))
        freed = sum(disk_use.reclaim(run.folder) for run in found)
        typer.echo(_("{size} freed", size=disk_use.size_text(freed)), err=True)
        return
    if as_json:
        rows = [{"run": run.id, **vars(use)} for run, use in uses]
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for run, use in uses:
        spare = _("{size} can be taken back", size=disk_use.size_text(use.reclaimable)) if use.reclaimable else ""
        typer.echo(f"{run.id}  {disk_use.size_text(use.total)}  {spare}".rstrip())


def again(
    run_id: RunArgument,
    seed: Annotated[int | None, typer.Option("--seed", help=_("Another seed; default: the same."))] = None,
    runs: RunsOption = DEFAULT_RUNS,
) -> None:
    from gancore.data import load
    from gancore.recipes import reconfigure
    from gancore.runs import RunManager
    from gancore.shelf import shelf_folder

    manager = RunManager(runs, max_running=1, shelf=shelf_folder())
    config = manager.get(run_id).config
    if seed is not None:
        config = reconfigure(config, seed=seed)
    fetch_data(config)
    load(config.data, config.image_size, config.channels)  # bad data is bad input, before there is a run
    follow(manager, manager.start(config))


def _changeable(runs: Path, run_id: str) -> Run:
    from gancore.library import refuse_shipped
    from gancore.runs import RunManager
    from gancore.shelf import shelf_folder

    run = RunManager(runs, shelf=shelf_folder()).get(run_id)
    refuse_shipped(run)
    return run


def _ask(yes: bool, question: str) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise ConfigError(_("{question} Nobody can be asked here; give --yes", question=question))
    typer.confirm(question, abort=True, err=True)
