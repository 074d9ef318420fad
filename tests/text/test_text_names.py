"""Names: the lexicon's groups, matched samples, and which capitalised words are persons."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelaudit.text import (
    ETHNICITIES,
    GENDERS,
    Document,
    Name,
    apply,
    choose_names,
    load_known_names,
    load_names,
    matched_groups,
    name_edits,
    name_groups,
    name_mentions,
)

# A loaded machine must not fail a property for being slow.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def found(text: str) -> list[str]:
    return [text[mention.start : mention.end] for mention in name_mentions(Document(text))]


def length_as_tokens(names):
    return [1 + len(name) // 5 for name in names]


def test_the_lexicon_holds_what_its_header_promises():
    names = load_names()
    assert len({name.name for name in names}) == len(names)
    for name in names:
        assert name.share >= 0.8
        assert name.count >= (50 if name.source == "nyc" else 30)
        assert name.name.isalpha()
        assert name.name.istitle()
        assert len(name.name) >= 3
    sizes = {cell: len(members) for cell, members in name_groups().items()}
    assert min(sizes.values()) >= 20
    # The sources hold fewer than 40 names at this posterior in these three cells only.
    assert {cell for cell, n in sizes.items() if n < 40} == {("female", "black"), ("male", "black"), ("male", "api")}
    words = {"Major", "Legend", "Chance", "Journey", "Egypt", "Miracle", "Precious", "Angel", "Jesus", "London"}
    assert not words & {name.name for name in names}
    known = {name.name: name.gender for name in load_known_names()}
    assert all(known[name.name] == name.gender for name in names)


@pytest.mark.parametrize("n_tokens", [None, length_as_tokens])
def test_samples_are_of_one_size_and_alike(n_tokens):
    groups = name_groups(genders=("female",))
    chosen = matched_groups(groups, 20, np.random.default_rng(0), n_tokens)
    count = n_tokens or (lambda names: [1] * len(names))
    histograms = [Counter(count([name.name for name in names])) for names in chosen.values()]
    for cell, names in chosen.items():
        assert len({name.name for name in names}) == 20
        assert all((name.gender, name.ethnicity) == cell for name in names)
    assert all(histogram == histograms[0] for histogram in histograms)
    sources = [Counter(name.source for name in names) for names in chosen.values()]
    assert all(sum((source & sources[0]).values()) >= 15 for source in sources)
    again = matched_groups(groups, 20, np.random.default_rng(0), n_tokens)
    other = matched_groups(groups, 20, np.random.default_rng(1), n_tokens)
    assert again == chosen
    assert other != chosen


@UNHURRIED
@given(st.lists(st.lists(st.integers(1, 6), min_size=3, max_size=12), min_size=2, max_size=4), st.integers(0, 99))
def test_matching_never_does_worse_than_the_groups_allow(lengths, seed):
    groups = {g: [Name(f"{g}x{i}", None, count=9) for i in range(len(row))] for g, row in enumerate(lengths)}
    tokens = {f"{g}x{i}": n for g, row in enumerate(lengths) for i, n in enumerate(row)}
    chosen = matched_groups(groups, 3, np.random.default_rng(seed), lambda names: [tokens[name] for name in names])
    histograms = [Counter(tokens[name.name] for name in names) for names in chosen.values()]
    common = sum(min(Counter(row)[n] for row in lengths) for n in range(1, 7))
    shared = sum(min(histogram[n] for histogram in histograms) for n in range(1, 7))
    assert all(len({name.name for name in names}) == 3 for names in chosen.values())
    assert shared >= min(common, 3)


def test_one_cell_at_a_time_matches_the_others():
    cells = [
        choose_names(gender=g, ethnicity=e, k=10, rng=np.random.default_rng(3), n_tokens=length_as_tokens)
        for g in GENDERS
        for e in ETHNICITIES
    ]
    means = [np.mean(length_as_tokens([name.name for name in names])) for names in cells]
    assert max(means) - min(means) < 1e-9
    with pytest.raises(ValueError, match="genders are female, male"):
        choose_names(gender="x", ethnicity="white", k=1, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="ask for fewer"):
        choose_names(gender="male", ethnicity="api", k=500, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="one for each"):
        matched_groups(name_groups(), 2, np.random.default_rng(0), lambda names: [1])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Emily met Darnell and Jose in May.", ["Emily", "Darnell"]),
        ("Will you come? May I? Mark the date. Grace period, Rose wine, Faith.", []),
        ("Will Jones called. Later Will left, and Will's dog too. Will he return?", ["Will", "Will", "Will"]),
        ("Dr. Grace Lee saw Hope Miller.", ["Grace", "Hope"]),
        ("In Austin they drove to San Antonio, Charlotte and Jordan.", []),
        ("Emily Street is near Susan University.", []),
        ("James Hale smiled; Mr. Scott frowned.", ["James"]),
        ("Jennifer R. Smith wrote to Susan.", ["Jennifer", "Susan"]),
        ("emily and SUSAN", []),
        ("James! JAMES! SUSAN!", ["James", "JAMES"]),
        ("Aunt May visited in May; May I come?", []),
        ("Aunt May visited us. May I come? May said yes.", ["May", "May"]),
        ("Hope Miller came. Hope is all we have.", []),
        ("Rose Parker wept. The Rose said nothing.", []),
        ("Will Jones came. I told Will. WILL!", []),
        ("Austin Reed left. Austin's mayor spoke.", []),
        ("James' car broke down. Susan left.", []),
        ("Susan took James ' car .", []),
        ("Susan''s and “James”", ["Susan", "James"]),
        ("We hired an Maria from sales.", []),
        ("Mary-Jane and @Emily, Emily@example.org", []),
        ("", []),
    ],
)
def test_which_names_are_persons(text, names):
    assert found(text) == names


def test_person_spans_decide_where_they_are_given():
    words = ["may", "smith", "met", "Emily", "and", "Mrs", "Susan", "Hill", "in", "Paris"]
    document = Document.from_words(words)
    spans = [(0, 9), (24, 38)]
    mentions = name_mentions(document, person_spans=spans)
    assert [document.text[mention.start : mention.end] for mention in mentions] == ["may", "Susan"]
    edits = name_edits(document, mentions, {"May": "Yesenia", "Susan": "Latoya"})
    assert apply(document, edits).document.word_texts()[:2] == ("yesenia", "smith")
    assert name_mentions(document, person_spans=[]) == []


def test_one_person_keeps_one_name_and_its_case():
    document = Document("Emily's sister said that Emily left. EMILY? Susan.")
    edits = name_edits(document, name_mentions(document), {"Emily": "Lakisha"})
    assert apply(document, edits).document.text == "Lakisha's sister said that Lakisha left. LAKISHA? Susan."
    mentions = name_mentions(Document("Zed met Emily"), [Name("Zed", None)])
    assert [(mention.name, mention.gender) for mention in mentions] == [("Zed", None)]


@pytest.mark.parametrize(
    ("text", "own", "other", "exchanged"),
    [
        ("We hired a Maria from sales .", "Maria", "Emily", "We hired an Emily from sales ."),
        ("A Maria called , AN EMILY came .", "Maria", "Emily", "An Emily called , AN EMILY came ."),
        ("Not a Maria but an Emily .", "Emily", "Maria", "Not a Maria but a Maria ."),
        ("MARIA is A MARIA to Maria .", "Maria", "Emily", "EMILY is AN EMILY to Emily ."),
        ("He gave vitamin A Maria once .", "Maria", "Emily", "He gave vitamin A Emily once ."),
        ("Maria , a Maria", "Maria", "Susan", "Susan , a Susan"),
    ],
)
def test_the_article_goes_with_the_name(text, own, other, exchanged):
    for document in (Document(text), Document.from_words(text.split(" "))):
        edited = apply(document, name_edits(document, name_mentions(document), {own: other})).document
        assert edited.text == exchanged
        assert edited.words is None or len(edited.words) == len(document.words)


@UNHURRIED
@given(
    st.lists(
        st.sampled_from(["a {}", "A {}", "an {}", "{}'s", "{}", "{} said", "vitamin A {}", "in {}", "!", "the"]),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from(["Maria", "Emily", "Ursula", "Eugene", "DeShawn", "May", "Agnes"]),
    st.sampled_from(["Susan", "Isabella", "Eunice"]),
    st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_an_exchanged_name_can_be_put_back(pieces, own, other, shouted):
    names = [own.upper() if loud else own for loud in shouted]
    text = "Ms. " + f"{own} Novak , " + " , ".join(p.format(n) for p, n in zip(pieces, names, strict=False))
    for document in (Document(text), Document.from_words(text.split(" "))):
        mentions = [mention for mention in name_mentions(document) if mention.name == own]
        edited = apply(document, name_edits(document, mentions, {own: other})).document
        assert not mentions or own.lower() not in edited.text.lower().split()
        again = name_mentions(edited)
        assert bool(again) or not mentions
        if mentions:
            assert apply(edited, name_edits(edited, again, {other: own})).document == document


@UNHURRIED
@given(st.text(alphabet=st.characters(codec=None) | st.sampled_from("Mary. "), max_size=60))
def test_any_text_can_be_searched(text):
    document = Document(text)
    spans = [(0, len(text) // 2), (len(text) // 2, len(text))]
    for mentions in (name_mentions(document), name_mentions(document, person_spans=spans)):
        apply(document, name_edits(document, mentions, {mention.name: "Ann" for mention in mentions}))
