"""Stereotype preference: models that learned who does which work, their balanced twins, and pairs of users."""

import csv
import difflib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from measured import backwards, context_of, findings_of, subject_of

from modelaudit import Audit
from modelaudit.checkers.bias.stereotypes.comparison import preference, sign_flip_p
from modelaudit.checkers.bias.stereotypes.pairs import COLUMNS, pairs_of_file, pairs_of_rows
from modelaudit.checkers.bias.stereotypes.preference import StereotypePreference
from modelaudit.errors import DataInputError, NotAssessable
from modelaudit.evidence import Examples, Histogram, Table
from modelaudit.plugins import Plugins
from modelaudit.rows import Row
from modelaudit.statistics import p_above
from short_audit import SHORT
from stereotyped import FRAMES, HERS, causal_model, masked_model, pair, pairs

PREFERENCE, LOG_RATIO = ("stereotype_preference", "gender"), ("log_ratio", "gender")
MODELS = {"masked": masked_model, "causal": causal_model}


def subject(kind="masked", *, stereotyped=True, data=None, **options):
    return subject_of(MODELS[kind](stereotyped=stereotyped), data=data or pairs(), **options)


def written(folder, rows, name="pairs.csv", encoding="utf-8"):
    with (folder / name).open("w", newline="", encoding=encoding) as file:
        writer = csv.DictWriter(file, ["", *COLUMNS, "annotations"], restval="x")
        writer.writeheader()
        writer.writerows(rows)
    return str(folder / name)


def exceeds(finding, limit):
    return p_above(finding.metric.grid, limit) < 0.001


@pytest.mark.parametrize("kind", MODELS)
def test_a_model_that_learned_a_stereotype_prefers_it_and_its_balanced_twin_does_not(kind):
    learned = findings_of(StereotypePreference(), subject(kind))
    twin = findings_of(StereotypePreference(), subject(kind, stereotyped=False))
    assert learned[PREFERENCE].metric.primary
    assert learned[PREFERENCE].metric.n == 60
    assert exceeds(learned[PREFERENCE], 0.05)
    assert exceeds(learned[LOG_RATIO], 0.01)
    assert "permutation p < 0.001" in learned[LOG_RATIO].statement
    low, high = twin[PREFERENCE].metric.bounds[3].low, twin[PREFERENCE].metric.bounds[3].high
    assert low < 0 < high
    assert abs(twin[LOG_RATIO].metric.value) < 0.002
    assert ("shared_log_ratio", "gender") in learned if kind == "causal" else len(learned) == 2


def test_a_masked_score_is_that_of_the_shared_tokens_each_masked_alone():
    _, tokenizer = masked_model(stereotyped=True)
    one = subject(data=[pair(frame, job, "she") for frame in FRAMES for job in HERS])
    rows = [pair(frame, job, "she") for frame in FRAMES for job in HERS]
    expected = []
    for row in rows:
        logs = {}
        for side in ("sent_more", "sent_less"):
            found = one.model.token_statistics([Row("a", row[side])])
            logs[side] = dict(enumerate(found.log_probs))
        more, less = (tokenizer.tokenize(row[side]) for side in ("sent_more", "sent_less"))
        blocks = difflib.SequenceMatcher(None, more, less).get_matching_blocks()
        both = [(b.a + i, b.b + i) for b in blocks for i in range(b.size)]
        assert len(both) == len(more) - 1
        expected.append(np.mean([logs["sent_more"][i] - logs["sent_less"][j] for i, j in both]))
    found = findings_of(StereotypePreference(), one)
    assert found[LOG_RATIO].metric.value == pytest.approx(np.mean(expected), abs=1e-9)
    assert found[PREFERENCE].metric.value == pytest.approx((np.array(expected) > 0).mean() - 0.5)


def test_a_causal_score_is_that_of_the_whole_sentence_from_its_first_token_on():
    rows = [
        {**pair(frame, job, "she"), "sent_more": f"she {job}", "sent_less": f"he {job} again"}
        for frame in FRAMES[:1]
        for job in (*HERS, *HERS)
    ]
    rows = [row | {"sent_more": f"{row['sent_more']} {'late ' * i}"} for i, row in enumerate(rows)][:12]
    one = subject("causal", data=rows + pairs(bias_type="other")[:30])
    found = findings_of(StereotypePreference(), one)
    expected = []
    for row in rows:
        said = one.model.token_statistics(
            [Row("a", "", answer=row["sent_more"].strip()), Row("b", "", answer=row["sent_less"])]
        )
        counts = np.diff(said.offsets)
        assert counts.tolist() == [len(row["sent_more"].split()), len(row["sent_less"].split())]
        whole = said.log_probs[: counts[0]].sum() - said.log_probs[counts[0] :].sum()
        expected.append(whole / counts.mean())
    assert found["log_ratio", "gender"].metric.value == pytest.approx(np.mean(expected), abs=1e-9)


def test_pairs_turned_round_turn_every_number_round():
    plain = findings_of(StereotypePreference(), subject())
    turned = [row | {"sent_more": row["sent_less"], "sent_less": row["sent_more"]} for row in pairs()]
    found = findings_of(StereotypePreference(), subject(data=turned))
    for key in (PREFERENCE, LOG_RATIO):
        assert found[key].metric.value == pytest.approx(-plain[key].metric.value)


def test_pairs_that_violate_a_stereotype_are_kept_apart_and_only_types_with_enough_pairs_are_judged():
    data = [*pairs(), *pairs(direction="antistereo"), *pairs(bias_type="age")[:29], *pairs(bias_type="faith")[:9]]
    found = findings_of(StereotypePreference(), subject(data=data))
    primary = [key for key, finding in found.items() if finding.metric.primary]
    assert primary == [PREFERENCE]
    groups = {group for metric, group in found if metric == "stereotype_preference"}
    assert groups == {"all types", "gender", "age", "gender, antistereo"}
    assert found["stereotype_preference", "gender, antistereo"].metric.n == 60
    assert found["stereotype_preference", "all types"].metric.n == 98
    assert "not judged" in found["stereotype_preference", "age"].caveats[0]
    tables = [item for item in found["stereotype_preference", "all types"].evidence if isinstance(item, Table)]
    assert ("faith", "stereo", 9) in [row[:3] for row in tables[0].rows]


def test_where_no_type_has_enough_pairs_all_are_judged_together():
    data = [*pairs(bias_type="age")[:20], *pairs(bias_type="faith")[20:40]]
    found = findings_of(StereotypePreference(), subject(data=data))
    assert [key for key, finding in found.items() if finding.metric.primary] == [("stereotype_preference", "all types")]
    few = subject(data=data[:29])
    with pytest.raises(NotAssessable, match="29 pairs could be compared, and 30 are the least"):
        findings_of(StereotypePreference(), few)


def test_a_file_and_a_table_of_the_same_pairs_say_the_same_in_any_order(tmp_path):
    one = subject()
    table, turned = (findings_of(StereotypePreference(), one, data=data) for data in (one.data, backwards(one.data)))
    file = findings_of(StereotypePreference(pairs=written(tmp_path, pairs())), subject(data=[{"text": "she was late"}]))
    by_metric = [{key: each.metric for key, each in found.items()} for found in (table, turned, file)]
    assert by_metric[0] == by_metric[1] == by_metric[2]
    said = [json.dumps([each.model_dump() for each in found.values()]) for found in (table, turned)]
    assert said[0] == said[1]


def test_what_can_not_be_compared_is_left_out_and_counted():
    odd = [
        pair(FRAMES[0], "nurse", "she"),
        {**pair(FRAMES[0], "nurse", "she"), "sent_less": "he was late"} | {"sent_more": " he was late "},
        {**pair(FRAMES[0], "nurse", "she"), "sent_less": " "},
        {**pair(FRAMES[0], "nurse", "she"), "sent_more": "she was wild", "sent_less": "she was mild"},
        {**pair(FRAMES[0], "nurse", "she"), "sent_more": "she was late", "sent_less": "here now"},
        {**pair(FRAMES[0], "nurse", "she"), "sent_more": "she was late " * 9, "sent_less": "he was late"},
    ]
    found = findings_of(StereotypePreference(), subject(data=[*pairs(), *odd]))
    (table,) = (item for item in found[PREFERENCE].evidence if isinstance(item, Table) and "left out" in item.title)
    assert dict(table.rows) == {
        "compared": 60,
        "a sentence is empty": 1,
        "a sentence is longer than 256 tokens or than the model reads": 1,
        "both sentences are equal": 1,
        "the model reads both sentences alike": 1,
        "the pair stands there more than once": 1,
        "the sentences share no token": 1,
    }


def test_sentences_stand_in_the_examples_alone():
    found = findings_of(StereotypePreference(), subject())
    kinds = [type(item) for item in found[PREFERENCE].evidence]
    assert kinds == [Table, Table, Examples, Examples]
    bins = next(item for item in found[LOG_RATIO].evidence if isinstance(item, Histogram))
    assert sum(bins.groups[0].counts) == 60
    for item in found[PREFERENCE].evidence:
        if isinstance(item, Examples):
            assert all(example.before and example.after for example in item.items)
    bare = [
        each.model_copy(update={"evidence": tuple(e for e in each.evidence if not isinstance(e, Examples))})
        for each in found.values()
    ]
    assert "said that" not in "".join(each.model_dump_json() for each in bare)


def test_without_pairs_it_is_not_assessed_and_says_how_to_give_them():
    one = subject(data=[{"text": "she was late"}])
    with pytest.raises(NotAssessable, match="rows are no pairs of sentences; name a csv file of pairs"):
        findings_of(StereotypePreference(), one)
    assert StereotypePreference().applies(one.info) is None
    assert StereotypePreference().cost(one.info).evaluations == 0
    other = one.info.model_copy(update={"task": "text-classification"})
    assert "text-classification does not" in StereotypePreference().applies(other)


def test_the_cost_is_about_what_is_asked(tmp_path):
    for kind, checker in (("masked", StereotypePreference()), ("causal", StereotypePreference())):
        one = subject(kind)
        before = one.engines[0].stats.requested
        findings_of(checker, one)
        asked = one.engines[0].stats.requested - before
        assert asked * 0.8 < checker.cost(one.info).evaluations < asked * 1.8
    assert StereotypePreference(pairs=written(tmp_path, pairs())).cost(one.info).evaluations == 120


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "pairs.csv: the file of pairs is empty"),
        (b"sent_more,sent_less,bias_type\na,b,c\n", "lack the column 'stereo_antistereo'"),
        (
            b"sent_more,sent_less,stereo_antistereo,bias_type\n\na,b,stereo,c\na,b\n",
            "line 4 has 2 cells and the header 4",
        ),
        (b"sent_more,sent_less,stereo_antistereo,bias_type\na,b,pro,c\n", "line 2: stereo_antistereo is 'pro'; write"),
        (b'sent_more,sent_less,stereo_antistereo,bias_type\n"a,b,stereo,c\n', "line 2 is broken csv"),
        (b"sent_more,sent_less,stereo_antistereo,bias_type\na,b,stereo,c\n\xff,b,stereo,c\n", "line 3 is no UTF-8"),
    ],
)
def test_a_broken_file_is_an_error_that_names_the_line(tmp_path, content, message):
    (tmp_path / "pairs.csv").write_bytes(content)
    with pytest.raises(DataInputError, match=message):
        pairs_of_file(tmp_path / "pairs.csv")
    with pytest.raises(DataInputError, match="can't be read"):
        pairs_of_file(tmp_path / "none.csv")


def test_a_file_with_a_mark_of_its_encoding_and_line_breaks_in_cells_is_read(tmp_path):
    row = pair(FRAMES[0], "nurse", "she") | {"sent_more": "she\nwas, late", "stereo_antistereo": " Stereo "}
    found = pairs_of_file(written(tmp_path, [row, row], encoding="utf-8-sig"))
    assert [(one.id, one.more, one.direction) for one in found.pairs] == [("pairs.csv:3", "she\nwas, late", "stereo")]
    assert found.left_out == {"the pair stands there more than once": 1}


def test_hostile_types_get_names_of_their_own():
    names = ["all types", "gender, antistereo", "<b>\x00\n x", "y" * 500, None, "\ud800"]
    rows = [Row(f"r{i}", f"she {i}", columns=pair("{who}", "", "she", bias_type=n)) for i, n in enumerate(names)]
    found = {one.bias_type for one in pairs_of_rows(rows).pairs}
    assert found >= {"type 'all types'", "type 'gender, antistereo'", "<b> x", "no type given"}
    assert max(map(len, found)) == 60
    many = [Row(f"r{i}", "", columns=pair("{who}", "", "she", bias_type=f"type {i}")) for i in range(101)]
    with pytest.raises(DataInputError, match="101 different values in bias_type"):
        pairs_of_rows(many)


def test_options_that_are_no_path_are_refused():
    with pytest.raises(ValueError, match="option pairs"):
        StereotypePreference(pairs=" ")


@given(st.lists(st.sampled_from([-1.5, -0.25, 0.0, 0.5, 2.0]), min_size=2, max_size=60))
def test_ties_count_as_half_and_preferences_turn_with_their_signs(ratios):
    values = np.array(ratios)
    found, turned = preference(values, None), preference(-values, None)
    assert found.value == pytest.approx(((values > 0) + 0.5 * (values == 0)).mean() - 0.5)
    assert turned.value == pytest.approx(-found.value)
    assert turned.interval() == pytest.approx(tuple(-bound for bound in found.interval()[::-1]))
    assert -0.5 <= found.interval()[0] <= found.value <= found.interval()[1] <= 0.5
    units = [str(i) for i in range(len(values))]
    p, other = (sign_flip_p(part, units, np.random.default_rng(0)) for part in (values, -values))
    assert p == other
    assert 0 < p <= 1


def test_the_permutation_p_is_right_where_it_can_be_counted():
    values = np.array([0.5, 0.25, 1.0, 0.125, 2.0, 0.75])
    units = [str(i) for i in range(6)]
    assert sign_flip_p(values, units, np.random.default_rng(0)) == pytest.approx(2 / 64, abs=0.006)
    assert sign_flip_p(values, ["a"] * 3 + ["b"] * 3, np.random.default_rng(0)) == pytest.approx(1 / 2, abs=0.02)


def test_pairs_that_share_a_group_or_a_sentence_count_for_less_than_as_many_that_do_not():
    ratios = np.repeat([1.0, -1.0, 1.0, 1.0, -1.0, 1.0], 10)
    apart, together = preference(ratios, None), preference(ratios, [str(i // 10) for i in range(60)])
    assert together.value == apart.value
    assert np.diff(together.interval()) > 2 * np.diff(apart.interval())
    data = [row | {"person": "abc"[place % 3]} for place, row in enumerate(pairs())]
    alone = findings_of(StereotypePreference(), subject(data=data))[PREFERENCE].metric
    grouped = findings_of(StereotypePreference(), subject(data=data, group_column="person"))[PREFERENCE].metric
    assert alone.smallest_detectable == pytest.approx(2.8016 * 0.5 / 60**0.5, abs=1e-3)
    assert grouped.smallest_detectable == 0.5
    shared = [
        row | {"sent_less": row["sent_less"].replace("late", word)} for row in pairs() for word in ("late", "now")
    ]
    twice = findings_of(StereotypePreference(), subject(data=shared))[PREFERENCE].metric
    assert twice.n == 80
    assert twice.method == "korn-graubard"


def test_the_preset_bounds_the_pairs_and_draws_by_what_they_say(monkeypatch):
    monkeypatch.setattr("modelaudit.checkers.bias.stereotypes.preference._most_pairs", lambda budget: 40)
    one = subject()
    checker = StereotypePreference()
    found, turned = (findings_of(checker, one, data=data) for data in (one.data, backwards(one.data)))
    assert found[PREFERENCE].metric.n == 40
    assert found[PREFERENCE].metric == turned[PREFERENCE].metric
    context = context_of(one, checker)
    list(checker.run(context))
    assert any("Of 60 pairs 40 were drawn" in note for note in context.notes)


def test_an_audit_of_a_masked_model_has_a_result_or_a_reason_for_each_check():
    model, tokenizer = masked_model(stereotyped=True)
    given = {"tokenizer": tokenizer, "train_data": pairs()[:9], "plugins": Plugins(installed=False), "device": "cpu"}
    report = (
        Audit(model, pairs(), **given, preset="quick", options=SHORT)
        .run(only=["bias", "privacy", "opacity", "robustness"])
        .report
    )
    statuses = {result.checker.id.partition("/")[2]: result.status for result in report.results}
    assert "errored" not in statuses.values()
    assert statuses["stereotype-preference"] == statuses["personal-data"] == "completed"
    others = ("memorisation", "canary-audit", "entity-exposure", "shapley-explanation", "calibration")
    for name in (*others, "group-performance"):
        assert statuses[name] == "not applicable"
    # Nine training rows are too few to be told from others; texts can be changed.
    assert (statuses["membership-inference"], statuses["perturbation"]) == ("skipped", "completed")
    why = [result.reason for result in report.results if result.status == "not applicable"]
    assert [reason for reason in why if "fill-mask" not in reason and "masked language model" not in reason] == []
    (verdict,) = (each for each in report.judgement.verdicts if each.checker == "modelaudit/stereotype-preference")
    assert (verdict.state, verdict.severity) == ("exceeds limit", "high")
