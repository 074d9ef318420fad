"""Perturbations of Chinese text do what their names say, within their budget, and leave alone what they must."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from linear_time import takes_linear_time

from modelaudit.text import Document, apply
from modelaudit.text.lexicon import read_lexicon, word_classes
from modelaudit.text.perturbations.chinese import (
    CompatibilityForms,
    FinalParticle,
    FullWidthMarks,
    HalfWidthMarks,
    LookAlikes,
    NumberForm,
    SoundAlikes,
    SpacedCharacters,
    SplitCharacters,
    SwappedCharacters,
    ToSimplified,
    ToTraditional,
    is_traditional,
)
from modelaudit.text.words import protected_spans

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

SOUNDS = (SoundAlikes("same tone"), SoundAlikes("any tone"), SoundAlikes("near sound"))
NOISE = (*SOUNDS, LookAlikes(), CompatibilityForms())
ONE_FOR_ONE = (*NOISE, ToTraditional(), ToSimplified(), HalfWidthMarks(), FullWidthMarks())
PLAIN_ONLY = (FinalParticle(), SpacedCharacters(), SplitCharacters())
ALL = (*ONE_FOR_ONE, *PLAIN_ONLY, NumberForm(), SwappedCharacters())

TEXT = "这家公司的计算机质量不错，我没有遇到问题，三天就到货了。客服说2024年10月还有新的款式，非常期待！"
CHINESE = st.lists(
    st.sampled_from(
        [*TEXT, "头发", "後", "萬", "头", "！", "Ａ", "3个", "两天", "第12", "计算机", " ", "@a ", "x.com "]
    ),
    max_size=60,
).map("".join)
HOSTILE = st.text(alphabet=st.characters(codec=None) | st.sampled_from("的 人。！①⼈臺"), max_size=80) | CHINESE


def perturb(perturbation, text, level=1, seed=0):
    document = text if isinstance(text, Document) else Document(text)
    return apply(document, perturbation.edits(document, level=level, rng=np.random.default_rng(seed))).document.text


def changes(perturbation, text, level, seed):
    edits = perturbation.edits(Document(text), level=level, rng=np.random.default_rng(seed))
    return [(edit.start, text[edit.start : edit.end], edit.text) for edit in edits]


def by_character(text):
    return Document.from_words([character for character in text if not character.isspace()])


@UNHURRIED
@given(HOSTILE, st.integers(0, 9), st.booleans())
def test_any_text_survives_every_perturbation_and_a_seed_fixes_the_edits(text, seed, pre_tokenised):
    document = Document.from_words(text.split()) if pre_tokenised else Document(text)
    for perturbation in ALL:
        for level in perturbation.levels:
            edits = perturbation.edits(document, level=level, rng=np.random.default_rng(seed))
            edited = apply(document, edits)
            assert bool(edits) == (edited.document.text != document.text)
            assert edits == perturbation.edits(document, level=level, rng=np.random.default_rng(seed))
            if pre_tokenised:
                assert [len(indices) for indices in edited.word_map] == [1] * len(document.words)
                assert not (edits and perturbation in PLAIN_ONLY)
                assert edited.carry(["B-X"] * len(document.words)) == ("B-X",) * len(document.words)


def test_names_are_unique_and_rules_are_stated():
    assert len({perturbation.name for perturbation in ALL}) == len(ALL)
    for perturbation in ALL:
        assert perturbation.tier in {"L0", "L1", "L2", "L3"}
        assert perturbation.label_rule.endswith(".")
        assert perturbation.levels == tuple(range(1, perturbation.levels[-1] + 1))
        assert ("token-classification" in perturbation.tasks) == (perturbation not in PLAIN_ONLY)
        with pytest.raises(ValueError, match="has no level 9"):
            perturbation.edits(Document("文字"), level=9, rng=np.random.default_rng(0))


@UNHURRIED
@given(CHINESE, st.integers(0, 99), st.integers(1, 5))
def test_noise_keeps_its_budget_and_leaves_negations_numerals_and_addresses_alone(text, seed, level):
    kept = frozenset("不没无未非别莫勿否一二三四五六七八九十百千万亿两几半他她它")
    han = [index for index, character in enumerate(text) if "\u4e00" <= character <= "\u9fff"]
    addresses = protected_spans(text)
    for perturbation in NOISE:
        made = changes(perturbation, text, level, seed)
        assert len(made) <= len(han) / 4
        assert len(made) <= max(level, 0.2 * len(han) + 1)
        places = [han.index(start) for start, _, _ in made]
        assert all(behind - before > 1 for before, behind in pairwise(places))
        for start, old, new in made:
            assert old not in kept
            assert not any(first <= start < end for first, end in addresses)
            assert len(old) == len(new) == 1
            assert new not in kept


@pytest.mark.parametrize("perturbation", NOISE, ids=lambda perturbation: perturbation.name)
def test_higher_levels_change_more(perturbation):
    text = "新来的老师在海南买了好大的一座木工厂房，大家用力看他走去里面喝茶。" * 20
    counts = [len(changes(perturbation, text, level, 3)) for level in perturbation.levels]
    han = sum("\u4e00" <= character <= "\u9fff" for character in text)
    assert counts == [1, 2, round(0.05 * han), round(0.1 * han), round(0.2 * han)]
    short = [len(changes(perturbation, "人月日大小方明天中土女子石木山水", level, 3)) for level in perturbation.levels]
    assert short == sorted(short)
    assert short[-1] <= 4
    assert perturb(perturbation, "人方土", level=5) == "人方土"


@pytest.mark.parametrize("seed", range(20))
def test_sound_alikes_sound_alike(seed):
    readings = dict(read_lexicon("zh_readings"))
    polar = word_classes("zh_protected")["polar"] | word_classes("zh_protected")["crude"]
    for perturbation in SOUNDS:
        for _, old, new in changes(perturbation, TEXT, 5, seed):
            before, after = readings[old], readings[new]
            assert " " not in before + after
            assert new not in polar
            if perturbation.likeness == "same tone":
                assert before == after
            elif perturbation.likeness == "any tone":
                assert before[:-1] == after[:-1]
            else:
                assert before[-1] == after[-1]
                assert before != after


def test_sounds_that_are_confused():
    def options(likeness, character):
        return {perturb(SoundAlikes(likeness), f"{character}一一一", seed=seed)[0] for seed in range(60)}

    assert "圆" in options("same tone", "园")
    assert "远" in options("any tone", "园")
    assert "远" not in options("same tone", "园")
    assert options("near sound", "诗") <= set("思司私丝斯撕嘶厮")
    assert "女" not in options("near sound", "旅")  # never put in
    assert options("near sound", "京") & set("金今斤津")
    assert options("near sound", "湖") & set("福服扶")


def test_look_alikes_come_from_one_line_of_the_table():
    groups = [frozenset(line.split()) for (line,) in read_lexicon("zh_lookalikes")]
    for seed in range(20):
        for _, old, new in changes(LookAlikes(), TEXT, 5, seed):
            assert any({old, new} <= group for group in groups)
    assert perturb(LookAlikes(), "己一一一") in {"已一一一", "巳一一一"}
    assert perturb(LookAlikes(), "末一一一") == "末一一一"  # 未 is a negation
    assert perturb(LookAlikes(), "买一一一") == "买一一一"


def test_the_tables_hold_single_characters():
    for (line,) in read_lexicon("zh_lookalikes"):
        group = line.split()
        assert len(group) == len(set(group)) >= 2
        assert {len(character) for character in group} == {1}
    readings = [character for character, _ in read_lexicon("zh_readings")]
    assert len(readings) == len(set(readings)) == 3500
    assert all(len(character) == len(parts) - 1 == 1 for character, parts in read_lexicon("zh_split_characters"))
    assert all(len(old) == len(new) == 2 for old, new in read_lexicon("zh_traditional_words"))


@UNHURRIED
@given(CHINESE, st.integers(0, 9))
def test_what_looks_the_same_is_the_same_once_normalised(text, seed):
    for perturbation in (CompatibilityForms(), HalfWidthMarks(), FullWidthMarks()):
        assert perturbation.tier == "L0"
        out = perturb(perturbation, text, level=perturbation.levels[-1], seed=seed)
        assert unicodedata.normalize("NFKC", out) == unicodedata.normalize("NFKC", text)


def test_widths():
    assert perturb(HalfWidthMarks(), "好，Ａ１（真）！见 http://a.cn/（一）") == "好,Ａ1(真)!见 http://a.cn/（一）"
    assert perturb(FullWidthMarks(), "好,A1(真)!! 1.5, 1,000") == "好，A１（真）！！ １.５, １,０００"
    assert perturb(FullWidthMarks(), "写信给 jane7@example.org") == "写信给 jane7@example.org"
    assert perturb(FullWidthMarks(), Document.from_words(["用", "iOS8", ","])) == "用 iOS８ ,"


@pytest.mark.parametrize(
    ("simplified", "traditional"),
    [
        ("他的头发很长", "他的頭髮很長"),
        ("经济发展", "經濟發展"),
        ("登录后台", "登錄後臺"),
        ("皇后", "皇后"),
        ("这里有五公里", "這裡有五公里"),
        ("为了说明着急的事", "為了說明著急的事"),
        ("街头发现", "街頭发現"),  # 头发 and 发现 disagree
        ("发", "发"),
        ("看 @张三说 好", "看 @张三说 好"),
    ],
)
def test_traditional_characters_follow_the_word(simplified, traditional):
    assert perturb(ToTraditional(), simplified) == traditional
    if "发" not in traditional:
        assert perturb(ToSimplified(), traditional) == simplified
    if "@" not in traditional:
        assert perturb(ToTraditional(), by_character(simplified)) == " ".join(traditional)


def test_variants_lead_back_and_unsettled_characters_stay():
    assert perturb(ToSimplified(), "這裏爲止，乾隆年間，乾淨，名著") == "这里为止，乾隆年间，干净，名著"


@pytest.mark.parametrize(
    ("text", "traditional"),
    [
        ("這家店的東西很好吃", True),
        ("这家店的东西很好吃", False),
        ("東京都渋谷区の駅前で売る", False),
        ("東京駅発売開始", False),
        ("大家好", False),
        ("", False),
        ("屏幕小了些，感覺還可以", True),
        ("我们说的话，感覺很好的时候", False),
        ("한국어와 漢字", False),
    ],
)
def test_which_texts_are_traditional(text, traditional):
    assert is_traditional(text) is traditional
    assert is_traditional(text * 9_000) is traditional


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("用了3天，买了2个", "用了三天，买了两个"),
        ("三天后来了两位客人", "3天后来了2位客人"),
        ("2024年3月25日，2楼", "二〇二四年三月二十五日，二楼"),
        ("第3次，第12名，第20届", "第三次，第十二名，第二十届"),
        ("十个，十五年，二十一岁，99元", "10个，15年，21岁，九十九元"),
        ("37岁，34岁", "三十七岁，三十四岁"),
        *(
            (text, text)
            for text in ("3.5个", "100个", "98年", "05月", "13月", "3-5天", "3到5天", "20:30分钟", "1,12个")
        ),
        *((text, text) for text in ("M3个", "iPhone 6个", "5%", "第3.5次", "荣耀9", "12024年", "")),
        *(
            (text, text)
            for text in ("一个", "三天两头", "高三年级", "星期三天气", "五月天", "七八个", "几十个", "十分好")
        ),
        *((text, text) for text in ("三星期待", "第三个", "见 http://a.cn/3个", "两三天")),
    ],
)
def test_form_of_numbers(text, other):
    assert perturb(NumberForm(), text) == other


def test_numbers_of_pre_tokenised_text_keep_its_words():
    assert perturb(NumberForm(), by_character("买了2个，用了12天")) == " ".join("买了两个，用了十二天")
    assert perturb(NumberForm(), by_character("用了20天，25天")) == " ".join("用了二十天，25天")
    assert perturb(NumberForm(), Document.from_words(["用了", "25", "天"])) == "用了 二十五 天"


@pytest.mark.parametrize("number", range(1, 100))
def test_a_number_comes_back_from_its_characters(number):
    numeral = perturb(NumberForm(), f"第{number}")[1:]
    assert not any(character.isascii() for character in numeral)
    if not numeral.startswith("一") and numeral != "二":
        assert perturb(NumberForm(), f"共{numeral}本") == f"共{number}本"


def test_spaces_stand_between_han_characters_only():
    for level in range(1, 6):
        out = perturb(SpacedCharacters(), TEXT, level=level, seed=level)
        assert out.replace(" ", "") == TEXT
        assert out.count(" ") == level if level < 5 else out.count(" ") >= 5
        around = {out[i + step] for i in range(len(out)) if out[i] == " " for step in (-1, 1)}
        assert all("\u4e00" <= character <= "\u9fff" for character in around)
    assert perturb(SpacedCharacters(), "好，好a好", level=5) == "好，好a好"
    assert perturb(SpacedCharacters(), by_character(TEXT), level=5) == " ".join(TEXT)
    assert perturb(SpacedCharacters(), "看 www.a.cn/天地人和", level=5) == "看 www.a.cn/天地人和"


def test_swaps_stay_within_long_words():
    text = "新的计算机有三年保修服务"
    assert {perturb(SwappedCharacters(), text, seed=seed) for seed in range(9)} == {"新的计机算有三年保修服务"}
    assert perturb(SwappedCharacters(), "计算机") == "计算机"  # too short for a swap
    assert perturb(SwappedCharacters(), by_character(text)) == " ".join(text)
    assert perturb(SwappedCharacters(), Document.from_words(["计算机", *text])).startswith("计机算 ")
    assert sorted(perturb(SwappedCharacters(), TEXT, level=5)) == sorted(TEXT)
    listed = word_classes("zh_long_words")["word"]
    assert all(3 <= len(word) <= 4 and not set(word) & set("不没无未非别莫勿否一二三") for word in listed)


def test_final_particles():
    assert perturb(FinalParticle(), "质量真好。") == "质量真好啊。"
    assert perturb(FinalParticle(), "质量真好啊！！ ") == "质量真好！！ "
    for kept in ("质量好吗", "质量真好？", "好", "价格是5", "你说呢。", ""):
        assert perturb(FinalParticle(), kept) == kept


def test_split_characters():
    assert perturb(SplitCharacters(), "很好一一") == "很女子一一"
    assert perturb(SplitCharacters(), "她一一一") == "她一一一"
    assert SplitCharacters.tier == "L3"


@pytest.mark.parametrize("piece", [TEXT, "@人,啊"])
def test_long_texts_take_linear_time(piece):
    kinds = (SOUNDS[0], ToTraditional(), HalfWidthMarks(), NumberForm(), SwappedCharacters(), *PLAIN_ONLY[:2])

    def work(text):
        for perturbation in kinds:
            perturbation.edits(Document(text), level=perturbation.levels[-1], rng=np.random.default_rng(0))

    work(piece)
    assert takes_linear_time(work, piece)


def test_long_runs_of_marks_take_linear_time():
    assert takes_linear_time(
        lambda text: FullWidthMarks().edits(Document(text), level=1, rng=np.random.default_rng(0)), "!"
    )
