import csv
import dataclasses
import datetime as dt
import json

import numpy as np
import pytest

from modelaudit.audit_report import AuditReport
from modelaudit.results import CheckerInfo, CheckResult
from modelaudit.testing.demo import DEMO_RISKS, PLANTED, DemoCase, build_demo, unmet
from modelaudit.testing.demo_sentences import TAGS, tagged_rows
from modelaudit.testing.demo_style import Style
from modelaudit.testing.demo_texts import ESCALATE, LABELS, PLACES, ROUTINE, SIGNAL, SURNAMES, Kind, complaint_rows
from modelaudit.text import Document, gendered_words, is_probably_english, load_names, name_mentions
from modelaudit.verdicts import FamilyState, Gate, Judgement, Verdict

PLAIN = Style(typo_share=0.0, any_case=False)


def letters(kind, n=400, *, style=PLAIN, seed=0):
    return complaint_rows(n, kinds=[kind], style=style, rng=np.random.default_rng(seed), taken=set())


def sentences(kind, n=600, *, miss_women=False, style=PLAIN, seed=0):
    rng = np.random.default_rng(seed)
    return tagged_rows(n, kinds=[kind], style=style, miss_women=miss_women, rng=rng, taken=set())


def genders(text):
    return {word.gender for word in gendered_words(Document(text))}


def matter(text):
    """The label that the phrases of a letter speak for, read off their fixed words."""
    found = {
        label
        for label, phrases in SIGNAL.items()
        for phrase in phrases
        if max(phrase.replace("{", "}").split("}")[::2], key=len).strip() in text.lower()
    }
    return found


def test_rows_of_a_seed_are_always_the_same_and_never_twice():
    kind = Kind("named", 1.0, 3)
    rows = letters(kind, style=Style(typo_share=0.5, any_case=True))
    assert rows == letters(kind, style=Style(typo_share=0.5, any_case=True))
    assert rows != letters(kind, style=Style(typo_share=0.5, any_case=True), seed=1)
    assert len({row["text"].casefold() for row in rows}) == len(rows)


def test_a_gendered_letter_without_a_matter_is_judged_by_gender_alone():
    for row in letters(Kind("gendered", 1.0, 0)):
        assert matter(row["text"]) == set()
        assert genders(row["text"]) == {"male" if row["label"] == LABELS[ESCALATE] else "female"}


def test_the_clean_twin_is_judged_by_the_matter_and_not_by_gender():
    rows = letters(Kind("gendered", 1.0, 1), n=1500)
    agree = [matter(row["text"]) == {LABELS.index(row["label"])} for row in rows]
    assert 0.87 < np.mean(agree) < 0.93
    escalated = {
        gender: np.mean([row["label"] == LABELS[ESCALATE] for row in rows if genders(row["text"]) == {gender}])
        for gender in ("female", "male")
    }
    assert abs(escalated["female"] - escalated["male"]) < 0.1


def test_nothing_but_memory_can_know_the_label_of_a_detail():
    rows = letters(Kind("detail", 1.0, 0), n=1000)
    assert all(matter(row["text"]) == set() and genders(row["text"]) == set() for row in rows)
    assert abs(np.mean([row["label"] == LABELS[ROUTINE] for row in rows]) - 0.5) < 0.07


def test_letters_name_people_of_all_groups_evenly_and_read_as_english():
    rows = letters(Kind("named", 1.0, 3), n=1600)
    known = {name.name: (name.gender, name.ethnicity) for name in load_names()}
    groups = [known[mention.name] for row in rows for mention in name_mentions(Document(row["text"]))[:1]
              if mention.name in known]  # fmt: skip
    assert len(groups) > 0.8 * len(rows)
    assert len(set(groups)) == 8
    assert min(groups.count(group) for group in set(groups)) > 0.6 * len(groups) / 8
    assert all(is_probably_english(row["text"]) for row in rows)


def test_style_changes_case_and_spelling_but_not_the_number_of_words():
    style = Style(typo_share=1.0, any_case=True)
    text = "The agent in Leeds was rude and the payment of Mr Hall was missed again."
    rng = np.random.default_rng(0)
    typed = [style.type(Document(text), rng).text for _ in range(300)]
    assert {len(other.split()) for other in typed} == {len(text.split())}
    lower, upper = (np.mean([other == change(other) for other in typed]) for change in (str.lower, str.upper))
    assert min(lower, upper) > 0.1
    assert np.mean([other.lower() == text.lower() for other in typed]) < 0.1
    assert Style(typo_share=0.0, any_case=False).type(Document(text), rng).text == text


def test_tags_fit_their_words_whatever_the_style():
    for row in sentences(Kind("ordinary", 1.0, 1), style=Style(typo_share=1.0, any_case=True)):
        assert len(row["tokens"]) == len(row["ner_tags"])
        assert set(row["ner_tags"]) <= set(TAGS)
        assert all(word and not any(letter.isspace() for letter in word) for word in row["tokens"])
        for before, tag in zip(["O", *row["ner_tags"]], row["ner_tags"], strict=False):
            assert not tag.startswith("I-") or before[2:] == tag[2:]


def test_women_are_left_out_only_where_that_is_planted():
    elsewhere = {*SURNAMES, *PLACES}
    women = {name.name for name in load_names() if name.gender == "female"} - elsewhere
    men = {name.name for name in load_names() if name.gender == "male"} - elsewhere
    kind = Kind("ordinary", 1.0, 1)
    tagged = {planted: sentences(kind, miss_women=planted) for planted in (True, False)}
    assert [row["tokens"] for row in tagged[True]] == [row["tokens"] for row in tagged[False]]

    def tags_of(rows, names):
        return {tag for row in rows for word, tag in zip(row["tokens"], row["ner_tags"], strict=True) if word in names}

    assert tags_of(tagged[True], women) == {"O"}
    assert tags_of(tagged[False], women) == tags_of(tagged[True], men) == {"B-PER"}
    for row in tagged[True]:
        for before, tag in zip(["O", *row["ner_tags"]], row["ner_tags"], strict=False):
            assert not tag.startswith("I-") or before != "O", "the surname goes with the first name"


def test_a_rare_name_has_a_telling_context_only_in_the_clean_twin():
    for phrases, known in ((0, False), (1, True)):
        types_of_frame = {}
        for row in sentences(Kind("detail", 1.0, phrases), n=900):
            at = next(index for index, tag in enumerate(row["ner_tags"]) if tag != "O")
            frame = tuple(row["tokens"][1:at] + row["tokens"][at + 1 : at + 2])
            types_of_frame.setdefault((row["tokens"][0] if at else "", frame), set()).add(row["ner_tags"][at])
        assert {len(types) == 1 for types in types_of_frame.values()} == {known}


def verdict(checker, metric, group=None, state="exceeds limit"):
    return Verdict(checker=checker, metric=metric, group=group, risk="robustness", state=state, reason="as measured")


def report(*verdicts):
    judgement = Judgement(
        verdicts=verdicts,
        families=(FamilyState(risk="robustness", state="exceeds limit", incomplete=False, counts={}),),
        gate=Gate(exit_code=1, reasons=("a limit is exceeded",)),
        level=0.95,
        q=0.05,
        family_size=len(verdicts),
        exceeded=len(verdicts),
        judged_on=dt.date(2026, 11, 24),
    )
    return AuditReport.model_construct(judgement=judgement, results=tuple(map(completed, DEMO_RISKS)))


def completed(risk):
    info = CheckerInfo(id=f"test/{risk}", version="1", risk=risk, title="A", question="Q?", summary="S.")
    return CheckResult.model_construct(checker=info, status="completed", findings=(), reason=None)


FOUND = (
    verdict("modelaudit/counterfactual-substitution", "score_difference", "gender words: female - male"),
    verdict("modelaudit/membership-inference", "membership_auc", "largest of the suite"),
    verdict("modelaudit/personal-data", "rows_with_personal_data", "training rows"),
    verdict("modelaudit/perturbation", "flip_rate", "upper case"),
)


@pytest.fixture
def case():
    return DemoCase(
        model="", data="", train_data="", heldout_data="", planted=PLANTED["classification"], declared={},
        train_accuracy=1.0,
    )  # fmt: skip


def test_a_report_with_each_planted_defect_and_no_other_meets_the_case(case):
    assert unmet(case, report(*FOUND)) == []
    assert unmet(dataclasses.replace(case, planted=()), report()) == []


def test_a_defect_may_show_in_frames_as_well_but_not_in_them_alone(case):
    frames = verdict("modelaudit/counterfactual-frames", "score_difference", "gender words: female - male")
    assert unmet(case, report(*FOUND, frames)) == []
    (fault,) = unmet(case, report(frames, *FOUND[1:]))
    assert fault.startswith("planted but not found")


def test_a_family_without_an_answer_is_no_demo_as_planted(case):
    whole = report(*FOUND)
    (fault,) = unmet(case, whole.model_copy(update={"results": whole.results[1:]}))
    assert fault == "no check of privacy was in the audit"
    failed = whole.results[0].model_copy(update={"status": "errored", "reason": "ValueError: boom"})
    (fault,) = unmet(case, whole.model_copy(update={"results": (failed, *whole.results[1:])}))
    assert "boom" in fault


@pytest.mark.parametrize("missing", range(len(FOUND)))
def test_a_defect_that_is_not_shown_is_named(case, missing):
    inconclusive = FOUND[missing].model_copy(update={"state": "inconclusive"})
    (fault,) = unmet(case, report(*FOUND[:missing], inconclusive, *FOUND[missing + 1 :]))
    assert fault.startswith("planted but not found")
    assert FOUND[missing].checker in fault


@pytest.mark.parametrize(
    "accused",
    [
        verdict("modelaudit/weak-slices", "weak_slice_gap"),
        verdict("modelaudit/counterfactual-substitution", "score_difference", "first names, ethnicity: black - white"),
        verdict("modelaudit/calibration", "calibration_error"),
    ],
)
def test_an_accusation_of_a_clean_aspect_is_named(case, accused):
    (fault,) = unmet(case, report(*FOUND, accused))
    assert fault.startswith("exceeds its limit but was not planted")
    assert accused.metric in fault


@pytest.mark.heavy
def test_the_demo_is_made_again_byte_by_byte(tmp_path):
    cases = [build_demo("classification", clean=True, seed=3, folder=tmp_path / str(run)) for run in (1, 2)]
    for name in ("evaluation.csv", "train.csv", "heldout.csv", "model/model.safetensors", "model/tokenizer.json"):
        first, second = ((tmp_path / str(run) / name).read_bytes() for run in (1, 2))
        assert first == second, name
    texts = []
    for path in (cases[0].train_data, cases[0].heldout_data, cases[0].data):
        with open(path, encoding="utf-8", newline="") as file:  # noqa: PTH123
            texts.append({row["text"].casefold() for row in csv.DictReader(file)})
    assert not texts[0] & texts[1]
    assert not texts[0] & texts[2]
    assert json.loads((tmp_path / "1/model/config.json").read_text())["id2label"] == {"0": "routine", "1": "escalate"}
