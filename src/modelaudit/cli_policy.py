"""`modelaudit policy`: the policies that come with modelaudit, and what a policy says before it judges anything."""

from __future__ import annotations

import datetime as dt
import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from modelaudit.terminal import err, out, whole

if TYPE_CHECKING:
    from modelaudit.verdicts import Policy

policy = typer.Typer(
    help="Check, explain and start policies, the limits that audits are judged by.", no_args_is_help=True
)

SourceArgument = Annotated[
    str, typer.Argument(metavar="FILE", help="A policy file (TOML), or the name of a shipped one.")
]
LONGEST = 4_000
"""Characters of a policy's text in one line."""
SOON = dt.timedelta(days=30)


@policy.callback()
def policy_command() -> None:
    """Check, explain and start policies, the limits that audits are judged by."""


@policy.command()
@whole
def check(file: SourceArgument) -> None:
    """Read a policy as an audit would, and say what is in it and what to look at.

    Exit code: 0, or 2 where the policy can't be used.
    """
    from modelaudit.policy_file import load_policy, shown

    loaded = load_policy(file)
    _say(f"{loaded.id}, version {loaded.version}: can be used")
    _say(f"sha256 {loaded.sha256}")
    if loaded.extends is not None:
        _say(f"extends {loaded.extends} (sha256 {loaded.extends_sha256})")
    required = sum(limit.required for limit in loaded.limit)
    out.print(
        f"limits: {len(loaded.limit)} ({required} required); required checks: {len(loaded.require)}; "
        f"waivers: {len(loaded.waiver)}"
    )
    for note in warnings(loaded, today=dt.datetime.now(tz=dt.UTC).date()):
        err.print(f"[yellow]note:[/yellow] {escape(shown(note, LONGEST))}")


@policy.command()
@whole
def explain(
    file: SourceArgument,
    use_case: Annotated[str | None, typer.Option(help="Show what holds for this declared use case.")] = None,
) -> None:
    """Say for each limit, required check and waiver what it is, why it is there and where it comes from.

    Exit code: 0, or 2 where the policy can't be used.
    """
    from modelaudit.policy import other_use_cases
    from modelaudit.policy_file import load_policy

    loaded = load_policy(file)
    approved = loaded.approved_by if loaded.reviewed else "nobody: not reviewed by your organisation"
    day = f" on {loaded.approved_on}" if loaded.approved_on else ""
    _say(f"{loaded.id}, version {loaded.version}. Owner: {loaded.owner or 'not named'}. Approved by {approved}{day}.")
    if loaded.note:
        _say(loaded.note)
    _say(
        f"Verdicts are read from the {loaded.level:.0%} interval; false discovery rate {loaded.q:g} over all metrics "
        "judged together."
    )
    for limit in loaded.limits_for(use_case):
        _say(apart=True, text=f"{limit.name}: {limit.words}{', required' if limit.required else ''}")
        if limit.severity:
            steps = ", ".join(f"{name} from {value:g}" for name, value in limit.severity.items())
            _say(f"  severity: {steps}")
        _say(f"  why: {limit.rationale}")
        _say(f"  source: {limit.source}")
        if limit.override_reason is not None:
            _say(f"  looser than in {loaded.extends or 'another policy'}, because: {limit.override_reason}")
    for requirement in loaded.require:
        where = " where it applies" if requirement.where_applicable else ""
        _say(apart=True, text=f"{requirement.checker} has to give an answer{where}")
        _say(f"  why: {requirement.rationale}")
        _say(f"  source: {requirement.source}")
    for waiver in loaded.waiver:
        _say(
            apart=True,
            text=f"waiver {waiver.id} on {waiver.name}, {waiver.created} to {waiver.expires}, up to {waiver.ceiling:g}",
        )
        _say(f"  owner: {waiver.owner}; approver: {waiver.approver} (as written; nobody checked who they are)")
        _say(f"  why: {waiver.reason}")
    for sentence in other_use_cases(loaded, use_case):
        _say(apart=True, text=f"not in force: {sentence}")


@policy.command("list")
@whole
def list_shipped() -> None:
    """List the policies that come with modelaudit; each is a place to begin that nobody has reviewed for you."""
    from modelaudit.policy_file import load_policy, shipped_policies

    table = Table("name", "limits", "required checks", "note")
    for name in shipped_policies():
        loaded = load_policy(name)
        table.add_row(name, str(len(loaded.limit)), str(len(loaded.require)), escape(loaded.note))
    out.print(table)


@policy.command()
@whole
def new(
    name: Annotated[str, typer.Argument(help="The shipped policy to begin with; `modelaudit policy list` names them.")],
    out_file: Annotated[Path, typer.Option("--out", help="Where to write it.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
) -> None:
    """Copy a shipped policy to a file of your own, to put in your limits, your reasons and who approved them.

    Exit code: 0, or 2 for an unknown name or a place that can't be written.
    """
    from modelaudit.destinations import check_place, write_whole
    from modelaudit.errors import OutputError
    from modelaudit.policy_file import shipped_text

    text = shipped_text(name)
    if out_file.exists() and not overwrite:
        raise OutputError(f"{out_file} is there already. Name another file, or add --overwrite.")
    check_place(out_file)
    write_whole(out_file, text)
    _say(
        f"written: {out_file}. Change id and version, or reports go on calling it {name}; fill in owner and "
        f"approved_by; then ask: modelaudit policy check {out_file}"
    )


def warnings(loaded: Policy, *, today: dt.date) -> tuple[str, ...]:
    """Return what is no error and worth a look: nobody approved it, unknown names, waivers that end."""
    from modelaudit.plugins import Plugins

    known = {item.info.id: item.info for item in Plugins().checkers()}
    notes = [] if loaded.reviewed else ["approved_by is empty, so reports say that nobody reviewed this policy."]
    named = {limit.checker for limit in loaded.limit} | {requirement.checker for requirement in loaded.require}
    for checker in sorted(named - set(known)):
        near = difflib.get_close_matches(checker, known, 1)
        meant = f" Did you mean {near[0]}?" if near else ""
        notes.append(f"no check that is installed here is called {checker}.{meant}")
    for limit in loaded.limit:
        info = known.get(limit.checker)
        if info is not None and info.metrics and limit.metric not in info.metrics:
            notes.append(f"{limit.checker} gives no metric {limit.metric}; it may give {', '.join(info.metrics)}.")
    for waiver in loaded.waiver:
        if waiver.expires < today:
            notes.append(f"waiver {waiver.id} expired on {waiver.expires}; what it was on blocks again.")
        elif waiver.expires - today <= SOON:
            notes.append(f"waiver {waiver.id} expires on {waiver.expires}.")
    return tuple(notes)


def _say(text: str, *, apart: bool = False) -> None:
    """Print one line, whatever the policy's text holds; `apart` from what stands above it."""
    from modelaudit.policy_file import shown

    if apart:
        out.print()
    out.print(("  " if text.startswith("  ") else "") + escape(shown(text, LONGEST)))
