"""Which columns are grouped by, and into which groups: names, bands, missing cells, small groups, hostile cells."""

from __future__ import annotations

import pytest
from group_tables import audited, labelled, tables_of, unlabelled

from modelaudit.checkers.bias.groups.columns import is_protected, shown
from modelaudit.checkers.bias.groups.grouping import grouping
from modelaudit.errors import NotAssessable
from modelaudit.rows import Row


def rows_of(cells, column="sex"):
    return [Row(id=f"t:{place}", text="x", columns={column: cell}) for place, cell in enumerate(cells)]


@pytest.mark.parametrize(
    "name",
    ["sex", "Gender", " RACE ", "ethnicity", "AgeGroup", "age-group", "age_group", "applicant_sex", "Religion",
     "Race/Ethnicity", "nationality", "disability_status", "性别", "民族", "年龄", "ｓｅｘ"],
)  # fmt: skip
def test_columns_are_known_by_name(name):
    assert is_protected(name)


@pytest.mark.parametrize(
    "name", ["racer", "page", "sexton", "message", "language", "age_of_account", "label", "a" * 10**5]
)
def test_other_columns_are_not(name):
    assert not is_protected(name)


def test_without_such_a_column_the_check_says_how_to_provide_one():
    with pytest.raises(NotAssessable, match=r"they have 'colour'\); add one called sex, gender.*option columns"):
        audited(unlabelled(30, 60, colour="white"))
    with pytest.raises(NotAssessable, match="no column for a protected attribute; add one"):
        audited(unlabelled(30, 60))
    rows = [*unlabelled(30, 60, colour="white"), *unlabelled(30, 70, colour="blue")]
    assert ("selection_rate_ratio", "colour: white - blue") in audited(rows, columns="colour")[0]


def test_cells_that_differ_in_writing_alone_are_one_group():
    found = grouping(
        rows_of(["Female", "female ", "ＦＥＭＡＬＥ", "Female", "male", 1, 1.0, True]), "sex", age_bands=(40,)
    )
    assert found.names == ("Female", "1", "male", "True")
    assert list(found.sizes) == [4, 2, 1, 1]


def test_cells_without_a_value_are_counted_and_are_no_group():
    cells = [None, "", "  ", "N/A", "unknown", "未知", "Prefer not to say", "none", "f"]
    found = grouping(rows_of(cells, "religion"), "religion", age_bands=(40,))
    assert (found.unknown, sorted(found.names)) == (7, ["f", "none"])
    rows = [*unlabelled(30, 60, sex="a"), *unlabelled(30, 61, sex="b"), *unlabelled(5, 40, sex=None)]
    found, notes = audited(rows)
    assert ("not known", 40) in [row[:2] for row in tables_of(found)["Groups by sex"].rows]
    assert any("40 rows have no known value" in note for note in notes)


def test_ages_are_banded_at_forty_or_as_asked():
    ages = rows_of([39, "40", 39.5, " 17 ", "64", 400, "old"], "age")
    found = grouping(ages, "age", age_bands=(40,))
    assert dict(zip(found.names, found.sizes, strict=True)) == {"under 40": 3, "40 and over": 2}
    assert found.unknown == 2
    found = grouping(ages, "age", age_bands=(65, 18))
    assert dict(zip(found.names, found.sizes, strict=True)) == {"18 to under 65": 4, "under 18": 1}
    words = grouping(rows_of(["young", "old", 40], "age"), "age", age_bands=(40,))
    assert sorted(words.names) == ["40", "old", "young"]


def test_small_groups_are_shown_and_not_judged():
    rows = [
        *unlabelled(30, 100, sex="f"), *unlabelled(30, 120, sex="m"), *unlabelled(9, 20, sex="x"),
        *unlabelled(1, 3, sex="Mx Jane Doe"),
    ]  # fmt: skip
    found, _ = audited(rows)
    assert {key[1] for key in found if key[0] == "selection_rate_ratio"} == {"sex: f - m", "sex: small groups"}
    small = found["selection_rate_ratio", "sex: small groups"]
    assert (small.metric.value, small.metric.primary, small.metric.n) == (None, True, 23)
    assert "x (20), values of fewer than 5 rows each (3)" in small.metric.reason
    lines = {row[0]: row for row in tables_of(found)["Groups by sex"].rows}
    assert lines["x"][1] == 20
    assert lines["x"][-1] == "too small, not judged"
    assert lines["other values (1)"][1] == 3
    # A value that three rows have may say who they are.
    assert "Jane" not in str(found)


def test_a_group_under_two_percent_is_small_however_many_rows_it_has():
    cells = ["m"] * 1700 + ["f"] * 300 + ["x"] * 35
    found = grouping(rows_of(cells), "sex", age_bands=(40,))
    assert [found.names[group] for group in found.judged] == ["m", "f"]
    assert [found.names[group] for group in found.small] == ["x"]


def test_without_two_large_groups_nothing_is_judged():
    rows = [*unlabelled(30, 100, sex="f"), *unlabelled(3, 12, sex="m")]
    with pytest.raises(NotAssessable, match=r"sex \(f 100, m 12\)\); provide more rows"):
        audited(rows)
    rows = [row | {"race": "ab"[place % 2]} for place, row in enumerate(rows)]
    found, notes = audited(rows)
    assert {key[1].partition(":")[0] for key in found} == {"race"}
    assert any(note.startswith("Not judged") and "sex" in note for note in notes)


def test_two_columns_are_crossed():
    # Each column alone is fair; black women and white men are selected less.
    selected = {("f", "black"): 20, ("f", "white"): 80, ("m", "black"): 80, ("m", "white"): 20}
    rows = [
        row
        for (sex, race), hits in selected.items()
        for row in labelled((hits, 0, 0, 100 - hits + (sex == "m")), sex=sex, race=race)
    ]
    found, _ = audited(rows)
    assert found["selection_rate_ratio", "sex: f - m"].metric.value > 0.95
    pair = found["selection_rate_ratio", "sex × race: f & black - m & black"]
    assert pair.metric.value == pytest.approx((20 / 100) / (80 / 101))
    assert pair.metric.primary
    crossed = {key[0] for key, each in found.items() if "×" in key[1] and each.metric.primary}
    assert crossed == {"selection_rate_ratio"}
    assert "Groups by sex × race" in tables_of(found)
    without, _ = audited(rows, intersections=False)
    assert not any("×" in key[1] for key in without)


def test_a_reference_named_in_both_columns_is_that_of_their_crossing():
    rows = [
        row
        for sex in "fm"
        for race in ("black", "white")
        for row in unlabelled(50, 100 + 10 * (race == "black"), sex=sex, race=race)
    ]
    found, _ = audited(rows, reference=("m", "white"))
    assert ("selection_rate_ratio", "sex × race: f & black - m & white") in found
    assert ("selection_rate_ratio", "race: black - white") in found


def test_hostile_cells_are_cut_and_cleaned():
    nasty = "<script>alert(1)</script>\x00\u202e\ud800" + "z" * 100_000
    rows = [*unlabelled(30, 60, sex=nasty), *unlabelled(30, 60, sex=nasty + "!"), *unlabelled(30, 70, sex="\u200b")]
    found, notes = audited(rows)
    groups = {key[1] for key in found if key[0] == "selection_rate_ratio"}
    assert len(groups) == 2
    for text in (*groups, *notes, *(finding.statement for finding in found.values())):
        assert len(text) < 600
        assert not set(text) & set("\x00\u202e\u200b\ud800")
    assert shown("a\tb\n\x07c") == "a b c"
    assert shown("\u200b") == "not printable"
    assert shown("x" * 50) == "x" * 40 + "…"


def test_cells_of_any_kind_make_groups():
    cells = [[1, 2]] * 3 + [{"a": 1}] * 2 + [10**5000, float("inf")]
    found = grouping(rows_of(cells), "sex", age_bands=(40,))
    assert list(found.sizes) == [3, 2, 1, 1]
