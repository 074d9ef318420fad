"""Weak slices: a planted one is found and confirmed, a clean twin has none, and no number is of the searched half."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from measured import backwards, context_of, findings_of, subject_of
from scipy.stats import fisher_exact

from modelaudit.checkers.performance.slices.checker import WeakSlices, _half
from modelaudit.checkers.performance.slices.conditions import Condition, conditions
from modelaudit.checkers.performance.slices.confirming import on_the_other_half
from modelaudit.checkers.performance.slices.search import Slice, searched
from modelaudit.errors import NotAssessable
from modelaudit.evidence import redacted
from modelaudit.rows import Row
from modelaudit.testing.planted import planted_classifier, planted_rows, planted_tag_rows, planted_tagger

WORDS = {"good": 2.0, "kind": 1.5, "fine": 1.0, "bad": -2.0, "slow": -1.5, "poor": -1.0}
LEXICON = {"Annika": "B-PER", "Robert": "B-PER", "Leeson": "I-PER", "Lisbon": "B-LOC", "Acme": "B-ORG"}


def rows_of(n, *, weak=0.0, wrong=0.1, seed=3):
    """Rows of which a tenth is labelled wrongly, and of those with a certain word and of one column so many more."""
    rng = np.random.default_rng(seed)
    rows = planted_rows(n, seed, words=WORDS, numbered=True)
    for row in rows:
        inside = rng.random() < 0.2
        row["text"] += " by courier" if inside else " by post"
        row["region"] = "north" if inside else "south"
        if rng.random() < (weak if inside and weak else wrong):
            row["label"] = 1 - row["label"]
    return rows


def found_in(rows, planted=None, **more):
    [finding] = findings_of(WeakSlices(), subject_of(planted or planted_classifier(WORDS), data=rows, **more)).values()
    return finding


def table_of(finding):
    return next(item for item in finding.evidence if item.kind == "table")


def test_a_planted_slice_is_found_and_its_gap_is_that_of_the_other_half():
    finding = found_in(rows_of(1_200, weak=0.45))
    low, high = finding.metric.grid[3][1:]
    assert low > 0.1
    assert low < 0.35 < high
    assert finding.metric.primary
    confirmed = {row[0].split(":")[0]: row[0] for row in table_of(finding).rows if row[-1] == "confirmed"}
    assert confirmed
    [words] = [item for item in finding.evidence if item.kind == "table" and item.title.startswith("Words")]
    assert words.holds_text
    names = [confirmed[place] for place in confirmed] + [name for place, name in words.rows if place in confirmed]
    assert any("courier" in name or "region" in name for name in names)
    bare = [redacted(item, show_text=False) for item in finding.evidence]
    assert "courier" not in f"{finding.statement}{bare}", "no word of the rows is in a report that shows no text"
    assert "a certain word" in f"{bare}", "and what kind of slices they are is"
    assert any(item.kind == "examples" for item in finding.evidence)


def test_a_clean_twin_has_no_confirmed_slice_and_no_gap_beyond_doubt():
    finding = found_in(rows_of(1_200))
    assert finding.metric.grid[3][1] < 0.05
    assert not [row for row in table_of(finding).rows if row[-1] == "confirmed"]


def test_the_reported_gap_is_not_of_the_half_that_was_searched():
    rows = rows_of(1_200)
    subject = subject_of(planted_classifier(WORDS), data=rows)
    searched_texts = {row.text for row in subject.data.evaluation if _half(row, 0)}
    for row in rows:
        if row["region"] == "north" and row["text"] in searched_texts:
            row["label"] = place_of(row)
    finding = found_in(rows)
    assert "courier" in f"{finding.evidence}"
    assert finding.metric.grid[3][1] < 0.05, "wrong on each row of the slice in one half, and as elsewhere in the other"


def place_of(row):
    """The label that the model does not give."""
    return 1 - int(any(word in row["text"].split() for word in ("good", "kind", "fine")))


def test_a_slice_of_two_conditions_is_found():
    rng = np.random.default_rng(1)
    n = 2_000
    flags = {name: rng.random(n) < 0.4 for name in "abcdef"}
    wrong = rng.random(n) < np.where(flags["a"] & flags["b"], 0.5, 0.08)
    search = np.arange(n) % 2 == 0
    [first, *_] = searched([Condition(name, name, each) for name, each in flags.items()], wrong, search).slices
    assert first.name == "a and b"


def test_a_slice_that_the_other_half_hardly_holds_is_not_proposed():
    n = 1_000
    search, inside = np.arange(n) % 2 == 0, np.arange(n) < 100
    wrong = inside | (np.arange(n) % 10 == 3)
    few = inside & (search | (np.arange(n) < 40))
    assert [each.name for each in searched([Condition("c", "c", inside)], wrong, search).slices] == ["c"]
    assert not searched([Condition("c", "c", few)], wrong, search).slices


def test_the_p_of_a_slice_is_fishers():
    n, inside = 200, np.arange(200) < 50
    wrong = (np.arange(n) < 15) | ((np.arange(n) >= 50) & (np.arange(n) < 75))
    [tested] = on_the_other_half([Slice((Condition("c", "c", inside),), 1.0)], wrong, np.ones(n, dtype=bool), None)
    assert tested.p == pytest.approx(fisher_exact([[15, 35], [25, 125]], alternative="greater")[1])
    assert (tested.rate, tested.others) == (0.3, pytest.approx(25 / 150))


def test_the_gap_of_a_slice_of_mere_chance_is_not_the_one_it_was_found_with():
    rng = np.random.default_rng(5)
    n, gaps, confirmed = 600, [], 0
    for _ in range(40):
        found = [Condition(f"c{k}", f"c{k}", rng.random(n) < 0.3) for k in range(60)]
        wrong, search = rng.random(n) < 0.15, np.arange(n) % 2 == 0
        slices = searched(found, wrong, search).slices
        results = on_the_other_half(slices, wrong, ~search, None)
        inside = slices[0].flags & search
        gaps.append((wrong[inside].mean() - wrong[search & ~slices[0].flags].mean(), results[0].gap.value))
        confirmed += any(each.confirmed for each in results)
    flattered, honest = np.mean(gaps, axis=0)
    assert flattered > 0.1, "on its own half the slice looks weak"
    assert abs(honest) < 0.03
    assert confirmed <= 6


def test_conditions_cover_length_signs_columns_classes_topics_and_do_not_look_at_the_label():
    rng = np.random.default_rng(0)
    rows = [
        Row(
            f"r:{k}",
            f"word{k % 7} costs {k}!" if k % 3 else "Why not?",
            label=k % 2,
            columns={"age": k, "team": "ab"[k % 2]},
        )
        for k in range(300)
    ]
    search = np.arange(300) % 2 == 0
    states = np.repeat(np.eye(3), 100, axis=0) + rng.normal(0, 0.01, (300, 3))
    found = conditions(rows, search, predicted=["x"] * 150 + ["y"] * 150, pieces=np.full(300, 9), states=states)
    kinds = {each.kind for each in found}
    assert {"length", "has a digit", "has a question mark", "has a negation", "language", "predicted class"} <= kinds
    assert {"column 'age'", "column 'team'", "topic", "tokens"} <= kinds
    again = [Row(row.id, row.text, label=1, columns=row.columns) for row in rows]
    other = conditions(again, search, predicted=["x"] * 150 + ["y"] * 150, pieces=np.full(300, 9), states=states)
    assert [each.name for each in other] == [each.name for each in found]


def test_conditions_are_those_of_the_searched_half_whatever_the_other_holds():
    search = np.arange(200) % 2 == 0

    def named(other):
        rows = [
            Row(
                f"r:{k}",
                f"word{k % 5} here" if k % 2 == 0 else " ".join([f"other{k % 3}"] * other),
                columns={"n": k * other ** (k % 2)},
            )
            for k in range(200)
        ]
        return [each.name for each in conditions(rows, search, predicted=None, pieces=None, states=None)]

    assert named(1) == named(40)


def test_rows_of_one_document_stay_in_one_half_and_count_as_one_observation():
    rows = [Row(f"r:{k}", f"text {k}", group=f"d{k // 8}") for k in range(400)]
    halves = [_half(row, 0) for row in rows]
    assert all(len(set(halves[k : k + 8])) == 1 for k in range(0, 400, 8))
    # Documents are right or wrong as a whole, half of those of the slice and a third of the others.
    inside = np.arange(400) < 80
    wrong = np.array([(k // 8) % (2 if k < 80 else 3) == 0 for k in range(400)])
    every, code = np.ones(400, dtype=bool), np.arange(400) // 8
    slices = [Slice((Condition("c", "c", inside),), 3.0)]
    [alone], [together] = (on_the_other_half(slices, wrong, every, documents) for documents in (None, code))
    assert alone.p < 0.01 < 0.1 < together.p
    assert together.gap.interval()[0] < 0 < alone.gap.interval()[0]


def of_column(cells):
    rows = [Row(f"r:{place}", f"text {place}", columns={"c": cell}) for place, cell in enumerate(cells)]
    found = conditions(rows, np.arange(len(rows)) % 2 == 0, predicted=None, pieces=None, states=None)
    return [each for each in found if each.kind.startswith("column")]


def test_numbers_are_split_by_thirds_where_some_are_missing_and_as_a_csv_file_writes_them():
    for cells in ([None if k % 9 == 0 else k for k in range(200)], ["" if k % 9 == 0 else str(k) for k in range(200)]):
        low, high = of_column(cells)
        assert "at most" in low.name
        assert not (low.flags | high.flags)[::9].any(), "a row without a number is in no third"
        assert 50 <= low.flags.sum() <= 70


def test_values_of_columns_are_named_where_they_are_categories_and_kept_back_where_they_may_be_text():
    assert {each.public for each in of_column(["north", "south"] * 100)} == {None}
    names = of_column([f"Person {k % 30}" for k in range(200)])
    assert {each.public for each in names} == {"has a certain value in column 'c'"}
    assert {each.public for each in of_column(["x" * 80, "y" * 80] * 100)} == {"has a certain value in column 'c'"}
    alike = of_column(["x" * 80 + str(k // 2 % 2) for k in range(200)])
    assert [int(each.flags.sum()) for each in alike] == [100, 100], "values that begin alike are not one"


def test_odd_cells_go_through():
    odd = [
        10**400,
        10**5000,
        float("nan"),
        float("inf"),
        [1],
        {"a": 1},
        datetime(2020, 1, 1, tzinfo=UTC),
        True,
        None,
        "\ud800",
    ]
    assert of_column(odd * 20)


def test_a_table_of_many_columns_keeps_the_search_small():
    rows = [Row(f"r:{k}", "text", columns={f"c{c}": f"v{(k * c) % 15}" for c in range(200)}) for k in range(200)]
    assert len(conditions(rows, np.arange(200) % 2 == 0, predicted=None, pieces=None, states=None)) < 450


def test_a_tagger_is_wrong_on_rows_and_hostile_rows_go_through():
    rows = planted_tag_rows(300, 1, lexicon=LEXICON)
    for place, row in enumerate(rows):
        row["tokens"], row["ner_tags"] = ["Note", str(place), *row["tokens"]], ["O", "O", *row["ner_tags"]]
        if place % 3 == 0:
            row["tokens"], row["ner_tags"] = [*row["tokens"], "Zed"], [*row["ner_tags"], "B-PER"]
    found = found_in(rows, planted_tagger(LEXICON))
    assert found.metric.value > 0.9, "the name that it does not know makes each such row wrong"
    hostile = ["x", "123", "ALL CAPITALS HERE", "mixed слова 汉字", "word " * 5_000, "\ud800", "<b>x</b>"]
    assert found_in(rows_of(400) + [{"text": text, "label": 0, "region": None} for text in hostile]).metric.bounds


def test_too_little_is_not_assessed():
    planted = planted_classifier(WORDS)
    with pytest.raises(NotAssessable, match="200 are the least"):
        found_in(rows_of(150))
    with pytest.raises(NotAssessable, match="10 are the least that could lie together"):
        found_in(planted_rows(400, 3, words=WORDS, numbered=True), planted)
    with pytest.raises(NotAssessable, match="0 labelled rows"):
        found_in([{"text": row["text"]} for row in rows_of(300)])


def test_the_order_of_rows_changes_nothing():
    subject = subject_of(planted_classifier(WORDS), data=rows_of(400, weak=0.4))
    one = list(WeakSlices().run(context_of(subject, WeakSlices())))
    other = list(WeakSlices().run(context_of(subject, WeakSlices(), data=backwards(subject.data))))
    assert one == other
