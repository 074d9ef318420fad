"""`modelaudit calibrate`: how often a checker is wrong, counted, and the card that says so."""

from __future__ import annotations

import difflib
import importlib
import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from modelaudit.errors import InputError
from modelaudit.faults import fault
from modelaudit.terminal import err, out, whole

if TYPE_CHECKING:
    from modelaudit.cards import Card, Rate
    from modelaudit.checker import Checker
    from modelaudit.testing.defect import Defect

SHOWN = 10
"""Lines of progress where there is no terminal."""


class Spend(StrEnum):
    """How much an audit may spend."""

    quick = "quick"
    standard = "standard"
    full = "full"


@whole
def calibrate(
    checker: Annotated[
        str, typer.Argument(metavar="PACKAGE:CHECKER", help="The checker: a class, made without arguments, or a value.")
    ],
    defect: Annotated[
        str | None, typer.Option(help="PACKAGE:DEFECT that it should find; by default the standard one of its risk.")
    ] = None,
    nulls: Annotated[int, typer.Option(help="Audits of the clean twin.", min=0)] = 200,
    draws: Annotated[int, typer.Option(help="Audits at each strength of the defect.", min=0)] = 50,
    out_folder: Annotated[Path, typer.Option("--out", help="Folder for the card and its picture.")] = Path(),
    units: Annotated[Path, typer.Option(help="Folder that keeps each audit, so that a stopped run goes on.")] = Path(
        ".calibration"
    ),
    jobs: Annotated[int, typer.Option(help="Audits that run side by side.", min=1)] = 1,
    preset: Annotated[Spend, typer.Option(help="How much an audit may spend.")] = Spend.quick,
) -> None:
    """Audit models without and with a planted fault many times, and write the checker's calibration card.

    Exit code: 0 the card is written, whatever it says; 2 wrong usage or unusable input; 4 the checker failed; 130
    stopped, and the same command goes on.
    """
    from modelaudit.destinations import check_place, write_whole
    from modelaudit.testing.calibration import card_of, card_svg, card_text, file_stem, measure

    named = named_checker(checker)
    planted = named_defect(defect, named)
    stem = out_folder / file_stem(named.info.id)
    files = [stem.with_name(stem.name + suffix) for suffix in (".json", ".svg", ".units.json")]
    for file in files:
        check_place(file)
    told = _Told()
    try:
        measured = measure(
            named, planted, nulls=nulls, draws=draws, folder=units, jobs=jobs, preset=preset.value, progress=told
        )
    except KeyboardInterrupt:
        err.print(f"{told.done} of {told.total} audits are kept in {escape(str(units))}; the same command goes on")
        raise
    card = card_of(measured, command=_command(checker, defect, nulls, draws, preset.value))
    for file, content in zip(files, (card_text(card), card_svg(card), measured.json), strict=True):
        write_whole(file, content)
    for line in found(card):
        out.print(escape(line))
    out.print(f"written: {', '.join(escape(str(file)) for file in files)}")


def found(card: Card) -> list[str]:
    """Return what a card says, a line each."""
    lines = [f"{card.checker} {card.version}"]
    for alarm in card.false_alarms:
        lines.append(f"false alarms: {_counts(alarm)}" + ("" if alarm.nominal is None else _kept(alarm, alarm.nominal)))
    lines += [f"found at {power.effect:g} ({power.unit}): {_counts(power)}" for power in card.power if power.effect]
    lines += [f"{cover.cell}: the 95% interval held the truth in {_counts(cover)}" for cover in card.coverage]
    if card.cost is not None:
        cost = card.cost
        lines.append(
            f"cost of an audit (medians): {cost.evaluations:,.0f} evaluations, {cost.tokens:,.0f} tokens, "
            f"{cost.seconds:.2f} s"
        )
    return [*lines, f"not measured: {card.missing}"] if card.missing else lines


def named_checker(name: str) -> Checker:
    """Return the checker that `package:Checker` names.

    Raises:
        InputError: there is no such module or attribute, it can't be made without arguments, or it is no checker.
    """
    from modelaudit.errors import PluginError
    from modelaudit.plugins import registered

    value = _named(name, "CHECKER")
    if isinstance(value, type):
        try:
            value = value()
        except Exception as error:
            raise InputError(
                f"{name} can't be made without arguments: {fault(error)}. Name an instance in your module instead"
            ) from error
    try:
        registered(value, "given")
    except PluginError as error:
        raise InputError(f"{name} is no checker: {error}") from error
    made: Checker = value
    return made


def named_defect(name: str | None, checker: Checker) -> Defect:
    """Return the defect that `package:DEFECT` names, or the standard one of the checker's risk.

    Raises:
        InputError: there is no such module or attribute, it is no defect, or the risk has no standard one.
    """
    from modelaudit.testing.defect import Defect
    from modelaudit.testing.defects import defect_of

    if name is None:
        standard = defect_of(checker.info.risk)
        if standard is None:
            raise InputError(
                f"there is no standard defect for the risk {checker.info.risk}; give yours: --defect PACKAGE:DEFECT"
            )
        return standard
    value = _named(name, "DEFECT")
    if not isinstance(value, Defect):
        raise InputError(f"{name} is of type {type(value).__name__}, not a modelaudit.testing.Defect")
    return value


def _named(name: str, what: str) -> Any:
    """Return what stands in a module under a name; modules of the working folder are found after all others."""
    module_name, colon, attribute = name.partition(":")
    if not colon or not module_name or not attribute:
        raise InputError(f"{name!r} is not of the form PACKAGE:{what}, such as my_package:MyChecker")
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and (module_name + ".").startswith(error.name + "."):
            raise InputError(
                f"there is no module {error.name!r} here; install its package into this environment, or go to its "
                "folder"
            ) from error
        raise InputError(f"{module_name} can't be imported: {fault(error)}") from error
    except Exception as error:
        raise InputError(f"{module_name} can't be imported: {fault(error)}") from error
    found: Any = module
    for part in attribute.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            near = difflib.get_close_matches(part, dir(found), 1)
            meant = f" Did you mean {near[0]}?" if near else ""
            raise InputError(f"the module {module_name} has nothing called {attribute}.{meant}") from None
    return found


def _command(checker: str, defect: str | None, nulls: int, draws: int, preset: str) -> str:
    """Return the command that makes the card again, without what makes no difference to it."""
    words = ["modelaudit", "calibrate", checker, *(("--defect", defect) if defect else ())]
    words += ["--nulls", str(nulls), "--draws", str(draws), "--preset", preset]
    return shlex.join(words)


def _kept(alarm: Rate, nominal: float) -> str:
    promise = f"at most {nominal:.0%} is promised"
    if alarm.low > nominal:
        return f"; {promise}, and this is more"
    return f"; {promise}" + ("" if alarm.high <= nominal else ", and the interval does not rule out more")


def _counts(rate: Rate) -> str:
    return f"{rate.k:,} of {rate.n:,} audits ({rate.rate:.1%}; 95% interval {rate.low:.1%} to {rate.high:.1%})"


class _Told:
    """Says on standard error how far a calibration is, a tenth of it a line."""

    def __init__(self) -> None:
        self.done, self.total = 0, 0
        self._said: int | None = None

    def __call__(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        tenth = done * SHOWN // total
        if tenth != self._said:
            kept = " (kept from before)" if self._said is None and done else ""
            err.print(f"{done} of {total} audits{kept}")
            self._said = tenth
