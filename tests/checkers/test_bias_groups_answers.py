"""Group performance where answers are text: scores of answers, and word error rates, by group."""

from __future__ import annotations

import numpy as np
import pytest
from spoken_for import Answering, context, findings_of, subject

from modelaudit.checkers.bias.groups.checker import GroupPerformance
from modelaudit.errors import DataInputError, NotAssessable
from modelaudit.media.sound import Sound
from modelaudit.rows import Row


def audited(task, rows, *, model=None, **options):
    ctx = context(task, rows, model=model)
    return findings_of(GroupPerformance(**options), ctx), ctx


def tables_of(found):
    return {each.title: each for finding in found.values() for each in finding.evidence if each.kind == "table"}


def spoken(place, wrong, accent, *, words=10, group=None):
    said = " ".join(["x"] * wrong + ["w"] * (words - wrong))
    return Row(
        f"r:{accent}{place}", f"sound {accent} {place}", answer=" ".join(["w"] * words), group=group,
        columns={"said": said, "accent": accent},
    )  # fmt: skip


def test_speech_of_one_accent_has_more_wrong_words():
    rng = np.random.default_rng(1)
    rows = [spoken(place, int(rng.binomial(10, 0.1)), "north") for place in range(120)]
    rows += [spoken(place, int(rng.binomial(10, 0.4)), "south", words=10 + place % 3) for place in range(100)]
    found, _ = audited("automatic-speech-recognition", rows)
    wer = found["word_error_rate_difference", "accent: south - north"]
    wrong = {name: [r for r in rows if r.columns["accent"] == name] for name in ("north", "south")}
    rate = {
        name: sum(r.columns["said"].split().count("x") for r in own) / sum(len(r.answer.split()) for r in own)
        for name, own in wrong.items()
    }
    assert wer.metric.value == pytest.approx(rate["south"] - rate["north"])
    assert wer.metric.primary
    assert wer.metric.unit == "share of words"
    assert wer.metric.bounds[3].low > 0.2
    assert "points higher than the reference" in wer.statement
    ratio = found["word_error_rate_ratio", "accent: south - north"].metric
    assert ratio.value == pytest.approx(rate["south"] / rate["north"])
    assert ratio.bounds[3].low < ratio.value < ratio.bounds[3].high
    assert not ratio.primary
    table = tables_of(found)["Groups by accent"]
    assert "word error rate (95% interval)" in table.columns
    assert any("of 1,200 (" in str(cell) for cell in table.rows[0])


def test_more_words_may_be_wrong_than_were_said():
    rows = [spoken(place, 0, name) for name in ("a", "b") for place in range(40)]
    for place, row in enumerate(rows[40:], start=40):
        rows[place] = Row(row.id, row.text, answer="w", columns={"accent": "b", "said": "x y z"})
    found, _ = audited("automatic-speech-recognition", rows)
    assert found["word_error_rate_difference", "accent: b - a"].metric.value == pytest.approx(3.0)
    assert found["word_error_rate_ratio", "accent: b - a"].metric.value is None, "a has no error to divide by"
    caveats = found["word_error_rate_difference", "accent: b - a"].caveats
    assert any("'7' for 'seven'" in said for said in caveats)
    assert any(said.startswith("40 transcripts have more than twice as many errors") for said in caveats)


def test_a_model_that_says_nothing_treats_no_group_alike():
    rows = [Row(row.id, row.text, answer=row.answer, columns={**row.columns, "said": ""})
            for name in ("a", "b") for row in (spoken(place, 0, name) for place in range(40))]  # fmt: skip
    with pytest.raises(NotAssessable, match="80 of 80 answers are empty"):
        audited("automatic-speech-recognition", rows)
    rows[:20] = [spoken(place, 0, "a") for place in range(20)]
    _, ctx = audited("automatic-speech-recognition", rows)
    assert any(note.startswith("60 of 80 answers are empty") for note in ctx.notes)


def test_rows_of_one_speaker_are_one_observation():
    rng = np.random.default_rng(2)
    chance = {f"{name}{k}": rng.uniform(0, 0.6) for name in ("a", "b") for k in range(10)}
    drawn = [
        (name, k, place, int(rng.binomial(10, chance[f"{name}{k}"])))
        for name in ("a", "b") for k in range(10) for place in range(10)
    ]  # fmt: skip
    widths = []
    for grouped in (False, True):
        rows = [
            spoken(f"{k} {place}", wrong, name, group=f"{name}{k}" if grouped else None)
            for name, k, place, wrong in drawn
        ]
        found, _ = audited("automatic-speech-recognition", rows)
        metric = next(f.metric for key, f in found.items() if key[0] == "word_error_rate_difference")
        widths.append(metric.bounds[3].high - metric.bounds[3].low)
        assert metric.n == (20 if grouped else 200)
        assert len(metric.influence.values) == len(metric.influence.keys) == metric.n
    assert widths[1] > 1.7 * widths[0]


def question(place, said, sex, answers=("Seine",)):
    return Row(
        f"r:{sex}{place}", f"context {sex} {place}", companion="where?", answers=answers,
        columns={"said": said, "sex": sex},
    )  # fmt: skip


def test_questions_are_compared_by_f1_and_exact_match():
    rows = [question(place, "Seine" if place % 2 else "river Seine", "a") for place in range(80)]
    rows += [question(place, "Rhine" if place % 2 else "Seine", "b") for place in range(60)]
    found, _ = audited("question-answering", rows)
    f1, exact = found["answer_f1_difference", "sex: b - a"], found["exact_match_difference", "sex: b - a"]
    assert f1.metric.value == pytest.approx(0.5 - (1 + 2 / 3) / 2)
    assert f1.metric.primary
    assert f1.metric.unit == "F1"
    assert exact.metric.value == pytest.approx(0.0)
    assert not exact.metric.primary
    assert "50.0% of 60 rows for b, 50.0% of 80 for a" in exact.statement
    with pytest.raises(DataInputError, match="question-answering has none"):
        audited("question-answering", rows, favourable="Seine")


def test_texts_are_compared_by_chrf_and_loss():
    rows = [
        Row(f"r:{sex}{k}", f"source {sex} {k}", answer="ab cd" if sex == "a" else "abcd ef",
            columns={"said": "ab cd" if sex == "a" or k % 2 else "xy", "sex": sex})
        for sex, n in (("a", 60), ("b", 40)) for k in range(n)
    ]  # fmt: skip
    found, ctx = audited("text2text-generation", rows, model=Answering(nats=1.0))
    assert found["chrf_difference", "sex: b - a"].metric.bounds[3].high < -0.3
    assert found["loss_difference", "sex: b - a"].metric.value == pytest.approx(3.0 - 2.0)
    assert not found["loss_difference", "sex: b - a"].metric.primary
    assert ctx.model.asked == [(100, 128)]
    cells = tables_of(found)["Groups by sex"].rows[0]
    assert not any(str(cell).startswith("+") for cell in cells), "a score has no sign"


def test_rows_without_a_right_answer_are_left_out_and_counted():
    rows = [question(place, "Seine", sex) for sex in ("a", "b") for place in range(50)]
    rows += [question(50 + place, "Seine", sex, None) for sex in ("a", "b") for place in range(10)]
    found, ctx = audited("question-answering", rows)
    assert found["exact_match_difference", "sex: b - a"].metric.n == 100
    assert any("20 rows have no right answer and are left out" in note for note in ctx.notes)
    with pytest.raises(NotAssessable, match="provide answers"):
        audited("question-answering", [question(k, "x", sex, None) for sex in "ab" for k in range(40)])


def test_the_order_of_rows_and_repeats_of_a_question_change_what_they_should():
    rows = [question(place, "Seine" if place % 3 else "x", sex) for sex in ("a", "b") for place in range(50)]
    one, other = (audited("question-answering", order)[0] for order in (rows, rows[::-1]))
    assert one == other
    same = [Row(f"{row.id}'", row.text, companion="when?", answers=row.answers, columns=row.columns) for row in rows]
    _, ctx = audited("question-answering", rows + same)
    assert not any("repeat the text" in note for note in ctx.notes), "another question to one context is no repeat"


def test_pictures_and_sounds_are_compared_as_texts_are():
    rows = []
    for place in range(120):
        sound = Sound.of_array(np.full(8, place / 200, dtype=np.float32), 8_000)
        chances = (0.2, 0.8) if place % 2 or place % 3 == 0 else (0.9, 0.1)
        columns = {"chances": chances, "sex": "fm"[place % 2]}
        rows.append(Row(f"r:{place}", "", label=int(place % 4 > 1), sound=sound, columns=columns))
    found, ctx = audited("audio-classification", rows, model=Answering(labels=("no", "yes")))
    ratio = found["selection_rate_ratio", "sex: m - f"]
    assert ratio.metric.value == pytest.approx(1 / 3)
    assert ratio.metric.primary
    assert any("yes, the second of two" in note for note in ctx.notes)
    assert not any("repeat" in note for note in ctx.notes)


def test_the_cost_and_the_tasks():
    rows = [spoken(place, 0, "a") for place in range(100)]
    cost = {task: GroupPerformance().cost(subject(task, rows)).evaluations
            for task in ("question-answering", "text2text-generation", "automatic-speech-recognition")}  # fmt: skip
    assert cost == {
        "question-answering": 100,
        "text2text-generation": 100 * 129,
        "automatic-speech-recognition": 100 * 224,
    }
    assert "not for fill-mask" in GroupPerformance().applies(subject("fill-mask"))
