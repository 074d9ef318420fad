"""Personal data: do the training rows and the evaluation rows hold details of persons?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, CheckerInfo, Context, Cost, Risk, Row
from modelaudit.checkers.privacy.folds import drawn
from modelaudit.checkers.privacy.personal.findings import named_finding, share_finding
from modelaudit.checkers.privacy.personal.scan import Find, built_in, scan
from modelaudit.checkers.privacy.record import every_text
from modelaudit.errors import NotAssessable
from modelaudit.results import Finding

DETECTORS = ("builtin", "presidio")
WITHOUT_TEXT = ("image-classification", "audio-classification")
EVERY = 10**9


@dataclass(frozen=True, slots=True, eq=False)
class Portion:
    """The rows of one table that are looked at, and how many it has."""

    table: str
    rows: list[Row]
    of: int


class PersonalData:
    """E-mail addresses, numbers of phones, cards, accounts and persons, IP addresses and births in the rows' text.

    Args:
        detector: ``builtin`` (shape, checksum and the words around) or ``presidio`` (the recognizers of
            presidio-analyzer, from the extra ``presidio``).
    """

    info = CheckerInfo(
        id="modelaudit/personal-data",
        version="1",
        risk=Risk.PRIVACY,
        title="Personal data in the rows",
        question="Do the rows that the model learned from, or is judged on, hold details that can identify a person?",
        summary=(
            "The text of every row is searched for e-mail addresses, phone numbers, payment cards, bank accounts, "
            "national numbers, IP addresses and dates of birth. Checksums and calendars tell them from other numbers. "
            "The share of rows with at least one is judged; counts by kind stand beside it, and rows are named by id "
            "only. Names of persons are counted where the labels mark them."
        ),
        needs=(),
        means=(
            "The rows identify people, and whoever handles them, or a model that was trained on them, handles details "
            "of these people. If the table leaks, or the model repeats what it has read, they could be contacted, "
            "impersonated or exposed. It depends on what kinds of details these are, on whether the task needs them, "
            "and on who has the data and the model."
        ),
        not_shown=(
            "A detector misses what it has no rule for: names and postal addresses in plain text, national numbers of "
            "other countries, details that are spelt out, misspelt or broken up. None found is not none there.",
            "Some matches are no personal data: an address of a company, a number that passes a checksum by chance. "
            "The rates measured on generated text stand in the checker's page.",
            "It looks at the text that the model reads, and the answer of a prompt; not at the table's other columns.",
            "Of a sound its transcript is searched, of a picture nothing: a voice, a face or writing in a picture can "
            "identify a person as well.",
            "It says nothing of whether the processing is lawful, nor of what the model gives away.",
            "The interval covers which rows were drawn from their source. Of the table itself, the share is what was "
            "counted.",
        ),
        remedies=(
            "Replace the details by made-up ones of the same kind before training, and train again.",
            "Leave out the rows that are named below where the task does not need them.",
            "Where the details are needed, write down why, and set the limit for this use in the policy.",
        ),
        measures=("de-identification",),
        references=(
            "Regulation (EU) 2016/679, articles 4(1), 5(1)(c) and 25: personal data, data minimisation, by design",
            "ISO/IEC 7812-1 (payment cards), ISO 13616 (IBAN), ISO 7064 and GB 11643-1999 (Chinese resident id), "
            "ITU-T E.164 (phone numbers)",
            "Clopper and Pearson 1934, Biometrika 26:404",
        ),
    )

    def __init__(self, *, detector: str = "builtin") -> None:
        if detector not in DETECTORS:
            raise ValueError(f"the option detector is {detector!r:.40}; give one of {', '.join(DETECTORS)}")
        self.detector = detector

    def applies(self, subject: SubjectInfo) -> str | None:
        """Return why there is no text to search, or None."""
        if subject.task in WITHOUT_TEXT:
            return (
                f"rows of {subject.task} hold no text, and what is seen or heard in them is not searched: faces, "
                "voices, and writing in pictures can identify persons as well"
            )
        return None

    def cost(self, subject: SubjectInfo) -> Cost:
        """Return nothing: the model is not asked."""
        return Cost(evaluations=0, tokens=0)

    def run(self, ctx: Context) -> Iterator[Finding]:
        """Search each table; NotAssessable where there is no row, or Presidio is asked for and is not installed."""
        find = self._find()
        portions = [portion for portion in _portions(ctx) if portion.rows]
        if not portions:
            if ctx.data.evaluation or ctx.data.members:
                raise NotAssessable("no row holds text that could be searched; provide rows with text or transcripts")
            raise NotAssessable("there are no rows to look at; provide evaluation rows or training rows")
        if ctx.data.members is None:
            ctx.note(
                "No training rows were given, so only what the model is judged on was searched: "
                "give train_data= (--train-data)."
            )
        for portion in portions:
            found = scan(portion.table, portion.rows, find, labels=ctx.model.labels)
            yield share_finding(found, of=portion.of, detector=self.detector)
            if found.named is not None:
                yield named_finding(found)

    def _find(self) -> Find:
        if self.detector == "builtin":
            return built_in
        from modelaudit.checkers.privacy.personal.presidio import presidio_finder

        return presidio_finder()


def _most_rows(budget: Budget) -> int:
    return budget.pick(10_000, EVERY, EVERY)


def _portions(ctx: Context) -> Iterator[Portion]:
    tables = [("training rows", ctx.data.members), ("evaluation rows", ctx.data.evaluation)]
    if not ctx.subject.heldout_is_evaluation:
        tables.append(("held-out rows", ctx.data.heldout))
    most = _most_rows(ctx.budget)
    for table, rows in tables:
        every = [row for row in rows or () if row.medium is None or every_text(row).strip()]
        if blank := len(rows or ()) - len(every):
            ctx.note(f"{blank:,} {table} hold no text and were not searched.")
        chosen = every if len(every) <= most else drawn(every, most, seed=ctx.seed)
        yield Portion(table, chosen, of=len(every))
