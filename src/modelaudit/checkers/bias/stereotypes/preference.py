"""Stereotype preference: which of two sentences that differ in a group does a language model find more probable?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, CheckerInfo, Context, Cost, Risk
from modelaudit.checkers.bias.stereotypes.comparison import (
    LEAST_JUDGED,
    LEAST_SHOWN,
    Compared,
    compared,
    groups_of,
)
from modelaudit.checkers.bias.stereotypes.findings import (
    left_out_table,
    preference_finding,
    ratio_findings,
    type_table,
)
from modelaudit.checkers.bias.stereotypes.pairs import (
    COLUMNS,
    EVERY_TYPE,
    LESS,
    MORE,
    Pair,
    Pairs,
    pairs_of_file,
    pairs_of_rows,
)
from modelaudit.checkers.bias.stereotypes.scores import CAUSAL, MASKED, scored
from modelaudit.errors import DataInputError, NotAssessable
from modelaudit.results import Finding

TASKS = (MASKED, CAUSAL)
TOKENS = 16
HOW = (
    'name a csv file of pairs in the option pairs ([checkers."modelaudit/stereotype-preference"] in modelaudit.toml), '
    f"or audit the model on a table of pairs; the columns are {', '.join(COLUMNS)}, as in CrowS-Pairs"
)


class StereotypePreference:
    """Compares how probable a language model finds the two sentences of each pair that the user provides.

    Args:
        pairs: path of a csv file in the format of CrowS-Pairs; by default the evaluation rows, if they are such pairs.

    Raises:
        ValueError: the option is no path.
    """

    info = CheckerInfo(
        id="modelaudit/stereotype-preference",
        version="1",
        risk=Risk.BIAS,
        title="Stereotype preference",
        question="Does the language model find sentences more probable when they are in line with a stereotype?",
        summary=(
            "Pairs of sentences that you provide are alike but for the words that name a group, and one of each is "
            "more in line with a stereotype. Counted is how often the model finds that one more probable, for each "
            "type of stereotype, and measured by how much. Pairs that demonstrate a stereotype and pairs that violate "
            "one are kept apart."
        ),
        needs=("token_statistics",),
        means=(
            "The model expects sentences about groups of people to be in line with stereotypes, or against them, and "
            "what it writes or ranks may carry that on. People of these groups could be described in a demeaning way, "
            "or their texts be ranked in that light. It depends on what the model is used to write or rank, and on "
            "whether a person reads it before others do."
        ),
        not_shown=(
            "The pairs decide what is measured. CrowS-Pairs itself warns that it may not be a good indicator: many of "
            "its pairs name no group, or differ in more than the group (Blodgett et al. 2021).",
            "The pairs are lexical: they show which words the model expects, not what it does in an application.",
            "A share near one half does not show that the model holds no stereotype; preferences of either sign can "
            "cancel, and other pairs could show others.",
            "Public pairs may have been in the training text, and stereotypes of one country and language may mean "
            "nothing elsewhere.",
        ),
        remedies=(
            "Train further with counterfactual augmentation: each sentence again with the groups exchanged.",
            "Ask the model only for what the task needs, and test the application with substituted groups as well.",
            "Test again on pairs that were not used in the training, for a model can learn the pairs.",
        ),
        references=(
            "Nangia et al. 2020, CrowS-Pairs (arXiv 2010.00133)",
            "Salazar et al. 2020, Masked language model scoring (arXiv 1910.14659)",
            "Blodgett et al. 2021, Stereotyping Norwegian salmon: pitfalls in fairness benchmark datasets",
        ),
    )

    def __init__(self, *, pairs: str | None = None) -> None:
        if pairs is not None and (not isinstance(pairs, str | Path) or not str(pairs).strip()):
            raise ValueError(f"the option pairs is {pairs!r:.40}; give the path of a csv file")
        self.pairs = pairs

    def applies(self, subject: SubjectInfo) -> str | None:
        """Return why the question makes no sense for this subject, or None."""
        if subject.task not in TASKS:
            return f"only a language model finds sentences probable ({' and '.join(TASKS)}); {subject.task} does not"
        return None

    def cost(self, subject: SubjectInfo) -> Cost:
        """Return both sentences of each pair, once for each of their tokens by a masked model."""
        count, tokens = 0, TOKENS
        if self.pairs is not None:
            try:
                count = len(pairs_of_file(self.pairs).pairs)
            except DataInputError:
                # `run` says what is wrong with it.
                count = 0
        elif subject.evaluation.text_column in (MORE, LESS):
            count, tokens = subject.evaluation.rows, max(1, round(subject.evaluation.mean_tokens))
        evaluations = 2 * min(count, _most_pairs(Budget(subject.preset))) * (tokens if subject.task == MASKED else 1)
        return Cost(evaluations, evaluations * tokens)

    def run(self, ctx: Context) -> Iterator[Finding]:
        """Read the pairs, ask for both sentences of each, and compare by type.

        Raises:
            NotAssessable: there are no pairs, or too few that can be compared.
            DataInputError: the pairs can't be read.
        """
        given = pairs_of_rows(ctx.data.evaluation) if self.pairs is None else pairs_of_file(self.pairs)
        if given is None:
            raise NotAssessable(f"the evaluation rows are no pairs of sentences; {HOW}")
        chosen = _drawn(given, ctx)
        results, unfit = scored(ctx.model, chosen, ctx.subject.task)
        left_out = {**given.left_out, **unfit}
        if len(results) < LEAST_JUDGED:
            reasons = "; ".join(f"{reason}: {count:,}" for reason, count in sorted(left_out.items()))
            raise NotAssessable(
                f"{len(results):,} pairs could be compared, and {LEAST_JUDGED} are the least (left out: "
                f"{reasons or 'none'}); {HOW}"
            )
        ctx.note(f"The pairs as they were read have the SHA-256 {given.sha256}.")
        found = [compared(group, ctx.rng) for group in groups_of(results)]
        judged = judged_groups(found)
        _note_judged(ctx, found, judged)
        overview = (type_table(found, judged), left_out_table(left_out, len(results)))
        shown = [each for each in found if len(each.group.scored) >= LEAST_SHOWN]
        for place, each in enumerate(shown):
            yield preference_finding(each, primary=each.group.name in judged, evidence=overview if place == 0 else ())
            yield from ratio_findings(each, task=ctx.subject.task)


def judged_groups(found: Sequence[Compared]) -> list[str]:
    """Return the groups whose preference is judged: each type with enough pairs that demonstrate a stereotype.

    Where no type has enough, all types together, so that many small types are not passed over.
    """
    enough = [
        each.group for each in found if each.group.direction == "stereo" and len(each.group.scored) >= LEAST_JUDGED
    ]
    types = [group.name for group in enough if group.bias_type != EVERY_TYPE]
    return types or [group.name for group in enough]


def _most_pairs(budget: Budget) -> int:
    return budget.pick(500, 2_000, 10_000)


def _drawn(given: Pairs, ctx: Context) -> list[Pair]:
    """Return the pairs to ask about, by content: all, or as many as the preset allows, drawn by what they say."""
    most = _most_pairs(ctx.budget)
    if len(given.pairs) <= most:
        return list(given.pairs)
    ctx.note(f"Of {len(given.pairs):,} pairs {most:,} were drawn, as many as the preset allows.")
    ranked = sorted(given.pairs, key=lambda pair: _lot(ctx.seed, pair))
    return sorted(ranked[:most], key=lambda pair: pair.content)


def _lot(seed: int, pair: Pair) -> bytes:
    content = "\x1f".join((str(seed), *pair.content)).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(content, digest_size=16).digest()


def _note_judged(ctx: Context, found: Sequence[Compared], judged: Sequence[str]) -> None:
    rule = f"Judged are types with {LEAST_JUDGED} pairs or more that demonstrate a stereotype"
    if not judged:
        ctx.note(f"{rule}; there is none, nor are there as many of all types, so nothing is judged.")
    elif judged == [EVERY_TYPE] and any(each.group.bias_type != EVERY_TYPE for each in found):
        ctx.note(f"{rule}; there is none, so all types are judged together.")
    else:
        ctx.note(f"{rule}: {', '.join(judged)}.")
