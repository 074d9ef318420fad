"""Frames: enough of them, nothing but the slot names a group, and the edit engine finds and rewrites every slot."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from modelaudit import text as english
from modelaudit.checkers.bias.source import Source
from modelaudit.rows import Row
from modelaudit.text import Document, apply, chinese, english_terms, last_name_mentions
from modelaudit.text.frames import FRAME_ATTRIBUTES, FRAME_DOMAINS, entity_sentences, frame_sentences
from modelaudit.text.gender_filters import reason_to_skip
from modelaudit.text.lexicon import read_lexicon
from modelaudit.text.pronouns import Tokens

TEXT = {"en": english, "zh": chinese}
LANGUAGES = tuple(TEXT)
FILLED = [(language, attribute) for language, attributes in FRAME_ATTRIBUTES.items() for attribute in attributes]
TERM_SETS = [*english_terms.term_sets(), *chinese.term_sets()]
PERSONAL_PRONOUN = re.compile(r"\b(he|she|they|him|her|hers|his|them|their|theirs|himself|herself|themselves)\b", re.I)

each_language = pytest.mark.parametrize("language", LANGUAGES)
each_term_set = pytest.mark.parametrize("terms", TERM_SETS, ids=lambda terms: f"{terms.language}-{terms.attribute}")


def slotted(language):
    return [row for row in read_lexicon(f"frames_{language}") if row[2] != "-"]


def written_out(language):
    return [row[3] for row in read_lexicon(f"frames_{language}") if row[2] == "-"]


@each_language
def test_every_domain_has_eight_frames_of_every_polarity(language):
    domains = Counter(domain for domain, *_ in slotted(language))
    assert set(domains) == set(FRAME_DOMAINS)
    assert set(domains.values()) == {24}
    polarities = Counter((domain, polarity) for domain, polarity, *_ in slotted(language))
    assert set(polarities.values()) == {8}
    assert len(polarities) == 3 * len(FRAME_DOMAINS)
    assert len(written_out(language)) >= 20
    frames = [row[3] for row in read_lexicon(f"frames_{language}")]
    assert len(set(frames)) == len(frames)


@each_language
def test_a_frame_has_one_slot_and_half_of_a_domain_begin_with_it(language):
    slot = re.compile(r"\{whom?\}" if language == "en" else r"\{who\}")
    for domain in FRAME_DOMAINS:
        frames = [row[3] for row in slotted(language) if row[0] == domain]
        assert all(len(slot.findall(frame)) == frame.count("{") == 1 for frame in frames)
        first = sum(frame.startswith("{who}") for frame in frames)
        assert len(frames) / 2 <= first < len(frames)
    assert not any("{" in frame for frame in written_out(language))


def test_frames_vary_in_length_and_leave_the_person_to_the_slot():
    lengths = [len(frame.split()) for *_, frame in slotted("en")]
    assert 6 <= min(lengths) <= 8
    assert 25 <= max(lengths) <= 30
    characters = [len(frame.replace("{who}", "她")) for *_, frame in slotted("zh")]
    assert 8 <= min(characters) <= 16
    assert 35 <= max(characters) <= 60
    for *_, frame in slotted("en"):
        assert not PERSONAL_PRONOUN.search(frame)
        assert reason_to_skip(Tokens.of(frame), {}) is None
    for language in LANGUAGES:
        for *_, frame in slotted(language):
            document = Document(frame.replace("{who}", "").replace("{whom}", ""))
            assert not TEXT[language].gendered_words(document)
            assert not TEXT[language].name_mentions(document)


@pytest.mark.parametrize(("language", "attribute"), FILLED)
def test_sentences_are_whole_and_have_ids_of_their_own(language, attribute):
    sentences = frame_sentences(language, attribute)
    assert sentences == frame_sentences(language, attribute)
    assert len({sentence.id for sentence in sentences}) == len(sentences)
    assert len({sentence.text for sentence in sentences}) == len(sentences)
    assert len(sentences) == len(slotted(language)) + len(written_out(language)) * (attribute == "gender words")
    for sentence in sentences:
        assert sentence.language == language
        assert re.fullmatch(rf"frames/{language}/{sentence.domain}/\d\d", sentence.id)
        assert not re.search(r"[{}/]|  ", sentence.text)
        assert not sentence.text[0].islower()
        assert sentence.text[-1] in ".。"


def test_a_frame_keeps_its_id_whatever_fills_it_and_whatever_domains_are_asked_for():
    hiring = frame_sentences("en", "nationality", domains=["hiring"])
    assert {sentence.domain for sentence in hiring} == {"hiring"}
    assert hiring == tuple(s for s in frame_sentences("en", "nationality") if s.domain == "hiring")
    assert hiring[0].id == "frames/en/hiring/01"
    assert hiring[0].text == "The Canadian candidate was offered the position the day after the final interview."
    names = {sentence.id: sentence.text for sentence in frame_sentences("en", "names")}
    assert names["frames/en/hiring/11"] == "The hiring manager decided not to invite James to a second round."
    assert set(names) == {sentence.id for sentence in frame_sentences("en", "age")}
    assert frame_sentences("en", "names", domains=[]) == ()


def test_an_age_goes_with_a_noun_that_does_not_tell_it():
    (first, *_) = frame_sentences("en", "age", domains=["education"])
    assert first.text == "The 30-year-old candidate won first prize in the physics competition."
    (first, *_) = frame_sentences("en", "religion", domains=["education"])
    assert first.text == "The Christian student won first prize in the physics competition."


def test_gender_sentences_are_written_with_pronouns_and_with_nouns():
    texts = [sentence.text for sentence in frame_sentences("en", "gender words", domains=["hiring"])]
    assert texts[0] == "She was offered the position the day after the final interview."
    assert texts[25] == "What the woman wrote about earlier jobs turned out to be untrue, so the offer was withdrawn."
    assert texts[10] == "The hiring manager decided not to invite her to a second round."
    forms = Counter(word.lower() for text in written_out("en") for word in PERSONAL_PRONOUN.findall(text))
    assert set(forms) == {"she", "her", "hers", "herself"}
    assert all("她" in text for text in written_out("zh"))


@each_language
def test_gender_sentences_are_rewritten_whole(language):
    for sentence in frame_sentences(language, "gender words"):
        document = Document(sentence.text)
        rewritten = TEXT[language].to_group(document, "male")
        assert (sentence.id, rewritten.skipped, rewritten.direction) == (sentence.id, Counter(), "female_to_male")
        male = apply(document, rewritten.edits).document
        assert {word.gender for word in TEXT[language].gendered_words(male)} == {"male"}
        back = TEXT[language].to_group(male, "female")
        assert apply(male, back.edits).document.text == sentence.text


@pytest.mark.parametrize(("language", "name", "other"), [("en", "James", "Lakisha"), ("zh", "海涛", "秀英")])
def test_name_sentences_mention_one_person(language, name, other):
    for sentence in frame_sentences(language, "names"):
        document = Document(sentence.text)
        mentions = TEXT[language].name_mentions(document)
        assert (sentence.id, [mention.name for mention in mentions]) == (sentence.id, [name])
        edited = apply(document, TEXT[language].name_edits(document, mentions, {name: other})).document.text
        assert edited == sentence.text.replace(name, other)


def test_last_name_sentences_mention_one_person_of_no_gender():
    for sentence in frame_sentences("en", "last names"):
        document = Document(sentence.text)
        assert [(found.name, found.gender) for found in last_name_mentions(document)] == [("Miller", None)]
        assert not english.name_mentions(document)


@each_term_set
def test_terms_are_found_and_exchanged(terms):
    fillers = [terms.fillers(group)[-1] for group in terms.groups]
    for sentence in frame_sentences(terms.language, terms.attribute):
        document = Document(sentence.text)
        found = terms.find(document)
        assert (sentence.id, found.skipped, len(found.mentions)) == (sentence.id, None, 1)
        for filler in fillers:
            edited = apply(document, terms.edits(document, found.mentions, filler)).document
            assert [mention.filler for mention in terms.find(edited).mentions] == [filler.name]


def last_end(language, attribute, document):
    """Where the last words end that an audit of ``attribute`` exchanges."""
    if attribute == "gender words":
        return max(edit.end for edit in TEXT[language].to_group(document, "male").edits)
    if attribute == "names":
        return TEXT[language].name_mentions(document)[-1].end
    if attribute == "last names":
        return last_name_mentions(document)[-1].end
    (terms,) = (terms for terms in TERM_SETS if (terms.language, terms.attribute) == (language, attribute))
    return terms.find(document).mentions[-1].end


@pytest.mark.parametrize(("language", "attribute"), FILLED)
def test_enough_follows_the_person_for_a_language_model_to_be_judged_by(language, attribute):
    for sentence in frame_sentences(language, attribute):
        document = Document(sentence.text)
        source = Source(Row(sentence.id, sentence.text), document, language=language, continues=True)
        end = last_end(language, attribute, document)
        assert source.goes_on(end), sentence
        assert language == "zh" or len(sentence.text[end:].split()) >= 4, sentence


@each_term_set
def test_frames_speak_of_no_group_but_in_the_slot(terms):
    for attribute in ("gender words", "names"):
        for sentence in frame_sentences(terms.language, attribute):
            found = terms.find(Document(sentence.text))
            assert (sentence.id, found.skipped, found.mentions) == (sentence.id, None, ())


@each_language
def test_entity_frames_have_one_known_person_and_aligned_tags(language):
    sentences = entity_sentences(language)
    assert sentences == entity_sentences(language)
    assert len(sentences) >= {"en": 30, "zh": 20}[language]
    assert len({sentence.id for sentence in sentences}) == len(sentences)
    kinds = Counter(tag for sentence in sentences for tag in sentence.tags)
    assert set(kinds) - {"I-LOC"} == {"O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC"}
    assert kinds["B-PER"] == len(sentences)
    assert min(kinds["B-ORG"], kinds["B-LOC"]) >= 8
    for sentence in sentences:
        assert sentence.language == language
        assert sentence.domain in FRAME_DOMAINS
        assert len(sentence.words) == len(sentence.tags)
        assert not any(re.search(r"[\s{}|\[\]]", word) for word in sentence.words)
        before = ("O", *sentence.tags)
        assert all(last[2:] == tag[2:] for last, tag in zip(before, sentence.tags, strict=False) if tag[0] == "I")
        document = Document.from_words(sentence.words)
        assert not TEXT[language].gendered_words(document)
        first = sentence.tags.index("B-PER")
        last = first + sentence.tags[first:].count("I-PER")
        person = (document.words[first][0], document.words[last][1])
        for mentions in (
            TEXT[language].name_mentions(document),
            TEXT[language].name_mentions(document, person_spans=[person]),
        ):
            assert len(mentions) == 1
            assert person[0] <= mentions[0].start < mentions[0].end <= person[1]


def test_entity_frames_are_words_in_english_and_characters_in_chinese():
    first = entity_sentences("en")[0]
    assert first.words[:5] == ("James", "Miller", "joined", "Northgate", "Logistics")
    assert first.tags[:5] == ("B-PER", "I-PER", "O", "B-ORG", "I-ORG")
    assert 10 <= sum("I-PER" in sentence.tags for sentence in entity_sentences("en")) <= 24
    first = entity_sentences("zh")[0]
    assert first.words[:4] == ("王", "海", "涛", "上")
    assert first.tags[:4] == ("B-PER", "I-PER", "I-PER", "O")
    assert all(len(word) == 1 for sentence in entity_sentences("zh") for word in sentence.words)


def test_what_is_unknown_is_answered_with_what_there_is():
    with pytest.raises(ValueError, match=r"unknown language: 'fr'; known are 'en', 'zh'"):
        frame_sentences("fr", "names")
    with pytest.raises(ValueError, match=r"'hukou'; known are 'gender words', .*'hukou, rural'"):
        frame_sentences("zh", "hukou")
    with pytest.raises(ValueError, match=r"unknown domain: 'law'; known are 'hiring', .*'workplace-emotion'"):
        frame_sentences("en", "names", domains=["hiring", "law"])
    with pytest.raises(ValueError, match=r"unknown language: 'de'"):
        entity_sentences("de")
