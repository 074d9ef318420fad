"""The search for one row: within its budget, repeatable, equal in lockstep and alone, and true to what exists."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from measured import context_of, subject_of

from modelaudit.checkers.robustness.attack.checker import AdversarialSearch
from modelaudit.checkers.robustness.attack.kind import CHARACTERS, INVISIBLE, Forms, substitution
from modelaudit.checkers.robustness.attack.likeness import Likeness
from modelaudit.checkers.robustness.attack.outcome import attacked, subjects_of
from modelaudit.checkers.robustness.attack.plan import Plan
from modelaudit.checkers.robustness.attack.site import players_of, sites_of
from modelaudit.rows import Row
from modelaudit.testing.planted import planted_classifier, planted_tagger

LEXICON = {"Annika": "B-PER", "Robert": "B-PER", "Leeson": "I-PER", "Lisbon": "B-LOC", "Acme": "B-ORG"}
VOCABULARY = ("table", "river", "stone", "cloud", "paper", "glass", "light", "sound", "bread", "chair")
FREE = {"similarity": 0.0, "edit_share": 0.34}


def context(planted, rows, seed=0):
    return context_of(subject_of(planted, data=rows, seed=seed), AdversarialSearch(), seed=seed)


def prepared(ctx, plan, kind=CHARACTERS):
    rows = ctx.data.evaluation
    subjects = subjects_of(rows, ctx.model.predict(rows), ctx.model.fingerprints(rows), ctx.model.labels)
    forms = Forms(kind, plan.seed)
    return [(one, sites_of(one.row, forms, frozenset(plan.protected))) for one in subjects]


def searched(ctx, plan, kind=CHARACTERS):
    return ctx.map(lambda case: attacked(*case, kind, ctx.model, plan), prepared(ctx, plan, kind))


def told(outcomes):
    return [(one.subject.row.id, one.edited.text, one.found_at, one.spent) for one in outcomes]


@pytest.fixture(scope="module")
def tiny():
    """A model of ten words, three misspellings of each and six interactions, and 40 rows of six words."""
    rng = np.random.default_rng(4)
    words = dict(zip(VOCABULARY, rng.normal(0, 1.5, len(VOCABULARY)), strict=True))
    forms = Forms(CHARACTERS, 0)
    for word in VOCABULARY:
        words |= {form: float(rng.normal()) for form in forms.of(word)[:3]}
    every = list(itertools.combinations(VOCABULARY, 2))
    pairs = {every[place]: float(rng.normal(0, 2)) for place in rng.choice(len(every), 6, replace=False)}
    rows = [{"text": " ".join(rng.choice(VOCABULARY, 6, replace=False)), "label": 0} for _ in range(40)]
    return planted_classifier(words, pairs=pairs), [*rows, *({**row, "label": 1} for row in rows)]


def overheard(ctx, asked, search):
    """Run a search and add the key of each input that the engine is asked about."""
    engine = ctx.model.engine
    plain = engine.ask

    def ask(want, inputs, classes):
        asked.update(one.key for one in inputs)
        return plain(want, inputs, classes)

    engine.ask = ask
    try:
        return search()
    finally:
        del engine.ask


def flip_exists(ctx, subject, sites, edits=2):
    """Ask about every set of so many edits."""
    options = [range(len(site.forms)) for site in sites.sites]
    choices = [
        tuple(zip(places, forms, strict=True))
        for count in range(1, edits + 1)
        for places in itertools.combinations(range(len(options)), count)
        for forms in itertools.product(*(options[place] for place in places))
    ]
    rows = [sites.edited(choice) for choice in choices]
    prints = ctx.model.fingerprints(rows)
    distinct = list(dict(zip(prints, rows, strict=True)).values())
    return bool((ctx.model.predict(distinct).labels != subject.goal.label).any())


def test_nearly_all_flips_that_exhaustive_search_finds_are_found_and_no_other(tiny, monkeypatch):
    monkeypatch.setattr("modelaudit.checkers.robustness.attack.kind.MOST_FORMS", 4)
    ctx = context(*tiny)
    plan = Plan(queries=64, **FREE)
    outcomes = [one for one in searched(ctx, plan) if one.spent is not None]
    exist = [flip_exists(ctx, one.subject, one.sites) for one in outcomes]
    found = [one.choice is not None for one in outcomes]
    assert sum(exist) >= 15
    assert sum(found) >= 0.95 * sum(exist)
    assert all(there for there, flip in zip(exist, found, strict=True) if flip)


@pytest.mark.parametrize("search", ["greedy", "random", "beam"])
def test_what_is_found_is_what_a_plain_question_shows(tiny, search):
    ctx = context(*tiny)
    found = [one for one in searched(ctx, Plan(search=search, **FREE)) if one.choice is not None]
    assert len(found) > 10
    texts = [one.edited.text for one in found]
    again = ctx.model.predict_proba(texts).argmax(axis=1)
    assert (again != [one.subject.goal.label for one in found]).all()
    assert all(1 <= len(one.choice) <= 2 for one in found)
    for one in found:
        old, new = one.subject.row.text.split(), one.edited.text.split()
        assert sum(a != b for a, b in zip(old, new, strict=True)) == len(one.choice)


@pytest.mark.parametrize("search", ["greedy", "random", "beam"])
@pytest.mark.parametrize("queries", [1, 7, 40])
def test_the_budget_is_never_exceeded_and_counts_what_the_model_was_asked(tiny, search, queries):
    ctx = context(*tiny)
    plan = Plan(search=search, queries=queries, **FREE)
    cases = [case for case in prepared(ctx, plan) if case[0].right is not False][:12]
    for case in cases:
        asked: set[bytes] = set()
        outcome = overheard(ctx, asked, lambda case=case: attacked(*case, CHARACTERS, ctx.model, plan))
        assert len(asked) == outcome.spent.queries <= queries
        assert outcome.found_at is None or outcome.found_at <= queries


def test_lockstep_and_one_row_at_a_time_are_the_same_to_the_last_byte(tiny):
    ctx = context(*tiny)
    plan = Plan(queries=30, **FREE)
    together = searched(ctx, plan)
    other = context(*tiny)
    alone = [attacked(*case, CHARACTERS, other.model, plan) for case in prepared(other, plan)]
    assert told(together) == told(alone)


def test_the_order_of_rows_changes_nothing_and_the_seed_does(tiny):
    planted, rows = tiny
    plan = Plan(ranking="random", **FREE)

    def texts(rows, plan):
        return {(one.subject.row.text, one.edited.text, one.found_at) for one in searched(context(planted, rows), plan)}

    assert texts(rows, plan) == texts(rows[::-1], plan)
    assert texts(rows, plan) != texts(rows, Plan(ranking="random", seed=1, **FREE))


def test_a_larger_budget_finds_what_a_smaller_one_found(tiny):
    ctx = context(*tiny)
    at = {q: {one.subject.row.id for one in searched(ctx, Plan(queries=q, ranking="random", **FREE)) if one.choice}
          for q in (2, 6, 64)}  # fmt: skip
    assert at[2] < at[6] < at[64]


def test_ranking_asks_first_about_the_word_that_counts_and_pays_for_it():
    planted = planted_classifier({"splendid": 3.0, "dreadful": -0.2}, extra_vocabulary=VOCABULARY)
    ctx = context(planted, [{"text": "table river stone cloud paper glass light sound splendid", "label": 1}])
    # Nine words are hidden, one at a time, and the first edit is one of the word without which nothing is left.
    assert searched(ctx, Plan(ranking="mask"))[0].found_at == 10
    # A gradient costs three; a draw costs nothing and may take longer to come to the word.
    assert 4 <= searched(ctx, Plan(ranking="gradient"))[0].found_at <= 12
    assert 1 <= searched(ctx, Plan(ranking="random"))[0].found_at <= 9


def test_a_long_text_is_ranked_by_runs_of_words_within_half_the_budget():
    planted = planted_classifier({"splendid": 3.0, "dreadful": -0.2}, extra_vocabulary=VOCABULARY)
    text = " ".join(["table"] * 100 + ["splendid"] + ["river"] * 100)
    (outcome,) = searched(context(planted, [{"text": text, "label": 1}]), Plan(queries=40))
    # 20 runs of ten words and eleven: the word stands tenth in the run that is found first.
    assert 21 <= outcome.found_at <= 31
    assert outcome.edited.text.split()[:100] == ["table"] * 100


def test_an_entity_that_is_not_kept_is_a_flip_and_word_counts_stay():
    planted = planted_tagger(LEXICON, extra_vocabulary=("went", "home"))
    rows = [{"tokens": [name, "went", "home", str(i)], "ner_tags": [LEXICON[name], "O", "O", "O"]}
            for i in range(5) for name in ("Annika", "Lisbon")]  # fmt: skip
    ctx = context(planted, rows)
    outcomes = searched(ctx, Plan())
    assert all(one.choice is not None for one in outcomes)
    for one in outcomes:
        assert len(one.edited.words) == 4
        assert one.edited.words[1:] == one.subject.row.words[1:]
        assert one.edited.words[0] not in LEXICON


def test_protected_words_numerals_addresses_and_negations_stay():
    text = "never mail somebody@example.com 2024 splendid table"
    sites = sites_of(Row("a", text), Forms(CHARACTERS, 0), frozenset({"table"}))
    assert [text[site.start : site.end] for site in sites.sites] == ["mail", "splendid"]


def test_unlike_texts_are_not_asked_about():
    planted = planted_classifier({"splendid": 3.0, "dreadful": -3.0}, extra_vocabulary=("table",))
    swap = substitution({"splendid": ["dreadful"]})
    found = {floor: searched(context(planted, [{"text": "splendid table", "label": 1}]), Plan(similarity=floor), swap)
             for floor in (0.0, 0.9)}  # fmt: skip
    assert found[0.0][0].edited.text == "dreadful table"
    assert found[0.9][0].choice is None
    assert (found[0.9][0].spent.unlike, found[0.9][0].spent.edited) == (1, 0)


def test_likeness_is_one_for_the_text_itself_and_falls_with_the_edit():
    likeness = Likeness("great")
    assert likeness.of("great") == 1.0
    assert 1.0 > likeness.of("grwat") == pytest.approx(0.7273, abs=1e-4)
    assert likeness.of("zzzzz") < 0.1
    assert Likeness("").of("a") < 1.0


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.sampled_from([CHARACTERS, INVISIBLE]))
def test_any_text_can_be_edited_at_its_sites_and_only_there(text, kind):
    sites = sites_of(Row("a", text), Forms(kind, 0), frozenset())
    for number, site in enumerate(sites.sites):
        for form in range(len(site.forms)):
            edited = sites.edited(((number, form),)).text
            assert edited != text
            assert edited.startswith(text[: site.start])
            assert edited.endswith(text[site.end :])
    if len(sites.sites) > 1:
        every = sites.edited(tuple((number, 0) for number in range(len(sites.sites)))).text
        gaps = [text[a.end : b.start] for a, b in itertools.pairwise(sites.sites)]
        assert all(gap in every for gap in gaps)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(alphabet="abcdeXY'-. ", min_size=1, max_size=9).filter(str.strip), min_size=1, max_size=6))
def test_words_are_edited_in_place_in_sentences_that_come_as_words(words):
    row = Row("a", " ".join(words), words=tuple(words))
    sites = sites_of(row, Forms(INVISIBLE, 0), frozenset())
    every = sites.edited(tuple((number, 0) for number in range(len(sites.sites))))
    touched = {site.word for site in sites.sites}
    assert len(every.words) == len(words)
    assert {place for place, word in enumerate(every.words) if word != words[place]} == touched


def test_two_sites_of_one_word_do_not_move_each_other():
    row = Row("a", "see stone.table", words=("see", "stone.table"))
    sites = sites_of(row, Forms(CHARACTERS, 0), frozenset())
    assert len(sites.sites) == 2
    for first in range(len(sites.sites[0].forms)):
        edited = sites.edited(((0, first), (1, 0)))
        assert edited.words == ("see", f"{sites.sites[0].forms[first]}.{sites.sites[1].forms[0]}")


def test_sites_beyond_what_the_model_reads_are_known_as_such():
    text = "table river stone cloud"
    sites = sites_of(Row("a", text), Forms(CHARACTERS, 0), frozenset())
    assert players_of(sites, ["table", "river"], text) == [[0], [1], [], []]
    assert players_of(sites, ["stone", "cl", "oud"], text) == [[], [], [0], [1, 2]]
    assert players_of(sites, ["tab", "##le"], text) is None
