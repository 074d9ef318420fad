"""Adversarial search: how much accuracy can someone take who may ask the model a number of questions a row?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, CheckerInfo, Context, Cost, Predictions, Risk
from modelaudit.checkers.robustness.attack.exhibits import curve, examples, took
from modelaudit.checkers.robustness.attack.findings import measured, too_few, unmeasured, without_labels
from modelaudit.checkers.robustness.attack.kind import CHARACTERS, INVISIBLE, NEIGHBOURS, Forms, Kind, substitution
from modelaudit.checkers.robustness.attack.measures import FEWEST, measures_of
from modelaudit.checkers.robustness.attack.outcome import Outcome, Subject, attacked, subjects_of
from modelaudit.checkers.robustness.attack.plan import Plan, whole
from modelaudit.checkers.robustness.attack.site import Sites, editable, sites_of
from modelaudit.checkers.robustness.other_tasks import IN_WORDS, NO_WORDS
from modelaudit.drawing import drawn
from modelaudit.errors import NotAssessable
from modelaudit.evidence import Evidence
from modelaudit.results import Finding
from modelaudit.rows import Row
from modelaudit.text import word_spans

TASKS = ("text-classification", "token-classification")


class AdversarialSearch:
    """The user's own rows, edited where it hurts most: a search for each row, with a budget of questions.

    Args:
        search: "greedy", "random" or "beam" (of texts of up to 30 words; of longer ones greedy).
        ranking: what tells which words to edit first: "mask", "gradient" or "random".
        queries: distinct inputs that the model is asked about a row at the most; 64, 256 or 1,000 with the preset.
        rows: rows to attack; 200, 200 or 1,000 with the preset.
        edit_share: words that are edited at the most, as a share of the text's; one always may be.
        similarity: least likeness of an edited text with its original by letters and pairs of letters, 0 to 1.
        protected: words that are never edited.
        stress: whether words are also replaced by their neighbours in the model's own embeddings, without judging.
    """

    info = CheckerInfo(
        id="modelaudit/adversarial-search",
        version="1",
        risk=Risk.ROBUSTNESS,
        title="Adversarial search",
        question="How often can someone who tries change the model's answer with edits that a reader would overlook?",
        summary=(
            "For each row that is answered rightly a search edits the words that the answer hangs on, by typing slips "
            "or by characters that are not seen, until the answer changes or a budget of questions is spent. The "
            "accuracy that is lost is a lower bound of what an attacker could take."
        ),
        metrics=("accuracy_drop", "robust_accuracy", "success_rate"),
        needs=("predict",),
        means=(
            "Someone who sets out to deceive the model can get another answer by small edits. The people whom that "
            "answer should protect, as from abuse or fraud, could be harmed, and so could those whose text somebody "
            "else edits. It depends on who gains from another answer, on how often they may try, and on what else "
            "stands in the way."
        ),
        not_shown=(
            "What another attacker would find: one with more questions, other edits, or the model's weights.",
            "That a model is robust: few flips found are no proof that there are no more.",
            "How likely such edits are in use. For slips at random places see the perturbation check.",
        ),
        remedies=(
            "Add rows with typing slips to the training rows, those that were found here among them, and train again.",
            "Normalise look-alike letters and remove characters without a width in front of the model.",
            "Check spelling in front of the model where typing slips are what breaks it.",
            "Limit how many near-equal questions one user may ask.",
        ),
        measures=("perturbation-augmentation",),
        references=(
            "Gao et al. 2018, Black-box generation of adversarial text sequences: DeepWordBug (arXiv 1801.04354)",
            "Pruthi et al. 2019, Combating adversarial misspellings (arXiv 1905.11268)",
            "Boucher et al. 2022, Bad characters: imperceptible NLP attacks (arXiv 2106.09898)",
            "Yoo et al. 2020, Searching for a search method (arXiv 2009.06368)",
            "Morris et al. 2020, Reevaluating adversarial examples in natural language (arXiv 2004.14174)",
        ),
    )

    def __init__(
        self,
        *,
        search: str = "greedy",
        ranking: str = "mask",
        queries: int | None = None,
        rows: int | None = None,
        edit_share: float = 0.25,
        similarity: float = 0.7,
        protected: Sequence[str] = (),
        stress: bool = False,
    ) -> None:
        self.search = search
        self.ranking = ranking
        self.queries = queries
        self.rows = rows
        self.edit_share = edit_share
        self.similarity = similarity
        self.protected = protected
        self.stress = stress
        self._plan(Budget("quick"))
        if rows is not None:
            whole("rows", rows, least=FEWEST)

    def applies(self, subject: SubjectInfo) -> str | None:
        """Return why no answer can be attacked, or None."""
        if subject.task in IN_WORDS:
            return (
                f"its search follows the probability of a class, and {subject.task} has no classes; the perturbation "
                "check changes such rows at random places"
            )
        if subject.task in NO_WORDS:
            return (
                f"it edits words, and rows of {subject.task} have none; the check of corruption robustness changes "
                "pictures and sounds"
            )
        if subject.task not in TASKS:
            return f"it is defined for {' and '.join(TASKS)}, not for {subject.task}"
        if len(subject.model.labels) < 2:
            return "the model has a single label, so no answer can change"
        return None

    def cost(self, subject: SubjectInfo) -> Cost:
        """Return the whole budget of each row and kind of edit; a search that finds a flip asks less."""
        budget = Budget(subject.preset)
        rows = min(self._most_rows(budget), subject.evaluation.rows)
        kinds = 2 + self.stress
        evaluations = rows * (1 + kinds * self._plan(budget).queries)
        return Cost(evaluations=evaluations, tokens=round(evaluations * subject.evaluation.mean_tokens))

    def run(self, ctx: Context) -> Iterator[Finding]:
        """Search for each row in lockstep, and count.

        Raises:
            NotAssessable: fewer than 20 rows, or no kind of edit could be tried on 20.
        """
        plan = replace(self._plan(ctx.budget), seed=ctx.seed)
        rows = self._rows(ctx)
        before = ctx.model.predict(rows)
        by_entity = before.offsets is not None
        subjects = subjects_of(rows, before, ctx.model.fingerprints(rows), ctx.model.labels)
        if left_out := len(rows) - len(subjects):
            ctx.note(f"{left_out:,} rows have no entity, or are longer than the model reads; they were left out.")
        labelled = any(one.right is not None for one in subjects)
        tried = 0
        for kind in self._kinds(ctx, subjects):
            outcomes, without_site = _outcomes(ctx, kind, subjects, plan)
            outcomes, after = _asked_again(ctx, outcomes)
            measures = measures_of(outcomes, queries=plan.queries)
            if (why := too_few(measures)) is not None:
                ctx.note(f"{kind.name}: not measured. {why}")
                if labelled and kind.judged:
                    yield unmeasured(kind, why, by_entity=by_entity)
                continue
            tried += 1
            evidence: tuple[Evidence, ...] = (
                curve(measures),
                took(outcomes, measures, without_site=without_site),
                *examples(kind, outcomes, after),
            )
            yield from measured(kind, measures, evidence, _dependence(outcomes), by_entity=by_entity)
        if not tried:
            raise NotAssessable(
                f"no edit could be tried on {FEWEST} rows, and one row in ten, with an answer to lose; provide more "
                "rows of words, or a model that is right more often"
            )
        if not labelled:
            yield without_labels(by_entity=by_entity)

    def _plan(self, budget: Budget) -> Plan:
        return Plan(
            search=self.search,
            ranking=self.ranking,
            queries=_queries(budget) if self.queries is None else self.queries,
            edit_share=self.edit_share,
            similarity=self.similarity,
            protected=self.protected,
        )

    def _most_rows(self, budget: Budget) -> int:
        return _most_rows(budget) if self.rows is None else self.rows

    def _rows(self, ctx: Context) -> list[Row]:
        """Return the labelled rows that are attacked; where none has a label, any."""
        labelled = [row for row in ctx.data.evaluation if row.label is not None or row.tags is not None]
        if labelled and (bare := len(ctx.data.evaluation) - len(labelled)):
            ctx.note(f"{bare:,} rows have no label and were left out.")
        rows = drawn(ctx, labelled or ctx.data.evaluation, self._most_rows(ctx.budget))
        if len(rows) < FEWEST:
            raise NotAssessable(
                f"there are {len(rows)} evaluation rows of different texts and {FEWEST} are the least; "
                "provide more rows"
            )
        return rows

    def _kinds(self, ctx: Context, subjects: Sequence[Subject]) -> list[Kind]:
        if self.ranking == "gradient" and "gradients" not in ctx.model.capabilities:
            ctx.note("The model shows no gradients, so words are ranked by hiding them.")
        kinds = [CHARACTERS, INVISIBLE]
        if self.stress and "gradients" in ctx.model.capabilities:
            words = sorted({word for one in subjects for word in editable(one.row)})
            kinds.append(substitution(dict(zip(words, ctx.model.neighbours(words, NEIGHBOURS), strict=True))))
        elif self.stress:
            ctx.note("The model shows no embeddings, so no words are replaced.")
        return kinds


def _most_rows(budget: Budget) -> int:
    return budget.pick(200, 200, 1_000)


def _queries(budget: Budget) -> int:
    return budget.pick(64, 256, 1_000)


def _outcomes(ctx: Context, kind: Kind, subjects: Sequence[Subject], plan: Plan) -> tuple[list[Outcome], int]:
    """Return the outcomes over the rows with a word to edit, and how many rows have none."""
    forms = Forms(kind, plan.seed, _vocabulary(ctx) if kind.slips else frozenset())
    protected = frozenset(word.lower() for word in plan.protected)
    cases = [(one, sites_of(one.row, forms, protected)) for one in subjects]
    editable = [(one, sites) for one, sites in cases if sites.sites]

    def search(case: tuple[Subject, Sites]) -> Outcome:
        return attacked(*case, kind, ctx.model, plan)

    return ctx.map(search, editable), len(cases) - len(editable)


def _vocabulary(ctx: Context) -> frozenset[str]:
    """Return the words of the evaluation rows, in lower case."""
    texts = (row.text for row in ctx.data.evaluation)
    return frozenset(text[start:end].lower() for text in texts for start, end in word_spans(text))


def _asked_again(ctx: Context, outcomes: Sequence[Outcome]) -> tuple[list[Outcome], Predictions]:
    """Ask about every text that was found as anyone would, and drop what a plain question does not show.

    Return the outcomes, and the answers to those that found a flip.
    """
    found = [one for one in outcomes if one.choice is not None]
    after = ctx.model.predict([one.edited for one in found])
    denied = {id(one) for place, one in enumerate(found) if not one.subject.goal.reached(after, place)}
    if not denied:
        return list(outcomes), after
    ctx.note(f"{len(denied)} flips did not show when the model was asked again, and do not count.")
    held = [replace(one, choice=None, found_at=None) if id(one) in denied else one for one in outcomes]
    return held, ctx.model.predict([one.edited for one in held if one.choice is not None])


def _dependence(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    documents = {one.subject.row.group for one in outcomes} - {None}
    if not documents:
        return ()
    return (
        f"The rows come from {len(documents):,} documents or persons. The interval treats rows as independent; where "
        "rows of one are alike it is too narrow.",
    )
