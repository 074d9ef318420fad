"""Chinese gender swaps: whole texts that read as Chinese, and none where 他 or 女 is only part of a word."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from linear_time import takes_linear_time

from modelaudit.text import Document, apply
from modelaudit.text.chinese import gender_edits, gendered_words, same_gender_edits, to_group
from modelaudit.text.lexicon import read_lexicon

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
PAIRS = [("她", "他")] + [
    (female, male) for female, male, direction, _ in read_lexicon("zh_gendered_words") if direction == "both"
]

# Every one of these holds a character of a gendered word and speaks of no gender.
COMPOUNDS = [
    "其他",
    "其它",
    "他人",
    "吉他",
    "他乡",
    "他国",
    "他日",
    "排他",
    "利他",
    "无他",
    "别无他法",
    "另作他用",
    "犹他州",
    "马耳他",
    "维他命",
    "阿托伐他汀",
    "吉西他滨",
    "尤其其他",
    "墨西哥",
    "哥伦比亚",
    "芝加哥",
    "摩洛哥",
    "大夫",
    "功夫",
    "高尔夫",
    "农夫",
    "马尔代夫",
    "子女",
    "儿女",
    "父母",
    "爸妈",
    "爹妈",
    "夫妻",
    "夫妇",
    "公司",
    "公里",
    "公开",
    "公园",
    "奶粉",
    "牛奶",
    "姑苏",
    "岳父母",
    "祖父母",
    "儿童",
    "徒弟",
    "娑婆",
    "儿孙",
    "哥本哈根",
]


def swap(text: str) -> str:
    document = Document(text)
    return apply(document, gender_edits(document).edits).document.text


@pytest.mark.parametrize(
    ("text", "swapped"),
    [
        ("他说他妈妈来了，其他人没来。", "她说她爸爸来了，其他人没来。"),
        ("她的手机坏了。", "他的手机坏了。"),
        ("外公给女儿买了吉他。", "外婆给儿子买了吉他。"),
        ("王先生和这位女士的客服", "王女士和这位先生的客服"),
        ("孙女士很满意，她的女儿也是", "孙先生很满意，他的儿子也是"),
        ("一名男护士被女司机撞伤", "一名女护士被男司机撞伤"),
        ("我们安排他去，尤其他很想去", "我们安排她去，尤其她很想去"),
        ("他人很好", "她人很好"),
        ("岳母大人给她", "岳父大人给他"),
        ("墨西哥的他在高尔夫公司", "墨西哥的她在高尔夫公司"),
        ("它和TA都好，祂也好", "它和TA都好，祂也好"),
        ("帮我妈买的，她喜欢", "帮我爸买的，他喜欢"),
    ],
)
def test_swaps_read_as_chinese(text, swapped):
    assert swap(text) == swapped


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("他或她都可以", "contrast"),
        ("他/她来了", "contrast"),
        ("爸爸妈妈来了", "contrast"),
        ("男女都爱她", "gender_topic"),
        ("她怀孕了", "sex_linked"),
        ("他的前列腺有问题", "sex_linked"),
        ("她嫁到外地", "gendered_verb"),
        ("她读的是女校", "single_sex"),
        ("他见到了女王", "real_person"),
        ("他去庙里见和尚", "religion_role"),
        ("他妈的，她走了", "idiom"),
        ("阿姨说他很好", "kin_term"),
        ("先生，他来了", "title"),
        ("那个帅哥说她走了", "connotation"),
        ("她们都爱他", "plural_pronoun"),
        ("他们都爱她", "plural_pronoun"),
        ("快递哥说她很好", "unlisted_word"),
        ("《我的父亲》很好看", "quoted_work"),
        ("王秀英说她走了", "first_name"),
    ],
)
def test_texts_about_gender_are_left_alone_and_counted(text, reason):
    for found in (gender_edits(Document(text)), same_gender_edits(Document(text))):
        assert found.edits == ()
        assert dict(found.skipped) == {reason: 1}


@pytest.mark.parametrize("compound", COMPOUNDS)
def test_compounds_are_never_edited_and_hide_no_pronoun(compound):
    assert gender_edits(Document(f"这就是{compound}。")).edits == ()
    assert swap(f"这就是{compound}，她知道。") == f"这就是{compound}，他知道。"


def test_generic_plural_alone_speaks_of_no_gender():
    found = gender_edits(Document("他们来了"))
    assert (found.edits, dict(found.skipped)) == ((), {})


def test_a_text_is_set_to_one_gender_and_mixed_texts_only_on_request():
    text = Document("她的爸爸走了")
    assert dict(to_group(text, "male").skipped) == {"both_genders": 1}
    assert apply(text, to_group(text, "male", mixed="rewrite").edits).document.text == "他的爸爸走了"
    assert to_group(Document("他走了"), "male").edits == ()
    assert to_group(Document("他走了"), "female").direction == "male_to_female"


def test_the_control_keeps_the_gender():
    document = Document("妈妈和她的老公")
    assert dict(same_gender_edits(Document("妈妈和老公")).skipped) == {"contrast": 1}
    assert apply(document, same_gender_edits(document).edits).document.text == "母亲和她的丈夫"
    genders = {word: gender for pair in PAIRS for word, gender in zip(pair, ("female", "male"), strict=True)}
    for gender, word, synonym in read_lexicon("zh_gendered_synonyms"):
        assert genders.get(synonym, gender) == gender
        assert [found.gender for found in gendered_words(Document(word))] == [gender]


@UNHURRIED
@given(st.lists(st.sampled_from(PAIRS), min_size=1, max_size=5), st.lists(st.booleans(), min_size=5, max_size=5))
def test_pairs_swap_back_in_plain_text_and_in_characters(pairs, sides):
    words = [pair[side] for pair, side in zip(pairs, sides, strict=False)]
    text = "".join(f"这时候{word}走了，" for word in words)
    expected = "".join(f"这时候{pair[not side]}走了，" for pair, side in zip(pairs, sides, strict=False))
    assert swap(text) == expected
    assert swap(expected) == text
    document = Document.from_words(list(text))
    edited = apply(document, gender_edits(document).edits)
    if all(len(female) == len(male) for female, male in pairs):
        assert edited.document.word_texts() == tuple(expected)
    back = apply(edited.document, gender_edits(edited.document).edits).document
    assert back == document


def test_character_words_keep_their_tags():
    document = Document.from_words(list("王伟说他外婆来了"))
    edited = apply(document, gender_edits(document, named="keep").edits)
    assert edited.document.word_texts() == tuple("王伟说她外公来了")
    tags = ["B-PER", "I-PER", "O", "O", "O", "O", "O", "O"]
    assert edited.carry(tags) == tuple(tags)


def test_segmented_words_are_matched_across_their_spaces():
    document = Document.from_words(["一名", "女", "演员", "说", "其", "他", "人", "没", "看到", "她"])
    edited = apply(document, gender_edits(document).edits)
    assert edited.document.word_texts() == ("一名", "男", "演员", "说", "其", "他", "人", "没", "看到", "他")


@pytest.mark.parametrize(
    ("text", "swapped"),
    [
        ("“她”字怎么写，她问。", "“她”字怎么写，他问。"),
        ("「他」字怎么写", "「他」字怎么写"),
        ('"她"这个词和他无关', '"她"这个词和她无关'),
        ("“他”和“她”两个字不同", "“他”和“她”两个字不同"),
        ("“她”走了，他字写得好", "“他”走了，她字写得好"),
    ],
)
def test_pronouns_quoted_as_words_speak_of_nobody(text, swapped):
    assert swap(text) == swapped
    characters = Document.from_words(list(text))
    assert apply(characters, gender_edits(characters).edits).document.word_texts() == tuple(swapped)


def test_addresses_are_left_alone():
    assert dict(gender_edits(Document("@她说 他来了")).skipped) == {"address": 1}


@UNHURRIED
@given(st.text(alphabet="他她们男女妈爸王先生士人其吉 @#/《》\ud800\x00a1，", max_size=40))
def test_any_text_survives_and_edits_apply(text):
    for document in (Document(text), Document.from_words(list(text))):
        apply(document, gender_edits(document).edits)


@pytest.mark.parametrize("piece", ["他", "@他 ", "《", "女", "王", "她她们", "“她”", "“他字"])
def test_long_hostile_text_takes_linear_time(piece):
    assert takes_linear_time(lambda text: gender_edits(Document(text)), piece)
