"""`modelaudit mend`: from a report's findings to measures, to training with them, and to an audit before and after."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from modelaudit.errors import InputError
from modelaudit.terminal import err, out, whole

if TYPE_CHECKING:
    from modelaudit.mend import Mend, Proposal
    from modelaudit.mend.arms import Plan
    from modelaudit.training.mended import Aim, Mended

MOST_AIMS = 3
"""So many findings are named beside a measure."""
MOST_UNNAMED = 5
NAME = 120
OF_ROWS = " (of the rows: no training changes it)"


@whole
def mend(
    report: Annotated[Path, typer.Argument(metavar="REPORT.json", help="The report of an audit, in JSON.")],
    train_data: Annotated[Path, typer.Option(help="Rows that the audited model was trained on.")],
    out_folder: Annotated[
        Path, typer.Option("--out", help="New folder for the models, their reports and the comparison.")
    ],
    model: Annotated[str | None, typer.Option(help="The audited model; by default as the report names it.")] = None,
    data: Annotated[Path | None, typer.Option(help="Rows it was judged on; by default as the report names.")] = None,
    heldout: Annotated[Path | None, typer.Option(help="Held-out rows; by default as the report names them.")] = None,
    base_model: Annotated[
        str | None, typer.Option(help="The model to train from: compact, hub id or folder; by default as before.")
    ] = None,
    dev: Annotated[Path | None, typer.Option(help="Dev rows; by default those of the audited model's record.")] = None,
    tokenizer: Annotated[str | None, typer.Option(help="Tokenizer, where it does not come with the model.")] = None,
    text_column: Annotated[str | None, typer.Option(help="Column of the text, or of the words.")] = None,
    label_column: Annotated[str | None, typer.Option(help="Column of the label, or of the tags.")] = None,
    group_column: Annotated[str | None, typer.Option(help="Column of the document or person of a row.")] = None,
    measures: Annotated[
        list[str] | None,
        typer.Option("--measure", help="Train with this measure. Repeatable; without it, only propose."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Take every measure that an exceeded limit names.")] = False,
    apart: Annotated[
        bool | None,
        typer.Option("--apart/--together", help="Train with each measure alone too; by default for up to three."),
    ] = None,
    reweigh: Annotated[str | None, typer.Option(help="Column of the group, for the measure reweighing.")] = None,
    epochs: Annotated[float | None, typer.Option(help="Passes over the rows; by default as before.")] = None,
    choices: Annotated[
        list[str] | None,
        typer.Option("--set", help="Another choice of the recipe, as dp_epsilon=3. Repeatable."),
    ] = None,
    policy: Annotated[
        Path | None, typer.Option(help="Judge before and after by this policy; by default the report's.")
    ] = None,
    language: Annotated[str, typer.Option(help="Language of the reports: en or zh.")] = "en",
    device: Annotated[str, typer.Option(help="Where models run: auto, cpu or cuda.")] = "auto",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what was begun in --out.")] = False,
    trust_remote_code: Annotated[bool, typer.Option("--trust-remote-code", help="Run code of the model.")] = False,
    allow_pickle: Annotated[bool, typer.Option("--allow-pickle", help="Load pickled weights.")] = False,
) -> None:
    """Propose what can be done about a report's findings; with --measure, train again, audit again, and compare.

    No model and no report is ever written over. Exit code: 0 done, 2 wrong usage or unusable input, 4 a fault. Whether
    the gate of the policy holds for a new model is printed and does not decide.
    """
    from modelaudit.mend import Mend
    from modelaudit.progress import listener_for_stderr

    made = Mend(
        report,
        train_data=train_data,
        out=out_folder,
        reweigh=reweigh,
        settings=_settings(choices or [], epochs),
        language=language,
        model=model,
        data=data,
        heldout_data=heldout,
        base_model=base_model,
        dev_data=dev,
        tokenizer=tokenizer,
        text_column=text_column,
        label_column=label_column,
        group_column=group_column,
        policy=policy,
        device=device,
        trust_remote_code=trust_remote_code,
        allow_pickle=allow_pickle,
    )
    if not measures and not every:
        err.print("going through the training rows for what each measure would add …")
        _propose(made, report, train_data, out_folder)
        raise typer.Exit(0)
    made.check_out(resume=resume)
    plans = made.plans(measures or (), every=every, apart=apart)
    err.print(escape(_cost(plans, made)))
    mended = made.run(
        measures or (),
        every=every,
        apart=apart,
        resume=resume,
        progress=err.is_terminal,
        tell=lambda words: err.print(escape(f"{words} …")),
        listener=listener_for_stderr(),
    )
    _say(mended, out_folder, language)


def _settings(choices: Sequence[str], epochs: float | None) -> dict[str, Any]:
    """Return the fields of a recipe that were set; a value is JSON, or else a text."""
    found: dict[str, Any] = {} if epochs is None else {"epochs": epochs}
    for choice in choices:
        name, sign, text = choice.partition("=")
        if not sign:
            raise InputError(f"--set is {choice!r:.60}; give a field of the recipe and its value, as dp_epsilon=3")
        try:
            found[name.strip()] = json.loads(text)
        except (ValueError, RecursionError):
            found[name.strip()] = text
    return found


def _propose(made: Mend, report: Path, train_data: Path, folder: Path) -> None:
    found = made.proposals
    named = [each for each in found if each.aims and each.refused is None]
    others = [each for each in found if not each.aims and each.refused is None and each.needed is None]
    refused = [each for each in found if each.aims and each.refused is not None]
    if not named:
        out.print("no finding of this report names a measure of the trainer")
    for place, each in enumerate(named, start=1):
        measure = each.measure
        out.print(f"[bold]{place}. {measure.title}[/bold]  --measure {measure.id}")
        out.print(f"   {measure.does}")
        for aim in each.aims[:MOST_AIMS]:
            out.print(escape(f"   {aim.state}: {_name(aim)}{OF_ROWS if aim.of_rows else ''}"))
        if len(each.aims) > MOST_AIMS:
            out.print(f"   and {len(each.aims) - MOST_AIMS:,} more findings")
        if each.strength:
            out.print(escape(f"   does here: {_shown(each.strength)}"))
        if each.left is not None:
            out.print(escape(f"   {each.left}"))
        out.print(escape(f"   costs: {_time(each)}. {measure.price}"))
        if each.needed is not None:
            out.print(escape(f"   [first] {each.needed}"))
    for each in refused:
        out.print(escape(f"○ {each.measure.title} ({each.measure.id}) is left out: {each.refused}"))
    if beyond := made.unnamed:
        more = f" and {len(beyond) - MOST_UNNAMED:,} more" if len(beyond) > MOST_UNNAMED else ""
        out.print(escape(f"No measure is known for: {'; '.join(map(_name, beyond[:MOST_UNNAMED]))}{more}"))
    if others:
        out.print(f"no finding names these; --measure takes them too: {', '.join(each.measure.id for each in others)}")
    ready = [each for each in named if each.needed is None] or others
    if ready:
        begin = ["modelaudit", "mend", str(report), "--train-data", str(train_data), "--out", str(folder)]
        out.print("nothing was trained. To train with a measure, audit again and compare:")
        out.print(f"  {escape(shlex.join([*begin, '--measure', ready[0].measure.id]))}", soft_wrap=True)
        if sum(each.called_for for each in ready) > 1:
            out.print(f"  {escape(shlex.join([*begin, '--all']))}", soft_wrap=True)


def _name(aim: Aim) -> str:
    named = f"{aim.title} ({aim.group})" if aim.group else aim.title
    return f"{_shown(named)}, {aim.checker}"


def _shown(text: str) -> str:
    from modelaudit.reports.text import visible

    return visible(text, most=NAME)


def _time(each: Proposal) -> str:
    if each.factor is None:
        return "a training time that these rows do not tell"
    words = f"about {each.factor:.1f} times the training time"
    return words if each.seconds is None else f"{words}, {_span(each.seconds)}"


def _cost(plans: Sequence[Plan], made: Mend) -> str:
    """Say how many trainings and audits there will be, what each measure is set to, and how long it all takes."""
    audits, seconds = len(plans) + 1, made.seconds
    trained = "" if seconds is None else f"the trainings take about {_span(sum(p.factor for p in plans) * seconds)}, "
    trainings = "1 training" if len(plans) == 1 else f"{len(plans)} trainings"
    chosen = {each.measure.id: each for plan in plans for each in plan.chosen}
    said = [f"{name}: {_shown(each.strength)}" for name, each in chosen.items() if each.strength]
    said += [f"{each.measure.id} is left out: {each.refused}" for each in made.left_out]
    said += [f"{name}: {each.left.removesuffix('.')}" for name, each in chosen.items() if each.left]
    return "\n".join(
        [
            f"{trainings} ({', '.join(plan.name for plan in plans)}) and {audits} audits, that of the report's model "
            f"among them; {trained}the audits about {_span(audits * made.report.run.seconds)}",
            *said,
        ]
    )


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _say(mended: Mended, folder: Path, language: str) -> None:
    from modelaudit.reports.mending import arm_views
    from modelaudit.reports.text import visible
    from modelaudit.reports.words import say, speaking

    if mended.differing:
        err.print(
            f"[yellow]note:[/yellow] {len(mended.differing):,} of the report's {mended.checked:,} numbers came out "
            "otherwise here; before is what was measured now"
        )
    for each in mended.failed:
        err.print(f"[yellow]note:[/yellow] {escape(each.name)} could not be trained: {escape(visible(each.reason))}")
    with speaking(language):
        for view in arm_views(mended):
            out.print(f"[bold]{escape(view.title)}[/bold]")
            for sentence in view.sentences:
                out.print(f"  {escape(visible(sentence))}")
            out.print(f"  {escape(say('list.titled', title=say('mending.column.gate'), group=view.gate_words))}")
    for name in ("mended.html", "mended.json", "mended.md"):
        out.print(f"written: {escape(str(folder / name))}")
