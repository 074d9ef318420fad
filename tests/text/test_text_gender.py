"""Gender swaps: whole texts, grammatical, and none where gender is part of the meaning."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from linear_time import takes_linear_time
from pronoun_sentences import HELD_OUT, WORKED, feminine, masculine

from modelaudit.text import Document, apply, gender_edits, gendered_words, same_gender_edits, to_group
from modelaudit.text.lexicon import read_lexicon

# A loaded machine must not fail a property for being slow.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

PAIRS = [(female, male) for female, male, direction, _ in read_lexicon("gendered_words") if direction == "both"]
SAFE = [pair for pair in PAIRS if pair[0] not in {"ms", "madam"}]


def swap(text: str) -> str:
    document = Document(text)
    return apply(document, gender_edits(document).edits).document.text


def set_group(text: str, group: str) -> str | None:
    """The text rewritten to one gender; None where it was skipped."""
    document = Document(text)
    rewritten = to_group(document, group)
    return None if rewritten.skipped else apply(document, rewritten.edits).document.text


def resolution(sentences):
    """(right, wrong, left open) over both directions of each sentence."""
    right = wrong = left_open = 0
    for sentence in sentences:
        male, female = masculine(sentence), feminine(sentence)
        for source, gold, group in ((female, male, "male"), (male, female, "female")):
            out = set_group(source, group)
            right, wrong, left_open = (
                right + (out == gold),
                wrong + (out not in (gold, None)),
                left_open + (out is None),
            )
    return right, wrong, left_open


@pytest.mark.parametrize(
    ("text", "swapped"),
    [
        ("The man and the woman met.", "The woman and the man met."),
        ("He told her that he was late.", "She told him that she was late."),
        ("She told him that her car was his.", "He told her that his car was hers."),
        ("HE SAID: HIS WIFE IS HERE.", "SHE SAID: HER HUSBAND IS HERE."),
        ("My Mother-in-Law's friend saw her.", "My Father-in-Law's friend saw him."),
        ("Ms. Lee paid 5 ms before we could miss her.", "Mr. Lee paid 5 ms before we could miss him."),
        ("The women’s coats are theirs; she's here.", "The men’s coats are theirs; he's here."),
        ("She hurt herself before he hurt himself.", "He hurt himself before she hurt herself."),
        ("He's his sister's waiter.", "She's her brother's waitress."),
        ("The waiter's sons of ten left.", "The waitress's daughters of ten left."),
        ("He shook to the core of his being.", "She shook to the core of her being."),
        ("She shook to the core of her being.", "He shook to the core of his being."),
        ("She made her league debut against us.", "He made his league debut against us."),
        ("The bridegroom thanked the fireman.", "The bride thanked the firewoman."),
        (
            "mankind, man-made, heroic, ottoman, person, sheer, hero",
            "mankind, man-made, heroic, ottoman, person, sheer, hero",
        ),
        ("mail her@example.org and see www.her.com or @her", "mail her@example.org and see www.her.com or @her"),
    ],
)
def test_swaps_read_as_english(text, swapped):
    assert swap(text) == swapped


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("He or she may apply.", "contrast"),
        ("Ask his/her doctor.", "contrast"),
        ("The user may say (s)he agrees.", "contrast"),
        ("Men and women were asked.", "contrast"),
        ("The actor's/actress's role is small.", "contrast"),
        ("The actors'/actresses' roles are small.", "contrast"),
        ("We have towels marked his and hers.", "contrast"),
        ("Men's and women's shoes are here.", "contrast"),
        ("We bought it from Patel & Sons.", "idiom"),
        ("He works for Dombey and Son.", "idiom"),
        ("She watches Sons of Anarchy.", "idiom"),
        ("He joined the Daughters of the Sun.", "idiom"),
        ("Aunt May came in May.", "first_name"),
        ("His friend took Agnes' car.", "first_name"),
        ("She is pregnant.", "sex_linked"),
        ("His PROSTATE was examined.", "sex_linked"),
        ("She gave birth in May.", "sex_linked"),
        ("She writes about feminist art.", "gender_topic"),
        ("The women's football club won.", "single_sex"),
        ("English is her mother tongue.", "idiom"),
        ("He is the best man.", "idiom"),
        ("Queen Anne kept her promise.", "real_person"),
        ("He saw the Pope.", "real_person"),
        ("Mary lost her keys.", "first_name"),
        ("We gave her flowers.", "her_unresolved"),
        ("A friend of his called.", "his_unresolved"),
    ],
)
def test_texts_about_gender_are_left_alone_and_counted(text, reason):
    for found in (gender_edits(Document(text)), same_gender_edits(Document(text))):
        assert found.edits == ()
        assert dict(found.skipped) == {reason: 1}
        assert found.direction is None


def test_pronouns_resolve_on_sentences_that_tuned_no_rule():
    right, wrong, left_open = resolution(HELD_OUT)
    assert right >= 0.95 * (right + wrong)
    assert left_open <= 0.08 * 2 * len(HELD_OUT)
    right, wrong, left_open = resolution(WORKED)
    assert wrong == 0
    assert left_open <= 0.05 * 2 * len(WORKED)
    assert len(set(WORKED) | set(HELD_OUT)) >= 200


@UNHURRIED
@given(st.lists(st.sampled_from(SAFE), min_size=1, max_size=5), st.lists(st.booleans(), min_size=5, max_size=5))
def test_bijective_pairs_swap_back_and_no_text_is_half_swapped(pairs, sides):
    words = [pair[side] for pair, side in zip(pairs, sides, strict=False)]
    text = " ".join(f"some {word} went," for word in words)
    document = Document(text)
    found = gender_edits(document)
    assert not found.skipped
    assert [edit.text for edit in found.edits] == [pair[not side] for pair, side in zip(pairs, sides, strict=False)]
    assert swap(swap(text)) == text


def test_both_genders_are_swapped_whole_or_skipped():
    document = Document("The waiter told her that his son met a woman.")
    assert gender_edits(document).direction == "mixed"
    assert dict(to_group(document, "female").skipped) == {"both_genders": 1}
    rewritten = to_group(document, "female", mixed="rewrite")
    assert rewritten.direction == "male_to_female"
    genders = {word.gender for word in gendered_words(apply(document, rewritten.edits).document)}
    assert genders == {"female"}


def test_setting_a_group_is_stable():
    assert set_group("The actress lost her bag.", "male") == "The actor lost his bag."
    assert set_group("The actress lost her bag.", "female") == "The actress lost her bag."
    assert set_group("The table is old.", "female") == "The table is old."
    assert to_group(Document("Mary lost her keys."), "male", named="keep").direction == "female_to_male"


def test_the_control_arm_keeps_the_gender():
    document = Document("The Woman met her mother.")
    control = same_gender_edits(document)
    assert apply(document, control.edits).document.text == "The Lady met her mom."
    assert not same_gender_edits(Document("She left.")).edits


def test_pre_tokenised_texts_keep_their_words():
    words = ["The", "woman", "'s", "husband", ",", "(", "his", "boss", ")", "left", "."]
    document = Document.from_words(words)
    edited = apply(document, gender_edits(document).edits)
    assert edited.document.word_texts() == ("The", "man", "'s", "wife", ",", "(", "her", "boss", ")", "left", ".")
    split = Document("grandmother", ((0, 5), (5, 11)))
    assert dict(gender_edits(split).skipped) == {"across_words": 1}


def test_the_lexicon_is_sound():
    rows = read_lexicon("gendered_words")
    assert len(PAIRS) >= 90
    females, males = {row[0] for row in rows}, {row[1] for row in rows}
    assert not females & males
    assert all(row[2] in {"both", "f2m", "m2f"} for row in rows)
    both_f, both_m = [pair[0] for pair in PAIRS], [pair[1] for pair in PAIRS]
    assert len(both_f) == len(set(both_f))
    assert len(both_m) == len(set(both_m))
    silent_h = {"heir", "heirs", "heiress", "heiresses"}
    vowel = {word: word[0] in "aeiou" or word in silent_h for row in rows for word in row[:2]}
    assert {(f, m) for f, m, *_ in rows if vowel[f] != vowel[m]} <= {("auntie", "uncle")}
    for gender, word, synonym in read_lexicon("gendered_synonyms"):
        assert word != synonym
        assert synonym in (females if gender == "female" else males)


@UNHURRIED
@given(st.text(alphabet=st.characters(codec=None) | st.sampled_from("her his .'"), max_size=80))
def test_any_text_is_swapped_or_left_in_one_piece(text):
    document = Document(text)
    found = gender_edits(document)
    assert not (found.edits and found.skipped)
    apply(document, found.edits)
    apply(document, same_gender_edits(document).edits)


@pytest.mark.parametrize(
    "piece", ["her ", "\u202eher\u200f his. ", "she/he", "a" * 50, "\ud800her ", "'s", "-", "📦 him"]
)
def test_long_hostile_texts_take_linear_time(piece):
    assert takes_linear_time(lambda text: gender_edits(Document(text)), piece)
