"""``ivpt prune``: concepts removed from a model, or their evidence from its decisions."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ivpt.evaluation.pruned import Pruned
    from ivpt.jobs.lines import LineWriter
    from ivpt.runfile.concept import Concept
    from ivpt.runfile.reader import RunFile

SCHEMA = 1
"""Version of the ``--json`` output; a key is never renamed or removed without raising it."""


@click.command(epilog="A concept is LAYER:NUMBER; ivpt info names the layers, ivpt explore shows the concepts.")
@click.argument("run", metavar="RUN.h5", type=click.Path(path_type=Path))
@click.option("--drop", "drops", metavar="LAYER:NUMBER", multiple=True, help="A concept to remove; may be repeated.")
@click.option("--edits", is_flag=True, help="Remove what is marked in the edits beside the run.")
@click.option("--set-name", metavar="NAME", help="Remove a set of concepts saved in these edits under a name.")
@click.option("--evidence", is_flag=True, help="Only compute decisions without the scores of coarse concepts.")
@click.option("--refit-head", is_flag=True, help="Fit the head anew on the training images; val selects.")
@click.option(
    "-o", "--out", metavar="FILE", type=click.Path(path_type=Path), help="The pruned run.  [default: RUN-pruned.h5]"
)
@click.option("--overwrite", is_flag=True, help="Replace the pruned run if it exists.")
@click.option("--who", metavar="NAME", help="Stored in the history of the pruned run.  [default: your user name]")
@click.option("--why", metavar="WORDS", default="", help="Stored beside it.")
@click.option("--data", "root", metavar="DIR", help="Folder of the data set's files, if it has moved.")
@click.option("--weights", metavar="FILE", help="The backbone's weights, if they have moved.")
@click.option("--device", metavar="NAME", help="auto, cpu, cuda, cuda:1 or mps.  [default: the run's]")
@click.option("--batch-size", metavar="N", type=click.IntRange(min=1), help="Images at a time.  [default: the run's]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--progress-json", is_flag=True, help="Print progress and result as JSON lines, for programs.")
def prune(
    run: Path,
    drops: tuple[str, ...],
    edits: bool,
    set_name: str | None,
    evidence: bool,
    refit_head: bool,
    out: Path | None,
    overwrite: bool,
    who: str | None,
    why: str,
    root: str | None,
    weights: str | None,
    device: str | None,
    batch_size: int | None,
    as_json: bool,
    progress_json: bool,
) -> None:
    """Remove concepts from a model, and say what that changes.

    The model runs again over the images of the run without the prototypes: their patches go to the others, prompts
    follow, and everything the model then says is written into a run file of its own, which the other commands take like
    any other. With --evidence nothing is run: the scores of coarse concepts are left out of the stored decisions.
    """
    from ivpt.runfile.reader import RunFile

    if evidence and (refit_head or out is not None or overwrite):
        raise click.UsageError("--evidence only computes; leave --out, --overwrite and --refit-head out.")
    with _listener(progress_json, as_json) as (told, lines):
        with RunFile(run) as opened:
            chosen = choose(opened, drops, edits, set_name)
            report = evidence_report(opened, chosen, told) if evidence else None
        if report is None:
            from ivpt.cli.train import be_a_good_neighbour

            be_a_good_neighbour()

            from ivpt.evaluation.evaluate import Means
            from ivpt.evaluation.pruned import prune_run

            pruned = prune_run(
                run,
                chosen,
                out or run.with_name(f"{run.stem}-pruned.h5"),
                refit_head=refit_head,
                overwrite=overwrite,
                who=who,
                why=why,
                means=Means(root, weights, device, batch_size, told),
            )
            report = model_report(run, pruned)
            for words in _notes(pruned):
                lines.note(words) if lines else click.echo(words, err=True)
        if lines is not None:
            lines.result(report)
    if as_json:
        import json

        click.echo(json.dumps(report, indent=2, ensure_ascii=False))
    elif not progress_json:
        from ivpt.cli.prune_table import shown

        click.echo(shown(report), nl=False)


def choose(run: "RunFile", drops: tuple[str, ...], edits: bool, set_name: str | None) -> "list[Concept]":
    """Concepts named one by one, marked in the edits, and in a named set of them; each once.

    Raises:
        ConfigError: a concept is written otherwise or not there, there is no such set, or nothing is named.
    """
    from ivpt.runfile.concept import check_concept, check_removable, parse_concept
    from ivpt.runfile.edit_log import EditLog

    chosen = [parse_concept(words) for words in drops]
    for concept in chosen:
        check_concept(run.layers, concept)
    if edits:
        chosen += EditLog(run).state().drops
    if set_name is not None:
        chosen += EditLog(run).drops_of(set_name)
    check_removable(run.layers, chosen)
    return list(dict.fromkeys(chosen))


def evidence_report(run: "RunFile", concepts: "list[Concept]", told: Any) -> dict[str, Any]:
    """What ``--evidence --json`` prints; of prototypes of blocks, which have no scores, the concepts they feed."""
    from ivpt.analysis.pruning import describe_change, evidence_removed
    from ivpt.runfile.schema import COARSE

    coarse = [concept for concept in concepts if concept.layer == COARSE]
    changes = [evidence_removed(run, coarse, split, progress=told) for split in ("val", "test")] if coarse else []
    return {
        "schema": SCHEMA,
        "kind": "evidence",
        "run": str(run.path),
        "dropped": [str(concept) for concept in coarse],
        "feeds": _feeds(run, [concept for concept in concepts if concept.layer != COARSE], told),
        "splits": {change.split: describe_change(run, change) for change in changes},
    }


def _feeds(run: "RunFile", concepts: "list[Concept]", told: Any) -> dict[str, dict[str, Any]]:
    """Prototypes of blocks, with the coarse concept that each feeds and the number of images it has a region in."""
    from ivpt.analysis.lineage import fed
    from ivpt.runfile.concept import Concept
    from ivpt.runfile.index import compute_index, stored_index

    if not concepts:
        return {}
    index = stored_index(run) or compute_index(run, lambda share: told(round(100 * share), 100, "counting regions"))
    found = {}
    for concept in concepts:
        link = fed(run, index, concept.layer, concept.number)
        found[str(concept)] = {
            "concept": None if link is None else str(Concept(*link.coarse)),
            "share": 0.0 if link is None else link.share,
            "images": int(index.layer(concept.layer).images[:, concept.number].sum()),
        }
    return found


def model_report(run: Path, pruned: "Pruned") -> dict[str, Any]:
    """What ``--json`` prints after a model was run without some prototypes."""
    from ivpt.analysis.pruning import describe_change, model_changed
    from ivpt.runfile.reader import RunFile

    with RunFile(run) as before, RunFile(pruned.out) as after:
        changes = [model_changed(before, after, split) for split in ("val", "test")]
        splits = {change.split: describe_change(before, change) for change in changes}
    return {
        "schema": SCHEMA,
        "kind": "model",
        "run": str(run),
        "out": str(pruned.out),
        "dropped": [str(concept) for concept in pruned.dropped],
        "removed": {key: list(numbers) for key, numbers in pruned.removed.items()},
        "splits": splits,
        "refit": None if pruned.refit is None else pruned.refit.to_json(),
        "verification": pruned.verification.to_json(),
        "seconds": round(pruned.seconds, 2),
    }


@contextmanager
def _listener(progress_json: bool, as_json: bool) -> "Iterator[tuple[Any, LineWriter | None]]":
    """Who is told how it goes: a person at a terminal, or a program that reads lines and gets failures as one, too."""
    if not progress_json:
        from ivpt.cli.progress import progress_bar

        with progress_bar(hidden=as_json and sys.stdout.isatty()) as told:
            yield told, None
        return
    import signal

    from ivpt.errors import ExitCode, IvptError
    from ivpt.jobs.lines import LineWriter

    # whoever started this may have been told to ignore it, but must be able to stop it
    signal.signal(signal.SIGINT, signal.default_int_handler)
    lines = LineWriter(lambda line: print(line, flush=True))
    try:
        yield lines.progress, lines
    except IvptError as error:
        lines.error(error.message, error.hint, error.exit_code)
        raise
    except KeyboardInterrupt:
        lines.error("Stopped; nothing was written.", "", ExitCode.INTERRUPTED)
        raise
    except BrokenPipeError:
        raise
    except Exception as error:
        words = " ".join(f"{type(error).__name__}: {error}".split())
        lines.error(
            f"This is a defect of ivpt: {words}", "Please run ivpt prune by itself and report it.", ExitCode.DEFECT
        )
        raise


def _notes(pruned: "Pruned") -> "Iterator[str]":
    from ivpt.cli.info import printable

    yield printable(pruned.verification.describe())
    if pruned.set_aside is not None:
        yield printable(f"Edits of the run that was at {pruned.out} are now in {pruned.set_aside}.")
