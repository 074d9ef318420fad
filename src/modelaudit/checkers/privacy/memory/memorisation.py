"""Memorisation: can training text, or a number that stands in it, be got out of a model that writes?

Two questions, both answered by forward passes, beside the base model and held-out rows: which training rows the model
goes on with word for word from their beginning, or writes to their source, and how far it prefers the numbers of
persons in them to look-alikes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, CheckerInfo, Context, Cost, ModelHandle, Risk, Row
from modelaudit.checkers.privacy.duplicates import near_duplicates
from modelaudit.checkers.privacy.folds import digest
from modelaudit.checkers.privacy.memory.extraction import SHORTEST, Demand, Side, measured
from modelaudit.checkers.privacy.memory.extraction_findings import extraction_findings, no_extraction
from modelaudit.checkers.privacy.memory.secret_comparison import FEWEST_SECRETS, Comparison
from modelaudit.checkers.privacy.memory.secret_findings import secret_finding
from modelaudit.checkers.privacy.memory.secrets import (
    CONTEXT,
    Found,
    find_secrets,
    numbers_of,
    ranked,
    targets_of,
    whole,
)
from modelaudit.errors import NotAssessable
from modelaudit.results import Finding

EVERY = 10**9
FEWEST = 20
"""Rows of a side, long enough, below which nothing is computed of it."""
TRANSLATOR = "text2text-generation"
WRITERS = ("text-generation", TRANSLATOR)
WHY_NOT = {
    "fill-mask": "a masked language model fills gaps in a text that it is given, and writes none by itself",
    "question-answering": "answers are cut out of the context that is given, so none is written from memory",
    "automatic-speech-recognition": "what is written is what is said in the sound, so it shows skill and not memory",
}
"""Why other tasks have nothing to extract."""
TOKENS_A_SECRET = 60
"""About so many are in a number with what stands before it."""


class Memorisation:
    """Discoverable extraction of training rows, and exposure of the numbers in them, less what the base model knew.

    Args:
        prefix_tokens, suffix_tokens: tokens of a text that are given, and tokens behind them that must be written.
        queries, chance: a row counts as extracted by sampling where its rest comes at least once in so many samples
            with this chance.
    """

    info = CheckerInfo(
        id="modelaudit/memorisation",
        version="1",
        risk=Risk.PRIVACY,
        title="Memorisation",
        question="Can training text, or a personal number in it, be extracted from the model?",
        summary=(
            "The model reads the beginning of each training row, and it is asked how probable the rest is, word for "
            "word. Phone numbers, cards and the like that stand in the rows are ranked among made-up numbers of the "
            "same form. What the base model does as well, and what held-out rows show too, is taken off."
        ),
        needs=("members", "token_statistics"),
        means=(
            "Someone who can query the model may be able to read training text, or a phone or card number in it, from "
            "its answers. The people whose details stand in that text could be contacted, impersonated or exposed "
            "without ever having used the model. It depends on who can query the model, on how much of the text they "
            "already know, and on what it holds."
        ),
        not_shown=(
            "Text is tried from its own beginning. Someone who knows less may get less out, and another prompt may "
            "get out what this one does not.",
            "Only word for word counts: a row that is told in other words, or with one word changed, is not found.",
            "Numbers are found by their form; names, addresses and what is told of a person are not ranked.",
            "It is not a guarantee of differential privacy, and finding nothing does not show that there is nothing.",
            "It says nothing of what the base model learned in its own training.",
        ),
        remedies=(
            "Remove duplicate rows: what stands in the data ten times is written out about a thousand times as often.",
            "Train for fewer epochs, with a lower learning rate, or stop early on a validation set.",
            "Fine-tune with LoRA or fewer trained layers, and audit again.",
            "Replace numbers and other personal details before training.",
            "Where a guarantee is needed, train with differential privacy and audit again.",
        ),
        references=(
            "Carlini et al. 2019, The secret sharer (arXiv 1802.08232)",
            "Carlini et al. 2021, Extracting training data from large language models (arXiv 2012.07805)",
            "Carlini et al. 2023, Quantifying memorization across neural language models (arXiv 2202.07646)",
            "Hayes et al. 2025, Measuring memorization through probabilistic extraction (arXiv 2410.19482)",
            "Kandpal et al. 2022, Deduplicating training data mitigates privacy risks (arXiv 2202.06539)",
            "Aronow, Samii and Assenova 2015, Political Analysis 23:564",
        ),
    )

    def __init__(
        self, *, prefix_tokens: int = 50, suffix_tokens: int = 50, queries: int = 100, chance: float = 0.5
    ) -> None:
        for name, value, least in (
            ("prefix_tokens", prefix_tokens, 1),
            ("suffix_tokens", suffix_tokens, SHORTEST),
            ("queries", queries, 1),
        ):
            if type(value) is not int or value < least:
                raise ValueError(f"the option {name} is {value!r}; give a whole number of {least} or more")
        if not isinstance(chance, int | float) or not 0.0 < chance < 1.0:
            raise ValueError(f"the option chance is {chance!r}; give a number between 0 and 1")
        self.prefix_tokens = prefix_tokens
        self.suffix_tokens = suffix_tokens
        self.queries = queries
        self.chance = chance

    def applies(self, subject: SubjectInfo) -> str | None:
        """Return why the question makes no sense for this subject, or None."""
        if subject.task in WRITERS:
            return None
        return WHY_NOT.get(subject.task, f"only a language model writes text; {subject.task} does not")

    def cost(self, subject: SubjectInfo) -> Cost:
        """Return one evaluation of each drawn row by each model, and the most that ranking numbers can take."""
        budget = Budget(subject.preset)
        models = 1 + (subject.base_model is not None)
        tables = [table for table in (subject.members, subject.heldout or subject.evaluation) if table is not None]
        rows = [min(_rows_a_side(budget), table.rows) for table in tables]
        tokens = sum(count * table.mean_tokens for count, table in zip(rows, tables, strict=True))
        variants = len(tables) * _most_secrets(budget) * (1 + _look_alikes(budget))
        return Cost(
            evaluations=models * (sum(rows) + variants), tokens=round(models * (tokens + variants * TOKENS_A_SECRET))
        )

    def run(self, ctx: Context) -> Iterator[Finding]:
        """Ask, compare, and yield the findings; NotAssessable where neither rows nor numbers suffice."""
        base = _base(ctx)
        found, control = _numbers(ctx)
        inside = self._side(ctx, "training", base, _drawn(ctx, "training", ctx.data.members or ()))
        if len(inside.rows) < FEWEST:
            reason = (
                f"{len(inside.rows)} training rows are long enough to be given in part and written on, and {FEWEST} "
                f"are the least; provide rows with {2 * SHORTEST} tokens or more, or answers with {SHORTEST} or more"
            )
            if inside.differing:
                reason += f" ({inside.differing:,} others are other tokens to the base model; leave base_model= out)"
            if len(found.secrets) < FEWEST_SECRETS:
                raise NotAssessable(
                    f"{reason}. There are {found.numbers} numbers of persons in the training rows, and "
                    f"{FEWEST_SECRETS} are the least for these"
                )
            yield no_extraction(reason)
        else:
            outside = self._side(ctx, "held-out", base, _apart(ctx))
            yield from extraction_findings(
                inside,
                outside if len(outside.rows) >= FEWEST else None,
                self._demand(ctx),
                heldout_is_evaluation=ctx.subject.heldout_is_evaluation,
            )
        compared = Comparison.of(*(ranked(ctx.model, base, side.secrets) for side in (found, control)))
        yield secret_finding(compared, found, control)

    def _demand(self, ctx: Context) -> Demand:
        targets = ctx.subject.task == TRANSLATOR
        return Demand(self.prefix_tokens, self.suffix_tokens, self.queries, self.chance, targets=targets)

    def _side(self, ctx: Context, name: str, base: ModelHandle | None, rows: Sequence[Row]) -> Side:
        side = measured(ctx.model, base, rows, self._demand(ctx))
        if side.short:
            ctx.note(f"{side.short:,} {name} rows are too short to be parted and were left out.")
        if side.differing:
            ctx.note(f"{side.differing:,} {name} rows are other tokens to the base model and were left out.")
        return side


def _rows_a_side(budget: Budget) -> int:
    return budget.pick(200, 1_000, EVERY)


def _most_secrets(budget: Budget) -> int:
    return budget.pick(24, 96, 200)


def _look_alikes(budget: Budget) -> int:
    return budget.pick(31, 63, 511)


def _base(ctx: Context) -> ModelHandle | None:
    base = ctx.base_model
    if base is not None and "token_statistics" not in base.capabilities:
        ctx.note("The base model gives no token probabilities, so what it knew could not be taken off.")
        return None
    return base


def _numbers(ctx: Context) -> tuple[Found, Found]:
    """Return numbers of training rows, and as many of the same kinds of held-out rows.

    Of a source with a target, and of a chat, they are those of the target, or the answer, that are not copied from what
    stands before.
    """
    if ctx.subject.task != TRANSLATOR and any(
        _has_target(ctx, row) for row in (*(ctx.data.members or ()), *_heldout(ctx))
    ):
        ctx.note("Of chats with an answer the answer alone was searched for numbers, not what users wrote.")
    inside, outside = (
        numbers_of(
            [row for row in side if not _has_target(ctx, row)]
            + targets_of([row for row in side if _has_target(ctx, row)])
        )
        for side in (ctx.data.members or (), _heldout(ctx))
    )
    longest = ctx.subject.model.max_length or 2 * CONTEXT
    # A character is a token at the most, as a rule, and the number itself needs room.
    context = min(CONTEXT, longest // 2)
    draw = partial(find_secrets, alike=_look_alikes(ctx.budget), context=context, seed=ctx.seed)
    found = draw(inside, outside, most=_most_secrets(ctx.budget))
    kinds = {secret.kind for secret in found.secrets}
    most = max(len(found.secrets), FEWEST_SECRETS)
    return found, draw(outside, inside, most=most, kinds=kinds)


def _has_target(ctx: Context, row: Row) -> bool:
    return ctx.subject.task == TRANSLATOR or (row.turns is not None and row.answer is not None)


def _heldout(ctx: Context) -> tuple[Row, ...]:
    return ctx.data.evaluation if ctx.data.heldout is None else ctx.data.heldout


def _drawn(ctx: Context, name: str, rows: Sequence[Row]) -> list[Row]:
    """Return rows of different texts, turns and answers, drawn by these; of rows with targets those that have one."""
    tried = [row for row in rows if row.answer or ctx.subject.task != TRANSLATOR]
    if lost := len(rows) - len(tried):
        ctx.note(f"{lost:,} {name} rows have no target and were left out.")
    distinct: dict[str, Row] = {}
    for row in sorted(tried, key=lambda row: row.id):
        said = f"{row.text}\x1f{row.answer}"
        distinct.setdefault(f"{said}\x1f{row.turns}" if row.turns else said, row)
    order = sorted(distinct, key=lambda said: digest(said, seed=ctx.seed, purpose="draw"))
    return [distinct[said] for said in order[: _rows_a_side(ctx.budget)]]


def _apart(ctx: Context) -> list[Row]:
    """Return held-out rows without near-copies of training rows, which the model may know from these."""
    rows = _drawn(ctx, "held-out", _heldout(ctx))
    copies = near_duplicates([whole(row) for row in rows], [whole(row) for row in ctx.data.members or ()])
    if int(copies.sum()):
        ctx.note(f"{int(copies.sum()):,} held-out rows are near-copies of training rows and were left out.")
    return [row for row, copy in zip(rows, copies, strict=True) if not copy]
