"""A mend in Markdown: before and after, for a pull request or a model card."""

from __future__ import annotations

from modelaudit.reports.front import standing
from modelaudit.reports.markdown import plain, table
from modelaudit.reports.mending import ArmView, arm_views, caveats, facts, in_short, overview
from modelaudit.reports.words import say
from modelaudit.training.mended import Mended

COLUMNS = ("number", "change", "before", "after", "difference", "detectable", "verdict")


def render_mending_markdown(mended: Mended) -> str:
    """Return what the measures bought and cost, in the language that is spoken now."""
    arms = arm_views(mended)
    parts = [
        f"## {say('mending.title', model=plain(mended.model))}",
        *(part for arm in in_short(arms) for part in _short(arm)),
        f"### {say('mending.overview')}",
        table(*overview(arms)),
        "\n".join(f"- {plain(label)}: {plain(words)}" for label, words in facts(mended)),
        "\n".join(f"> - {plain(line)}" for line in caveats(mended)),
    ]
    for arm in arms:
        parts += _arm(arm)
    return "\n\n".join(part for part in [*parts, f"> {plain(standing())}"] if part) + "\n"


def _short(arm: ArmView) -> list[str]:
    return [f"**{plain(say('mending.short', title=arm.title))}** {_sentences(arm)}", _lists(arm)]


def _sentences(arm: ArmView) -> str:
    """Each made plain by itself, so that a long one cuts no other off."""
    return " ".join(map(plain, arm.sentences))


def _lists(arm: ArmView) -> str:
    return "\n".join(f"- **{plain(head)}** {plain(names)}" for head, names in arm.lists)


def _arm(arm: ArmView) -> list[str]:
    parts = [f"### {plain(arm.title)}"]
    parts += [f"{plain(each.title)}: {plain(each.does)} " + _done(each.done) for each in arm.measures]
    parts += [plain(arm.privacy_words), _done(arm.privacy_checks), _sentences(arm)]
    if arm.first_rows:
        rows = [
            (
                row.title,
                _because(row.kind_words, row.why),
                row.before,
                row.after,
                row.difference,
                row.detectable,
                row.verdict,
            )
            for row in arm.first_rows
        ]
        parts.append(table([say(f"changes.column.{name}") for name in COLUMNS], rows))
    if more := len(arm.arm.comparison.changes) - len(arm.first_rows):
        parts.append(say("mending.in_record", count=more))
    return [*parts, "\n".join(f"> - {plain(rule)}" for rule in arm.rules)]


def _done(lines: tuple[object, ...]) -> str:
    return plain(say("list.clauses")).join(plain(str(line)) for line in lines)


def _because(kind: str, why: str) -> str:
    return say("changes.because", kind=kind, why=why) if why else kind
