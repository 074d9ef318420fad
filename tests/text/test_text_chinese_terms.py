"""Chinese term sets: only where a person's group is meant, and back again byte by byte."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelaudit.text import Document, apply
from modelaudit.text.chinese import neutral_edits, term_sets
from modelaudit.text.lexicon import read_lexicon

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
SETS = {terms.attribute: terms for terms in term_sets()}
TEXTS = {
    "ethnic group": "他是{name}，我也是{name}人。",
    "region": "我是{name}人，他是{name}籍，都是来自{name}的同事。",
    "hukou, rural": "{colloquial}的人和{register}的人，还有{official}和{town}，{town register}。",
    "hukou, local": "他是{colloquial}，有{register}和{city}。",
    "age": "他今年{figure}岁，这位{figure}岁的司机很好。",
}


@pytest.mark.parametrize("attribute", TEXTS)
def test_every_filler_can_stand_for_every_other_and_back(attribute):
    terms = SETS[attribute]
    fillers = [filler for group in terms.groups for filler in terms.fillers(group)]
    assert len({filler.name for filler in fillers}) == len(fillers)
    assert terms.language == "zh"
    assert terms.sampled == any(len(terms.fillers(group)) > 1 for group in terms.groups)
    with pytest.raises(ValueError, match="groups are"):
        terms.fillers("nobody")
    for own in fillers[:: max(len(fillers) // 6, 1)]:
        text = TEXTS[attribute].format(**own.forms)
        for document in (Document(text), Document.from_words(list(text))):
            found = terms.find(document)
            assert found.skipped is None
            assert {(mention.filler, mention.group) for mention in found.mentions} == {(own.name, own.group)}
            assert terms.edits(document, found.mentions, own) == ()
            for other in fillers:
                edited = apply(document, terms.edits(document, found.mentions, other)).document
                expected = TEXTS[attribute].format(**other.forms)
                assert edited.text == expected if document.words is None else edited.word_texts() == tuple(expected)
                again = terms.find(edited)
                assert {mention.filler for mention in again.mentions} == {other.name}
                assert apply(edited, terms.edits(edited, again.mentions, own)).document == document


@pytest.mark.parametrize(
    ("attribute", "text", "reason"),
    [
        ("ethnic group", "汉族和回族", "several groups"),
        ("ethnic group", "他是白族人", "another group"),
        ("ethnic group", "回族自治区的人", "fixed phrase"),
        ("ethnic group", "他会藏族舞", "fixed phrase"),
        ("ethnic group", "他是藏族，住在拉萨", "bound by context"),
        ("ethnic group", "回到水族馆，我满意，好汉，不满族长", None),
        ("region", "河南的天气", "not of a person"),
        ("region", "北京人民很热情", "not of a person"),
        ("region", "来自湖南卫视的节目", "not of a person"),
        ("region", "河南人和湖南人", "several groups"),
        ("region", "新疆人很热情", "autonomous region"),
        ("region", "河南人在郑州", "bound by context"),
        ("hukou, rural", "农村户口和城市户口", "several groups"),
        ("hukou, rural", "农村户口要迁走", "bound by context"),
        ("age", "他28岁，她60岁", "several groups"),
        ("age", "他45岁", "outside the ages"),
        ("age", "他12岁", "outside the ages"),
        ("age", "招22-35岁的司机", "range"),
        ("age", "他60岁以上", "range"),
        ("age", "他28岁那年走了", "range"),
        ("age", "这座桥28岁了", "not of a person"),
        ("age", "他28岁，还在读大学", "bound by context"),
        ("age", "我儿子28岁", "bound by context"),
        ("age", "他28岁，工作了五年", "bound by context"),
        ("age", "@他28岁", "address"),
    ],
)
def test_terms_that_another_would_make_false_are_left_alone(attribute, text, reason):
    found = SETS[attribute].find(Document(text))
    assert (found.mentions, found.skipped) == ((), reason)


@pytest.mark.parametrize("noun", ["服务员", "医生", "年轻人", "歌手", "包工头"])
def test_a_longer_word_for_a_person_is_no_fixed_phrase(noun):
    found = SETS["ethnic group"].find(Document(f"一位汉族{noun}来了。"))
    assert (found.skipped, [mention.filler for mention in found.mentions]) == (None, ["汉族"])
    assert SETS["ethnic group"].find(Document(f"汉族{noun}喜欢汉族服饰")).skipped == "fixed phrase"


@pytest.mark.parametrize("noun", ["求职者", "借款人", "学员", "被告人", "证人", "服务员"])
@pytest.mark.parametrize("link", ["", "的"])
def test_an_age_before_a_role_is_a_persons(noun, link):
    found = SETS["age"].find(Document(f"昨天来了一位28岁{link}{noun}。"))
    assert (found.skipped, [mention.filler for mention in found.mentions]) == (None, ["28"])


def test_a_term_that_is_cut_over_segmented_words_is_left_alone():
    assert SETS["ethnic group"].find(Document.from_words(["他们", "是", "维吾尔", "族"])).skipped == "across words"
    whole = Document.from_words(["他们", "是", "维吾尔族"])
    edits = SETS["ethnic group"].edits(
        whole, SETS["ethnic group"].find(whole).mentions, SETS["ethnic group"].fillers("汉族")[0]
    )
    assert apply(whole, edits).document.word_texts() == ("他们", "是", "汉族")


def test_neutral_words_come_in_order_and_keep_off_barred_spans():
    text = "但是他非常好，如果冻好吃，今天也经常来。"
    document = Document(text)
    assert apply(document, neutral_edits(document, 9)).document.text == "可是他十分好，如果冻好吃，今日也常常来。"
    assert [edit.text for edit in neutral_edits(document, 2)] == ["可是", "十分"]
    barred = neutral_edits(document, 9, barred=[(0, 1), (3, 4)])
    assert [edit.text for edit in barred] == ["今日", "常常"]
    words = Document.from_words(list(text))
    edited = apply(words, neutral_edits(words, 1, barred=[(0, 3)])).document
    assert edited.word_texts() == tuple(text.replace("非常", "十分"))
    assert len({old for old, new, _ in read_lexicon("zh_neutral_words") if new}) >= 40


@UNHURRIED
@given(st.text(alphabet="汉回族维吾尔河南人来自农村户口岁258他 @\ud800，但是", max_size=30))
def test_any_text_survives(text):
    for document in (Document(text), Document.from_words(list(text))):
        apply(document, neutral_edits(document, 3))
        for terms in term_sets():
            found = terms.find(document)
            for group in terms.groups[:2]:
                apply(document, terms.edits(document, found.mentions, terms.fillers(group)[0]))
