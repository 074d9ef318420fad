"""Case, punctuation, quotes, spacing and accents: the same words, written otherwise."""

from __future__ import annotations

from character_perturbations import perturb, seeded

from modelaudit.text import Document, word_spans
from modelaudit.text.perturbations.accents import AccentsDropped
from modelaudit.text.perturbations.case import LowerCase, SwappedCase, TitleCase, UpperCase
from modelaudit.text.perturbations.punctuation import CommasDropped, PunctuationAdd, PunctuationDrop
from modelaudit.text.perturbations.quotes import QuoteForms
from modelaudit.text.perturbations.spacing import (
    JoinedWords,
    LineWraps,
    SpacingDouble,
    SpacingNonBreaking,
    SpacingTrailing,
    SplitWords,
)


def test_case_is_mapped_letter_by_letter():
    assert perturb(LowerCase(), "İSTANBUL Straße ABC") == "i̇stanbul straße abc"
    assert perturb(UpperCase(), "straße ŉ ﬁ don't") == "STRASSE ʼN FI DON'T"
    assert perturb(TitleCase(), "an old McCoy's ßa") == "An Old McCoy's Ssa"
    assert perturb(UpperCase(), "see www.example.com now") == "SEE www.example.com NOW"
    changed = sum(word.isupper() for word in perturb(UpperCase(0.25), "word " * 400).split())
    assert changed == 100
    document = Document.from_words(["Straße", "x"])
    assert perturb(UpperCase(), document) == "STRASSE X"


def test_final_punctuation():
    assert perturb(PunctuationDrop(), "Well done?!  ") == "Well done  "
    assert perturb(PunctuationDrop(), "Well done") == "Well done"
    assert perturb(PunctuationDrop(), "...") == "..."
    assert perturb(PunctuationDrop(), Document.from_words(["Well", "done", "."])).split() == ["Well", "done"]
    assert {perturb(PunctuationAdd(), "Done.", seed=s) for s in range(9)} == {"Done...", "Done!!"}
    assert {perturb(PunctuationAdd(), "Done? ", seed=s) for s in range(9)} == {"Done?... ", "Done?!! "}
    words = Document.from_words(["Done"])
    assert {perturb(PunctuationAdd(), words, seed=s) for s in range(9)} == {"Done ...", "Done !!"}


def test_spacing_is_invisible_and_never_touches_words():
    text = "one two  three four"
    for perturbation in (SpacingDouble(), SpacingNonBreaking(), SpacingTrailing()):
        out = perturb(perturbation, text)
        assert out != text
        assert out.split() == text.split()
        assert seeded(perturbation, Document.from_words(["one", "two"]), 1) == []


def test_swapped_case_takes_a_share_of_the_words():
    text = "Hello wOrld " * 200
    out = perturb(SwappedCase(), text, 2).split()
    changed = [(old, new) for old, new in zip(text.split(), out, strict=True) if old != new]
    assert len(changed) == 40
    assert set(changed) == {("Hello", "hELLO"), ("wOrld", "WoRLD")}
    assert perturb(SwappedCase(), "中文 123 ...", 5) == "中文 123 ..."


def test_commas_between_words_are_lost_and_others_stay():
    assert perturb(CommasDropped(), "Well, 1,000 of us, he said,\nwent") == "Well 1,000 of us he said\nwent"
    assert seeded(CommasDropped(), Document.from_words(["Well", ",", "yes,", "no"]), 1) == []


def test_quotes_and_hyphens_take_the_other_form_and_back():
    plain = "\"It's well-known\", he said ('really') - see a-b.com"
    typographic = "“It’s well‐known”, he said (‘really’) – see a-b.com"
    assert perturb(QuoteForms(), plain) == typographic
    assert perturb(QuoteForms(), typographic) == plain
    assert perturb(QuoteForms(), "a 6\" nail, 5' long, ``so'' 2020-21") == "a 6\" nail, 5' long, ``so'' 2020-21"
    tokens = Document.from_words(['"', "Do", "n't", '"', "-", "said"])
    assert perturb(QuoteForms(), tokens) == "“ Do n’t ” – said"


def test_lines_are_wrapped_at_forty_characters():
    text = "one two three " * 12
    out = perturb(LineWraps(), text.strip())
    assert max(map(len, out.split("\n"))) <= 40
    assert min(map(len, out.split("\n")[:-1])) > 33
    assert out.replace("\n", " ") == text.strip()
    assert perturb(LineWraps(), "short text") == "short text"
    long_word = "x" * 60
    assert perturb(LineWraps(), f"a {long_word} b {long_word}") == f"a\n{long_word}\nb\n{long_word}"
    assert perturb(LineWraps(), f"{'ab ' * 10}\n{'ab ' * 10}") == f"{'ab ' * 10}\n{'ab ' * 10}"


def test_words_are_split_and_joined_without_a_negation_in_the_pieces():
    split = {perturb(SplitWords(), "notable", 5, seed) for seed in range(60)}
    assert split == {"notable", "no table", "nota ble", "notab le"} - {"no table"}
    text = "we have not seen 12 very good films here"
    joined = {perturb(JoinedWords(), text, 5, seed) for seed in range(20)}
    assert joined == {"wehave not seen 12 verygood filmshere", "wehave not seen 12 very goodfilms here"}
    assert (
        perturb(JoinedWords(), "see it at www.example.com today or never again", 5)
        == "see it at www.example.com todayor never again"
    )
    for perturbation in (SplitWords(), JoinedWords(), LineWraps()):
        assert seeded(perturbation, Document.from_words(text.split() * 8), perturbation.levels[-1]) == []


def test_accents_are_dropped_where_they_are_accents():
    assert perturb(AccentsDropped(), "naïve cafe\u0301 résumé d’été") == "naive cafe resume d’ete"
    assert perturb(AccentsDropped(), "Ἀθήνα ẞ ø łódź") == "Αθηνα ẞ ø łodz"
    for other in ("йод", "がく", "हिन्दी", "한국", "plain", "\u0301", "e\u0301йe\u0301"):
        assert perturb(AccentsDropped(), other) == other
    document = Document.from_words(["café", "été"])
    assert perturb(AccentsDropped(), document) == "cafe ete"
    assert len(word_spans(perturb(AccentsDropped(), "ﬁancé"))) == 1
