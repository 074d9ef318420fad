"""`modelaudit watch`: live data against an audit, one look a run."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from modelaudit.errors import InputError, OutputError
from modelaudit.terminal import err, whole

if TYPE_CHECKING:
    from modelaudit.audit_report import AuditReport
    from modelaudit.monitoring.look import Look
    from modelaudit.monitoring.measure import Measure
    from modelaudit.monitoring.profile import WatchProfile
    from modelaudit.monitoring.row_key import RowKey
    from modelaudit.monitoring.watched_model import ModelSource

SHOWN = 5
MOST_DIGITS = 9


@whole
def watch(
    baseline: Annotated[Path, typer.Option(help="The audit's report in JSON.")],
    live: Annotated[
        Path | None, typer.Option(help="Live rows, one JSON object a line: text, id, prediction, confidence, label.")
    ] = None,
    profile: Annotated[Path | None, typer.Option(help="Profile of the baseline's rows (from --make-profile).")] = None,
    reference: Annotated[
        str | None, typer.Option(help="The audit's evaluation data, to make the profile of; instead of --profile.")
    ] = None,
    make_profile: Annotated[
        Path | None, typer.Option(help="Write the profile of --reference here; no look is taken.")
    ] = None,
    key_file: Annotated[
        Path | None, typer.Option(help="Your key, that texts and ids are hashed with; else MODELAUDIT_ROW_KEY.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="The model; without it rows bring their own prediction and confidence.")
    ] = None,
    state: Annotated[Path | None, typer.Option(help="File that remembers the looks; made at the first one.")] = None,
    log: Annotated[
        Path | None, typer.Option(help="File that rows are logged to, as keyed hashes, so that labels may come late.")
    ] = None,
    alert: Annotated[
        list[str] | None, typer.Option(help="Alert rule: 'negative>0.30' or 'negative+0.10'. Repeatable.")
    ] = None,
    alpha: Annotated[float, typer.Option(help="The most that the chance of a false alarm at any look may be.")] = 0.05,
    change: Annotated[float, typer.Option(help="The change that a look should be able to show.")] = 0.15,
    prom: Annotated[Path | None, typer.Option(help="Write the look as Prometheus text here.")] = None,
    reset: Annotated[
        str | None, typer.Option(help="Begin anew, for this reason, which the state keeps; no look is taken.")
    ] = None,
    text_column: Annotated[str | None, typer.Option(help="Column of the text in live and reference rows.")] = None,
    label_column: Annotated[str | None, typer.Option(help="Column of the label in live and reference rows.")] = None,
    group_column: Annotated[str | None, typer.Option(help="Column of the document in reference rows.")] = None,
    no_embeddings: Annotated[
        bool, typer.Option("--no-embeddings", help="Keep no embeddings in a profile that is made.")
    ] = False,
    tokenizer: Annotated[str | None, typer.Option(help="Tokenizer, where it does not come with the model.")] = None,
    device: Annotated[str, typer.Option(help="Where the model runs: auto, cpu or cuda.")] = "auto",
    trust_remote_code: Annotated[
        bool, typer.Option("--trust-remote-code", help="Run code that comes with the model.")
    ] = False,
    allow_pickle: Annotated[
        bool, typer.Option("--allow-pickle", help="Load pickled weights, which can run code.")
    ] = False,
) -> None:
    """Look once at live rows, against the audit of a model; one line of JSON goes to standard output.

    Drift of inputs, predictions and confidence, accuracy where labels came, and your own alert rules, so that the
    chance of any false alarm over unlimited looks is at most --alpha. Exit code: 0 no alarm, 1 alarm, 2 wrong usage or
    unusable input, 3 too few rows to tell: of an alert rule, or without rules anything of predictions,
    confidence or accuracy.
    """
    from modelaudit.monitoring.row_key import RowKey
    from modelaudit.monitoring.watch import Watch
    from modelaudit.monitoring.watched_model import ModelSource
    from modelaudit.reports import load_report
    from modelaudit.subject.opened import OpenOptions

    _check_usage(live=live, make_profile=make_profile, reset=reset, profile=profile, reference=reference, state=state)
    report, key = load_report(baseline), RowKey.read(key_file)
    options = OpenOptions(tokenizer=tokenizer, trust_remote_code=trust_remote_code, allow_pickle=allow_pickle)
    source = None if model is None else ModelSource(model, options, device)
    columns = {"text_column": text_column, "label_column": label_column, "group_column": group_column}
    chosen = _profile(report, profile, reference, key, source, columns=columns, embeddings=not no_embeddings)
    if make_profile is not None:
        _write_profile(make_profile, chosen)
        return
    watching = Watch(
        report,
        chosen,
        key=key,
        state=state,
        log=log,
        model=source,
        alerts=alert or (),
        alpha=alpha,
        change=change,
        text_key=text_column,
        label_key=label_column,
    )
    if reset is not None:
        watching.reset(reset)
        err.print(f"reset: the next look of {escape(str(state))} is the first")
        return
    if prom is not None:
        _check_prom(prom)
    look = watching.look(live)
    if prom is not None:
        from modelaudit.monitoring.prometheus import prometheus_text
        from modelaudit.monitoring.watch_state import write_atomically

        text = prometheus_text(look, report, now=dt.datetime.now(tz=dt.UTC))
        # What collects metrics runs as somebody else.
        write_atomically(prom, text, what="Prometheus file", shared=True)
    # The line goes as it is: a console would break it, or take a label for markup.
    typer.echo(look.json_line)
    _tell(look)
    raise typer.Exit(look.exit_code)


def _check_usage(
    *,
    live: Path | None,
    make_profile: Path | None,
    reset: str | None,
    profile: Path | None,
    reference: str | None,
    state: Path | None,
) -> None:
    asked = [name for name, value in (("--live", live), ("--make-profile", make_profile), ("--reset", reset)) if value]
    if reset is not None and not reset.strip():
        raise InputError("a reset needs a reason, which stays in the state: --reset 'retrained on 2026-11 data'")
    if len(asked) != 1:
        raise InputError(f"one of --live, --make-profile and --reset is needed, and {len(asked)} are given")
    if (profile is None) == (reference is None):
        raise InputError("the baseline's rows are needed once: as --profile, or as --reference, the evaluation data")
    if make_profile is not None and reference is None:
        raise InputError("a profile is made of the audit's evaluation data; name it with --reference")
    if reset is not None and state is None:
        raise InputError("there is no state to reset; name the watch's with --state")


def _profile(
    report: AuditReport,
    profile: Path | None,
    reference: str | None,
    key: RowKey,
    source: ModelSource | None,
    *,
    columns: dict[str, str | None],
    embeddings: bool,
) -> WatchProfile:
    from modelaudit.monitoring.profile import make_profile, read_profile

    if profile is not None:
        return read_profile(profile, report, key)
    return make_profile(report, reference, key=key, model=source, embeddings=embeddings, **columns)


def _write_profile(place: Path, profile: WatchProfile) -> None:
    from modelaudit.monitoring.profile import profile_text
    from modelaudit.monitoring.watch_state import write_atomically

    if place.exists():
        raise InputError(f"{place} is there already; name a file that is not there yet, or take it away")
    write_atomically(place, profile_text(profile), what="profile")
    kept = "without embeddings" if profile.embeddings is None else "with embeddings, projected by the key"
    err.print(f"written: {escape(str(place))} ({profile.rows:,} rows as counts and keyed hashes, {kept})")


def _check_prom(place: Path) -> None:
    """Raise OutputError where metrics could not be written, before a look is counted that nobody would hear of."""
    try:
        theirs = place.exists() and not place.read_bytes().startswith(b"# HELP modelaudit_")
        lacking = not place.parent.is_dir()
    except OSError as error:
        raise OutputError(f"{place} can't be written: {error.strerror}. Choose another place with --prom") from error
    if theirs:
        raise OutputError(f"{place} is there and holds no metrics of a watch. Choose another place with --prom")
    if lacking:
        raise OutputError(f"{place} can't be written: its folder is not there. Make it, or choose another with --prom")


def _tell(look: Look) -> None:
    """Say in a few sentences what the line of JSON says."""
    number = "not counted" if look.look is None else f"look {look.look}"
    err.print(f"{number}, {look.rows:,} new rows: {look.state}" + (f" ({escape(look.reason)})" if look.reason else ""))
    for each in look.alarms[:SHOWN]:
        told = "" if each.which is None else f", {escape(each.which[:60])}"
        sides = _sides(each)
        err.print(f"  {escape(each.name[:80])} ({each.scope}{told}): {sides}; adjusted p {each.adjusted:.2g}")
    for trigger in look.triggers:
        err.print(f"  audit again: {escape(trigger.reason)}")
    if look.broken:
        numbers = ", ".join(str(each.line) for each in look.broken_lines[:SHOWN])
        err.print(
            f"  {look.broken:,} of {look.lines:,} lines could not be read: {numbers}{' …' * (look.broken > SHOWN)}"
        )
    if not look.remembered:
        err.print("  nothing remembers this look: without --state the rate of false alarms holds for one look alone")
    if look.alarmed is not None and look.remembered:
        err.print('  the alarm stands: no later look ends with 0 until --reset "reason"')
    if look.alarms:
        err.print(f"  {look.note}")


def _sides(each: Measure) -> str:
    """Return a measure before and now, with digits enough to tell the two apart.

    Of a distribution these are medians, which may be alike where it changed: its largest gap stands beside them.
    """
    from modelaudit.monitoring.tally import NUMBERS

    if each.before is None or each.after is None:
        before = "" if each.before is None else f"{each.before:.3g} before, "
        return before + ("no value" if each.value is None else f"{each.value:.3g}")
    digits = 3
    while digits < MOST_DIGITS and each.before != each.after and _alike(each.before, each.after, digits):
        digits += 1
    said = f"{each.before:.{digits}g} before, {each.after:.{digits}g} now"
    if each.name not in NUMBERS or each.value is None:
        return said
    return f"medians {said}; the shares of rows up to some value differ by as much as {each.value:.3g}"


def _alike(one: float, other: float, digits: int) -> bool:
    return f"{one:.{digits}g}" == f"{other:.{digits}g}"
