"""Perturbation on planted models: a planted sensitivity is found under its own kind of change and no other."""

from __future__ import annotations

from typing import ClassVar

import pytest
from measured import backwards, context_of, exceeds, findings_of, subject_of

from modelaudit.checkers.robustness.perturbation import Perturbation
from modelaudit.checkers.robustness.perturbation.arms import dose_arms, main_arms
from modelaudit.checkers.robustness.perturbation.trials import Sample, trials
from modelaudit.errors import NotAssessable
from modelaudit.policy import judge
from modelaudit.policy_file import load_policy
from modelaudit.results import CheckerInfo, CheckResult
from modelaudit.rows import Row
from modelaudit.testing.planted import planted_classifier, planted_rows, planted_tag_rows, planted_tagger
from modelaudit.text import Edit, bundled_perturbations
from modelaudit.text.perturbations import (
    LowerCase,
    PunctuationAdd,
    PunctuationDrop,
    SpacingDouble,
    SpacingTrailing,
    TitleCase,
    UpperCase,
)

WORDS = {"good": 2.0, "kind": 1.5, "fine": 1.0, "bad": -2.0, "slow": -1.5, "poor": -1.0}
LEXICON = {"Annika": "B-PER", "Robert": "B-PER", "Leeson": "I-PER", "Lisbon": "B-LOC", "Acme": "B-ORG"}
CASE = (LowerCase(), UpperCase(), TitleCase())


def measured(planted, rows, *, only=None, **more):
    return findings_of(Perturbation(only), subject_of(planted, data=rows, **more))


def rows_of(n: int = 200) -> list[dict]:
    return planted_rows(n, 3, words=WORDS, numbered=True)


def tag_rows_of(n: int) -> list[dict]:
    """Rows of which no two say the same, as each begins with its number."""
    rows = planted_tag_rows(n, 1, lexicon=LEXICON)
    for place, row in enumerate(rows):
        row["tokens"], row["ner_tags"] = ["Note", str(place), *row["tokens"]], ["O", "O", *row["ner_tags"]]
    return rows


def interval(finding, level=0.95):
    return next((bound.low, bound.high) for bound in finding.metric.bounds if bound.level == level)


def each_change(finding):
    """The cells of the finding's first table by change and column."""
    table = next(item for item in finding.evidence if item.kind == "table")
    return {cells[0]: dict(zip(table.columns, cells, strict=True)) for cells in table.rows}


def count_of(finding, outcome):
    """A count of what became of the changed rows, of the change that the finding is about."""
    table = next(item for item in finding.evidence if item.kind == "table" and item.columns == ("outcome", "count"))
    return dict(table.rows)[outcome]


def result_of(planted, rows, *, only=None, **more):
    """The findings and notes of the check as the runner makes them, and the state of a family that holds no other."""
    ctx = context_of(subject_of(planted, data=rows, **more), Perturbation(only))
    found = tuple(Perturbation(only).run(ctx))
    result = CheckResult(checker=Perturbation.info, status="completed", findings=found, notes=tuple(ctx.notes))
    [family] = judge([result], load_policy()).families
    return {(finding.metric.id, finding.metric.group): finding for finding in found}, ctx.notes, family


def test_case_sensitivity_is_found_under_case_alone_and_its_clean_twin_is_not_accused():
    harmless = [*CASE, PunctuationDrop(), PunctuationAdd(), SpacingDouble(), SpacingTrailing()]
    fragile = measured(planted_classifier(WORDS, case_sensitive=True), rows_of(), only=harmless)
    assert exceeds(fragile["flip_rate", "letter case"], 0.05)
    assert exceeds(fragile["accuracy_drop", "letter case"], 0.03)
    cells = each_change(fragile["flip_rate", "letter case"])
    assert cells["lower case"]["answers changed"] == "0.0%"
    assert float(cells["title case"]["answers changed"].rstrip("%")) > 20
    for kind in ("punctuation", "spacing"):
        assert fragile["flip_rate", kind].metric.value == 0.0

    sound = measured(planted_classifier(WORDS), rows_of(), only=harmless)
    for kind in ("letter case", "punctuation", "spacing"):
        for metric, limit in (("flip_rate", 0.05), ("accuracy_drop", 0.03)):
            assert interval(sound[metric, kind])[1] < limit, f"{metric} under {kind} is within"


def test_the_numbers_are_those_of_the_rows_counted_by_hand():
    # Upper case blinds this model: every log-odds is 0, the first class is answered, and rows of class 1 are lost.
    rows = rows_of()
    ones = sum(row["label"] for row in rows)
    found = measured(planted_classifier(WORDS, case_sensitive=True), rows, only=[UpperCase(), LowerCase()])
    flip, drop = found["flip_rate", "letter case"], found["accuracy_drop", "letter case"]
    assert flip.metric.value == drop.metric.value == pytest.approx(ones / len(rows))
    assert count_of(flip, "right before, wrong after (harm)") == ones
    assert count_of(flip, "wrong before, right after (repair)") == 0
    assert count_of(flip, "changed rows compared") == len(rows)
    assert count_of(flip, "wrong after, and more than 90% sure") == 0, "a blind model is half sure"
    cells = each_change(drop)["upper case"]
    assert cells["accuracy lost, points"] == f"{100 * ones / len(rows):+.1f}"
    assert cells["share of right answers lost"] == cells["right answers made wrong"] == f"{ones / len(rows):.1%}"


def test_repair_is_a_share_of_what_was_wrong():
    # Half of the labels are turned: upper case, always answered by the first class, mends the turned rows of class 1.
    rows = [{**row, "label": 1 - row["label"] if place % 2 else row["label"]} for place, row in enumerate(rows_of())]
    found = measured(planted_classifier(WORDS, case_sensitive=True), rows, only=[UpperCase()])
    mended = sum(row["label"] == 0 for place, row in enumerate(rows) if place % 2)
    cells = each_change(found["accuracy_drop", "letter case"])["upper case"]
    assert cells["wrong made right"] == f"{mended / 100:.1%}"


def test_the_worst_average_holds_over_all_rows_and_the_changed_ones_alone_decide_the_kind():
    rows = [{**row, "text": row["text"].upper() if place % 4 else row["text"]} for place, row in enumerate(rows_of())]
    model = planted_classifier({word.upper(): weight for word, weight in WORDS.items()}, case_sensitive=True)
    found = measured(model, rows, only=[UpperCase()])
    changed, whole = found["accuracy_drop", "letter case"].metric, found["worst_accuracy_drop", None].metric
    assert (changed.n, whole.n) == (50, 200)
    assert whole.value == pytest.approx(changed.value / 4)
    assert not whole.primary, "its parts are judged already"


def test_the_worst_of_several_has_a_lower_end_that_holds_for_all_of_them():
    rows, model = rows_of(), planted_classifier(WORDS, case_sensitive=True)
    alone = measured(model, rows, only=[UpperCase()])["flip_rate", "letter case"]
    among = measured(model, rows, only=[UpperCase(), TitleCase(), LowerCase()])["flip_rate", "letter case"]
    assert among.metric.value == alone.metric.value
    assert interval(among)[0] < interval(alone)[0]
    assert interval(among)[1] == interval(alone)[1]
    assert "the worst of 2 of its kind" in among.statement
    assert "The tokenizer removes 1 more" in among.statement


def test_what_the_tokenizer_removes_is_structurally_invariant_and_costs_nothing():
    subject = subject_of(planted_classifier(WORDS, lower_case=True), data=rows_of())
    found = findings_of(Perturbation(CASE), subject)
    finding = found["flip_rate", "letter case"]
    assert "structurally invariant" in finding.statement
    assert not any(item.kind == "examples" for item in finding.evidence)
    assert all("structurally invariant" in cells["remark"] for cells in each_change(finding).values())
    originals = set(subject.model.fingerprints(subject.data.evaluation))
    assert subject.engines[0].stats.computed == len(originals), "the rows as they are, and nothing else"


def test_a_change_that_reaches_the_model_and_moves_nothing_is_not_called_invariant():
    found = measured(planted_classifier(WORDS), rows_of(), only=[PunctuationDrop()])
    finding = found["flip_rate", "punctuation"]
    assert "identical to the last bit" in finding.statement
    assert "invariant" not in finding.statement
    assert each_change(finding)["final punctuation dropped"]["remark"] is None


def test_only_rows_with_something_to_change_are_counted():
    rows = [{**row, "text": row["text"].lower() if place % 4 else row["text"]} for place, row in enumerate(rows_of())]
    found = measured(planted_classifier(WORDS), rows, only=[LowerCase(), UpperCase()])
    cells = each_change(found["flip_rate", "letter case"])
    assert cells["lower case"]["rows compared"] == 50
    assert cells["lower case"]["answers changed"] == "0.0%", "each row is compared with its own original"
    assert cells["upper case"]["rows compared"] == 200


def test_severities_are_shown_as_a_dose_and_only_the_mild_one_is_judged():
    [typos] = [each for each in bundled_perturbations() if each.name == "letters swapped"]
    found = measured(planted_classifier(WORDS), rows_of(300), only=[typos])
    [curve] = [item for item in found["flip_rate", "typing errors"].evidence if item.kind == "curve"]
    [line] = curve.series
    assert line.x == (1.0, 2.0, 3.0, 5.0)
    assert line.y[3] > line.y[0]
    assert found["flip_rate", "typing errors"].metric.value == line.y[1]
    quick = measured(planted_classifier(WORDS), rows_of(100), only=[typos], preset="quick")
    assert not [item for item in quick["flip_rate", "typing errors"].evidence if item.kind == "curve"]


def test_what_may_change_the_meaning_is_shown_as_stress_and_not_judged():
    found = measured(planted_classifier(WORDS), rows_of(100), preset="quick")
    stress = {key: finding for key, finding in found.items() if key[1] and key[1].endswith("(stress)")}
    assert stress
    for finding in stress.values():
        assert not finding.metric.primary
        assert any("not judged" in caveat for caveat in finding.caveats)
    assert all(finding.metric.primary for key, finding in found.items() if key not in stress and key[1])


def test_each_finding_states_the_rule_by_which_the_label_holds():
    found = measured(planted_classifier(WORDS), rows_of(60), only=[LowerCase(), SpacingDouble()])
    assert found["flip_rate", "letter case"].caveats[0].startswith("Label rule of 'lower case' (L1, ")
    assert found["flip_rate", "spacing"].caveats[0].startswith("Label rule of 'double spaces' (L0, ")


def test_examples_show_extremes_and_typical_rows_and_say_which():
    found = measured(planted_classifier(WORDS, case_sensitive=True), rows_of(), only=CASE)
    largest, typical = (item for item in found["flip_rate", "letter case"].evidence if item.kind == "examples")
    assert "changed most" in largest.selection
    assert "median" in typical.selection
    assert largest.items[0].after == largest.items[0].before.upper()
    moved_most = [abs(item.after_score - item.before_score) for item in largest.items]
    assert min(moved_most) >= max(abs(item.after_score - item.before_score) for item in typical.items)


def test_rows_without_labels_have_a_flip_rate_and_one_line_for_their_missing_accuracy():
    rows = [{"text": row["text"]} for row in rows_of()]
    found, _, family = result_of(planted_classifier({"other": 1.0}), rows, only=CASE)
    assert found["flip_rate", "letter case"].metric.value == 0.0
    [missing] = [finding for finding in found.values() if finding.metric.id == "accuracy_drop"]
    assert (missing.metric.group, missing.metric.value, missing.metric.primary) == (None, None, True)
    assert "None of the rows has a true label" in missing.metric.reason
    assert family.counts == {"not assessed": 1, "within limit": 1}
    assert family.state == "incomplete", "what was not measured is no pass"


def test_a_change_that_many_rows_have_no_place_for_is_named_in_a_note_and_a_change_of_few_rows_is_not_assessed():
    lower = [{**row, "text": row["text"].lower()} for row in rows_of()]
    found, notes, family = result_of(planted_classifier({"other": 1.0}), lower, only=[LowerCase(), SpacingDouble()])
    assert ("flip_rate", "letter case") not in found
    assert any("no test of 1 changes" in note and "lower case" in note for note in notes)
    assert family.state == "within limit"
    some = [
        {**row, "text": row["text"] if place < 15 else row["text"].lower()} for place, row in enumerate(rows_of(200))
    ]
    found, _, family = result_of(planted_classifier({"other": 1.0}), some, only=[LowerCase(), SpacingDouble()])
    for metric in ("flip_rate", "accuracy_drop"):
        finding = found[metric, "letter case"]
        assert (finding.metric.value, finding.metric.primary) == (None, True)
        assert finding.metric.reason == "The change found something to change in 15 of 200 rows; 20 are the least."
        assert "was not measured" in finding.statement
    assert family.state == "incomplete"


def test_entities_that_are_too_few_are_not_assessed():
    rows = [{"tokens": ["Nothing", "to", "see", str(place), "."], "ner_tags": ["O"] * 5} for place in range(60)]
    rows += tag_rows_of(1)
    with pytest.raises(NotAssessable, match="no change could be compared on 20 of the 61 rows"):
        measured(planted_tagger(LEXICON), rows, only=CASE)
    found, _, family = result_of(planted_tagger(LEXICON), rows[:20] + tag_rows_of(120), only=CASE)
    assert found["flip_rate", "letter case"].metric.value == 0.0
    assert family.counts.get("not assessed", 0) == 0


def test_rows_of_words_are_not_asked_about_spacing():
    found, _, _ = result_of(planted_tagger(LEXICON), tag_rows_of(60), preset="quick")
    assert "spacing" not in {group for _, group in found}


def test_too_few_rows_are_not_assessed():
    planted = planted_classifier(WORDS)
    for rows in (rows_of(1), rows_of(19)):
        with pytest.raises(NotAssessable, match="evaluation rows of different texts and 20 are the least"):
            measured(planted, rows)


def test_rules_for_one_language_are_not_let_loose_on_another():
    rows = [{"text": f"Она сказала, что письмо номер {place} хорошее.", "label": 0} for place in range(40)]
    found, _, family = result_of(planted_classifier(WORDS), rows, preset="quick")
    assert found["flip_rate", "letter case"].metric.value == 0.0
    wording = found["flip_rate", "wording"].metric
    assert (wording.value, wording.primary) == (None, True)
    assert "made for other languages: none of the 40 rows" in wording.reason
    assert family.state == "incomplete"


def test_chinese_rows_have_changes_of_their_own_and_english_rules_are_named_in_a_note():
    rows = [
        {"text": f"这家店的服务很好,我很喜欢他们的态度,第{place}次来了。", "label": place % 2} for place in range(40)
    ]
    found, notes, _ = result_of(planted_classifier(WORDS), rows, preset="quick")
    assert {"sound-alike characters", "look-alike characters"} <= {group for _, group in found}
    assert "typing errors" not in {group for _, group in found}
    assert any("changes are made for languages that none of these rows is in" in note for note in notes)


def test_sizes_follow_the_preset_and_the_cost_is_an_upper_bound():
    for preset, most in (("quick", 200), ("standard", 300)):
        subject = subject_of(planted_classifier(WORDS), data=rows_of(300), preset=preset)
        found = findings_of(Perturbation(CASE), subject)
        assert found["flip_rate", "letter case"].metric.n == most
        assert subject.engines[0].stats.computed <= Perturbation(CASE).cost(subject.info).evaluations


def test_the_order_of_rows_in_memory_changes_nothing():
    subject = subject_of(planted_classifier(WORDS, case_sensitive=True), data=rows_of(230), preset="quick")
    one = list(Perturbation().run(context_of(subject, Perturbation())))
    other = list(Perturbation().run(context_of(subject, Perturbation(), data=backwards(subject.data))))
    assert one == other


def test_entities_of_a_case_sensitive_tagger_are_lost_under_case_and_kept_under_punctuation():
    rows = tag_rows_of(200)
    found = measured(planted_tagger(LEXICON, case_sensitive=True), rows, preset="quick")
    assert found["flip_rate", "letter case"].metric.value > 0.9
    assert found["flip_rate", "letter case"].metric.n_unit == "entities"
    assert exceeds(found["flip_rate", "letter case"], 0.05)
    assert exceeds(found["accuracy_drop", "letter case"], 0.03)
    assert (
        each_change(found["accuracy_drop", "letter case"])["lower case"]["right true entities made wrong"] == "100.0%"
    )
    for metric, limit in (("flip_rate", 0.05), ("accuracy_drop", 0.03)):
        assert found[metric, "punctuation"].metric.value == 0.0
        assert interval(found[metric, "punctuation"])[1] < limit
    assert found["worst_accuracy_drop", None].metric.value > 0.9, "over all rows, and all were changed"
    clean = measured(planted_tagger(LEXICON), rows, only=CASE)
    assert not exceeds(clean["flip_rate", "letter case"], 0.05, p=0.05)


def test_a_tagger_that_knows_its_names_by_heart_misses_others_of_their_type():
    rows = tag_rows_of(200)
    by_heart = measured(planted_tagger(LEXICON), rows, preset="quick")
    assert by_heart["flip_rate", "entities and numbers (stress)"].metric.value > 0.5
    lost = by_heart["accuracy_drop", "entities and numbers (stress)"]
    assert exceeds(lost, 0.03)
    assert not lost.metric.primary, "a name that nobody has seen may be none of the model's business"


def test_hostile_rows_go_through_and_no_text_is_in_what_is_said():
    hostile = [
        "<script>alert(1)</script>",
        "\u202eEvil\u202c word",
        "\x00\x07 Bell",
        " ",
        "x",
        "1234 5678",
        "ALL OF IT IN CAPITALS",
        "mixed слова и 汉字 together",
        "word " * 5_000,
        "\ud800 Lone",
        "É" * 3_000,
        "ŉ ß İ",
    ]
    rows = rows_of(40) + [{"text": text, "label": 0} for text in (*hostile, "ŉ ß İ")]
    for finding in measured(planted_classifier(WORDS), rows, preset="quick").values():
        assert "alert" not in finding.statement
        assert all("alert" not in caveat for caveat in finding.caveats)
    words = [["<b>", "\u202eEvil", "ß", "İstanbul"], ["Annika", "\x07"], ["\ufeff", "Lisbon", "."]]
    tagged = tag_rows_of(40) + [{"tokens": one, "ner_tags": ["O"] * len(one)} for one in words]
    assert measured(planted_tagger(LEXICON), tagged, preset="quick")


def test_an_arm_keeps_words_and_word_map_in_step():
    labels = ("O", "B-PER", "I-PER", "B-LOC", "B-ORG")
    rows = [
        Row("r:1", " ".join(row["tokens"]), words=tuple(row["tokens"]), tags=tuple(map(labels.index, row["ner_tags"])))
        for row in tag_rows_of(40)
    ]
    main = main_arms(bundled_perturbations(), "token-classification")
    for arm in [*main, *dose_arms(main, (1, 3, 4, 5))]:
        for trial in trials(arm, Sample.of(rows, labels), seed=0).changed:
            assert len(trial.word_map) == len(rows[trial.place].words)
            places = [place for word in trial.word_map for place in word]
            assert places == sorted(set(places)), arm.name
            assert all(place < len(trial.edited.words) for place in places)


class Shouting:
    """A stranger's perturbation: an exclamation mark behind every text."""

    name: ClassVar[str] = "shouting"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "shouting"
    tier: ClassVar[str] = "L1"
    levels: ClassVar[tuple[int, ...]] = (1,)
    languages: ClassVar[tuple[str, ...]] = ("*",)
    tasks: ClassVar[tuple[str, ...]] = ("text-classification",)
    label_rule: ClassVar[str] = "All words stay."

    def edits(self, document, *, level, rng):
        return [Edit(len(document.text), len(document.text), "!", "shouting")]


class ShoutingCheck(Perturbation):
    info = CheckerInfo(**{**Perturbation.info.model_dump(), "id": "acme/shouting"})

    def __init__(self):
        super().__init__((Shouting(),))


def test_a_plugins_checker_brings_perturbations_of_its_own():
    subject = subject_of(planted_classifier({**WORDS, "!": 9.0}), data=rows_of())
    found = findings_of(ShoutingCheck(), subject)
    assert {group for _, group in found} == {"shouting", None}
    assert exceeds(found["flip_rate", "shouting"], 0.05)
