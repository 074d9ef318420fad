"""Entity exposure on planted taggers: remembered names are found, their absence is not accused, no name gets out."""

from __future__ import annotations

import numpy as np
import pytest
from measured import backwards, context_of, exceeds, findings_of, subject_of

from modelaudit.audit_report import SubjectInfo
from modelaudit.checkers.privacy.entities.arms import Arm, excess
from modelaudit.checkers.privacy.entities.decoys import DecoyMaker
from modelaudit.checkers.privacy.entities.exposure import EntityExposure
from modelaudit.checkers.privacy.entities.frames import frames
from modelaudit.checkers.privacy.entities.names import Corpus, Name, folded, names_of, types_among
from modelaudit.checkers.privacy.entities.scores import Standing, type_log_odds
from modelaudit.errors import NotAssessable
from modelaudit.rows import Row
from modelaudit.subject.opened import OpenedModel
from modelaudit.testing.planted import planted_tagger, word_noise

LABELS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG")
EXCESS = ("entity_exposure", None)
GUARD = ("blind_name_auc", None)
FRAMES = (
    ("yesterday", "{X}", "wrote to the branch about it"),
    ("the office said that", "{X}", "had called"),
    ("a note by", "{X}", "was filed with the report"),
)


def invented(n: int, seed: int, end: str = "") -> list[str]:
    """So many different words that look like names."""
    rng = np.random.default_rng([seed, n])
    syllables = [one + other for one in "bdfgklmnprstvz" for other in "aeiou"]
    words: dict[str, None] = {}
    while len(words) < n:
        words["".join(rng.choice(syllables, size=3)).capitalize() + end] = None
    return list(words)


FIRST = invented(25, 1)
LAST = invented(260, 2, "n")
NOISE = {word: word_noise(word) for word in (*FIRST, *LAST)}


def persons(surnames, seed=3, first=FIRST):
    rng = np.random.default_rng([seed, len(surnames)])
    return [(str(rng.choice(first)), surname) for surname in surnames]


def rows_of(people, seed=4, kind="PER", repeat=1):
    rng = np.random.default_rng([seed, len(people)])
    rows = []
    for place, person in enumerate([person for person in people for _ in range(repeat)]):
        before, _, after = FRAMES[int(rng.integers(len(FRAMES)))]
        middle = [f"B-{kind}", *[f"I-{kind}"] * (len(person) - 1)]
        tokens = [*before.split(), *person, *after.split(), f"case{seed}{place}"]
        tags = ["O"] * len(before.split()) + middle + ["O"] * (len(after.split()) + 1)
        rows.append({"tokens": tokens, "ner_tags": tags})
    return rows


def tagger(*, remembered=(), memory=0.0, kind="PER", first=FIRST, last=LAST, **more):
    """A tagger that knows every name, each word a little more or less surely, and the remembered surnames by more."""
    lexicon = {**dict.fromkeys(first, f"B-{kind}"), **dict.fromkeys(last, f"I-{kind}")}
    shifts = {word: 0.5 * word_noise(word) for word in lexicon}
    for word in remembered:
        shifts[word] += memory
    return planted_tagger(lexicon, shifts=shifts, case_sensitive=True, **more)


def sides(n=70, *, seed=0):
    """Persons of training and held-out rows: no surname is on both sides."""
    order = [LAST[place] for place in np.random.default_rng(seed).permutation(len(LAST))]
    return persons(order[:n]), persons(order[n : 2 * n])


def measured(planted, members, heldout, checker=None, **tables):
    subject = subject_of(planted, data=heldout, train_data=members, preset="quick", **tables)
    return findings_of(checker or EntityExposure(decoys=4), subject)


def test_remembered_names_are_found_and_what_is_said_fits_the_numbers():
    exposed, fresh = sides(100)
    found = measured(tagger(remembered=[last for _, last in exposed], memory=2.0), rows_of(exposed), rows_of(fresh, 5))
    assert exceeds(found[EXCESS], 0.25)
    assert found[EXCESS].metric.n == 200
    assert found["exposed_win_rate", None].metric.value > 0.9
    assert found["fresh_win_rate", None].metric.value == pytest.approx(0.5, abs=0.08)
    assert found["exposed_bits", None].metric.value > 1.9 > found["fresh_bits", None].metric.value
    assert found[EXCESS].confounded is None
    assert [key for key, finding in found.items() if finding.metric.primary] == [EXCESS]
    assert "100 and 100 names, 4 made-up names each" in found[EXCESS].statement
    smallest = found[EXCESS].metric.smallest_detectable
    assert f"A difference of {100 * smallest:.1f} points could have been shown" in found[EXCESS].statement
    assert "An AUC of" in found[GUARD].statement


def test_fewer_than_100_names_a_side_give_no_verdict_and_say_what_they_could_have_shown():
    exposed, fresh = sides(100)
    memory = tagger(remembered=[last for _, last in exposed], memory=2.0)
    found = measured(memory, rows_of(exposed[:99]), rows_of(fresh, 5))[EXCESS]
    assert exceeds(found, 0.25)
    assert "only 99 names of training rows and 100" in found.confounded
    assert f"{100 * found.metric.smallest_detectable:.1f} points could have been shown" in found.confounded


def test_of_names_seen_more_or_less_often_as_many_are_drawn_as_the_preset_says():
    exposed, fresh = sides(104)
    seen = [
        (exposed[:98], fresh[:50]),
        (exposed[98:101], fresh[50:83]),
        (exposed[101:], fresh[83:]),
    ]
    members, heldout = [], []
    for times, (here, there) in enumerate(seen, start=1):
        members += rows_of(here, seed=10 + times, repeat=times)
        heldout += rows_of(there, seed=20 + times, repeat=times)
    found = measured(tagger(), members, heldout)[EXCESS]
    assert found.metric.n == 200
    assert found.confounded is None


@pytest.mark.parametrize("seed", range(4))
def test_a_model_that_saw_neither_side_is_not_accused(seed):
    exposed, fresh = sides(60, seed=seed)
    found = measured(tagger(), rows_of(exposed), rows_of(fresh, 5))
    low, high = next((bound.low, bound.high) for bound in found[EXCESS].metric.bounds if bound.level == 0.98)
    assert low < 0.0 < high
    assert not exceeds(found[EXCESS], 0.1, p=0.05)
    assert found[EXCESS].metric.smallest_detectable < 0.3


def test_a_model_that_knows_all_names_alike_gives_0_and_an_interval_of_some_width():
    exposed, fresh = sides(60)
    lexicon = {**dict.fromkeys(FIRST, "B-PER"), **dict.fromkeys(LAST, "I-PER")}
    found = measured(planted_tagger(lexicon), rows_of(exposed), rows_of(fresh, 5))
    assert found[EXCESS].metric.value == 0.0
    assert found[EXCESS].metric.bounds[3].high > 0.03
    assert found["exposed_bits", None].metric.value == 0.0, "ties count against the name"


def test_what_the_base_model_knew_of_the_names_is_taken_off():
    exposed, fresh = sides(60)
    knowing = tagger(remembered=[last for _, last in exposed], memory=2.0)
    base = OpenedModel(model=knowing[0], tokenizer=knowing[1], name="base")
    found = measured(knowing, rows_of(exposed), rows_of(fresh, 5), base=base)
    assert found[EXCESS].metric.value == pytest.approx(0.0, abs=1e-9)
    assert any("taken off" in caveat for caveat in found[EXCESS].caveats)


def test_names_that_differ_by_themselves_are_confounded():
    north, south = invented(60, 7, "sson"), invented(60, 8, "ovich")
    planted = tagger(last=[*north, *south])
    found = measured(planted, rows_of(persons(north)), rows_of(persons(south), 5))
    assert "tells them apart by their spelling" in found[EXCESS].confounded
    assert found[GUARD].metric.value > 0.9
    assert found[GUARD].confounded is None


def test_no_order_and_no_batch_changes_anything():
    exposed, fresh = sides(40)
    planted = tagger(remembered=[last for _, last in exposed], memory=1.0)
    checker = EntityExposure(decoys=4)
    subject = subject_of(planted, data=rows_of(fresh, 5), train_data=rows_of(exposed, repeat=2), preset="quick")
    one = list(checker.run(context_of(subject, checker)))
    assert one == list(checker.run(context_of(subject, checker, data=backwards(subject.data))))
    other = subject_of(
        planted, data=rows_of(fresh, 5), train_data=rows_of(exposed, repeat=2), preset="quick", batch_tokens=256
    )
    assert one == list(checker.run(context_of(other, checker)))


def test_no_name_is_in_what_is_said_and_hostile_names_go_through():
    exposed, fresh = sides(40)
    hostile = ["<script>", "\u202eEvil", "\x00\x07", "\ud800Lone", "😀", "A" * 5_000, "Ü" * 30, ",", "J."]
    wild = [*exposed, *(("Zork", word) for word in hostile), ("Ann", "von", "Zork"), ("O",) * 9]
    members = rows_of(wild)
    heldout = rows_of([*fresh, *((word, "Yargle") for word in hostile)], 5)
    subject = subject_of(tagger(), data=heldout, train_data=members, preset="quick")
    checker = EntityExposure(decoys=4)
    ctx = context_of(subject, checker)
    written = " ".join([*(finding.model_dump_json() for finding in checker.run(ctx)), *ctx.notes]).casefold()
    for word in (*FIRST, *LAST, "Zork", "Yargle", "script", "branch", "Evil"):
        assert word.casefold() not in written


def test_too_few_names_no_such_entity_and_rows_without_tags_are_said():
    exposed, fresh = sides(60)
    members, heldout = rows_of(exposed), rows_of(fresh, 5)
    with pytest.raises(NotAssessable, match=r"12 names of the training rows .* 20 of each are the least; provide more"):
        measured(tagger(), members[:12], heldout)
    with pytest.raises(NotAssessable, match="0 names of the training rows"):
        measured(tagger(), rows_of(fresh, 6), heldout)
    with pytest.raises(NotAssessable, match=r"names DISEASE; it knows LOC, ORG, PER\. Name one of these"):
        measured(tagger(), members, heldout, EntityExposure(entity="DISEASE"))
    with pytest.raises(NotAssessable, match="names a person; it knows LOC, ORG"):
        measured(
            tagger(kind="LOC", labels=("O", "B-LOC", "I-LOC", "B-ORG", "I-ORG")),
            rows_of(exposed, kind="LOC"),
            rows_of(fresh, 5, kind="LOC"),
        )
    with pytest.raises(ValueError, match="the option decoys is 2; 4 made-up names are the least"):
        measured(tagger(), members, heldout, EntityExposure(decoys=2))


def test_other_entities_can_be_chosen():
    exposed, fresh = sides(50)
    planted = tagger(kind="LOC", remembered=[last for _, last in exposed], memory=2.0)
    tables = rows_of(exposed, kind="LOC"), rows_of(fresh, 5, kind="LOC")
    found = measured(planted, *tables, EntityExposure(entity="loc", decoys=4))
    assert exceeds(found[EXCESS], 0.2)
    with pytest.raises(NotAssessable, match="0 names of the training rows and 0 names of held-out"):
        measured(planted, *tables)


def test_where_no_names_are_seen_equally_often_the_others_are_compared_with_a_word():
    exposed, fresh = sides(40)
    found = measured(tagger(), rows_of(exposed, repeat=2), rows_of(fresh, 5))
    assert found[EXCESS].metric.n == 80
    assert any("stand in equally many rows" in caveat for caveat in found[EXCESS].caveats)


def test_names_beyond_what_the_model_reads_are_left_out_and_counted():
    exposed, fresh = sides(40)
    found = measured(tagger(max_length=9), rows_of(exposed), rows_of(fresh, 5))
    assert found[EXCESS].metric.n == 80
    with pytest.raises(NotAssessable, match=r"0 names of the training rows and 0 .* within what the model reads"):
        measured(tagger(max_length=3), rows_of(exposed), rows_of(fresh, 5))


def test_names_seen_often_are_shown_by_times_seen_and_compared_with_names_seen_as_often():
    exposed, fresh = sides(60)
    members = [*rows_of(exposed[:30]), *rows_of(exposed[30:], 6, repeat=6)]
    memory = tagger(remembered=[last for _, last in exposed[30:]], memory=3.0)
    found = measured(memory, members, rows_of(fresh, 5))
    assert found[EXCESS].metric.n == 90, "fresh names are seen once, so exposed ones that are not have no control"
    assert not exceeds(found[EXCESS], 0.1, p=0.05)
    doses = {row[:2]: row[2:4] for row in found[EXCESS].evidence[1].rows}
    assert doses["names of the training rows", "seen once"][0] == 30
    number, rate = doses["names of the training rows", "seen 5 times or more"]
    assert (number, rate > 0.85) == (25, True)


def test_the_cost_is_never_less_than_what_is_asked():
    exposed, fresh = sides(60)
    subject = subject_of(tagger(), data=rows_of(fresh, 5), train_data=rows_of(exposed), preset="quick")
    checker = EntityExposure(decoys=4)
    asked = []
    predict = subject.model.predict
    subject.model.predict = lambda rows: asked.append(len(rows)) or predict(rows)
    list(checker.run(context_of(subject, checker)))
    assert 120 * 5 * 4 == sum(asked) <= checker.cost(subject.info).evaluations
    assert isinstance(subject.info, SubjectInfo)
    assert checker.applies(subject.info) is None
    assert "text-classification" in checker.applies(subject.info.model_copy(update={"task": "text-classification"}))


def row(words, name=(), id="r:1"):
    words = tuple(words.split())
    tags = tuple(0 if word not in name else 1 if word == name[0] else 2 for word in words)
    return Row(id, " ".join(words), words=words, tags=tags)


def test_a_name_counts_as_seen_wherever_its_words_stand():
    members = [row("today Ann Lee came", ("Ann", "Lee")), row("then Bo Ray left", ("Bo", "Ray"))]
    heldout = [row("a note for ANN LEE"), row("then Cy Doe and Lee Ann left", ("Cy", "Doe"))]
    found = names_of(
        members,
        heldout,
        Corpus.of(members),
        Corpus.of(heldout),
        labels=LABELS,
        types=types_among(LABELS, None),
        seed=0,
    )
    assert [name.words for name in found.exposed] == [("Bo", "Ray")]
    assert [name.words for name in found.fresh] == [("Cy", "Doe")]
    assert found.left_out == {"in training and in held-out rows": 1}


def name(words, seen=1):
    words = tuple(words.split())
    return Name(words, folded(words), seen)


def test_decoys_are_like_the_name_and_never_stand_in_training_rows():
    fresh = [name(f"{first} {last}") for first, last in persons(LAST[:60])]
    # Every word of the fresh names stands in training rows about equally often, in half of all pairs.
    taken = [
        row(f"by {first} {last} today")
        for at, first in enumerate(FIRST)
        for other, last in enumerate(LAST[:60])
        if (at + other) % 2
    ]
    maker = DecoyMaker(fresh, Corpus.of(taken), lambda words: [1 + len(word) // 7 for word in words], 0)
    training = {tuple(word.casefold() for word in held.words[1:3]) for held in taken}
    for target in (name("Martha van Kelemen"), name("PETER KELEMEN"), name("J. Kelemen"), name("anna kelemen")):
        maker.learn([target])
        decoys = maker.decoys(target, 8)
        if target.words[0] == "J.":
            assert decoys is None, "no fresh name has but one telling word"
            continue
        assert len({folded(decoy) for decoy in decoys}) == 8
        for decoy in decoys:
            assert folded(decoy) not in training
            assert [len(word) // 7 for word in decoy] == [len(word) // 7 for word in target.words]
            assert [word.isupper() for word in decoy] == [word.isupper() for word in target.words]
            assert [word.islower() for word in decoy] == [word.islower() for word in target.words]
            assert not set(folded(decoy)) & target.parts
        assert decoys == maker.decoys(target, 8)
    assert all(decoy[1] == "van" for decoy in maker.decoys(name("Martha van Kelemen"), 8))


def test_frames_are_of_held_out_rows_and_keep_a_name_out_of_its_own_context():
    heldout = [Row("h:1", "x", words=("yesterday", "Ann", "Lee", "wrote", "to", "them"), tags=(0, 1, 2, 0, 0, 0))]
    made = frames(heldout, labels=LABELS, types={"PER"}, each=2, seed=0)
    [own] = [frame for frame in made if frame.origin]
    assert own.holding(("Bo", "Ray")).words == ("yesterday", "Bo", "Ray", "wrote", "to", "them")
    assert own.knows(("ann", "lee"))
    assert not own.knows(("lee", "ann"))
    more = [
        Row(f"h:{i}", f"text {i}", words=("on", "day", str(i), "a", "b", "Ann"), tags=(0,) * 5 + (1,)) for i in range(9)
    ]
    one, other = (frames(rows, labels=LABELS, types={"PER"}, each=2, seed=0) for rows in (more, more[::-1]))
    assert one == other
    assert len(one) == 4
    chinese = [Row("h:1", "昨天王小明写信了", words=tuple("昨天王小明写信了"), tags=(0, 0, 1, 2, 2, 0, 0, 0))]
    assert all(frame.origin for frame in frames(chinese, labels=LABELS, types={"PER"}, each=2, seed=0))


def test_log_odds_of_a_type_sum_over_its_tags_and_do_not_saturate():
    logits = np.array([[0.0, 3.0, 3.0, 0.0, 0.0, 0.0, 0.0], [0.0, 90.0, 0.0, 0.0, 0.0, 0.0, 0.0], [np.nan] * 7])
    odds = type_log_odds(logits, LABELS, {"PER"})
    assert odds[0] == pytest.approx(np.log(2 * np.e**3 / 5))
    assert odds[1] == pytest.approx(90.0 - np.log(5))
    assert np.isnan(odds[2])


def test_simulated_nulls_with_families_alarm_no_more_often_than_five_percent_allows():
    rng = np.random.default_rng(11)
    alarms = 0
    for _ in range(200):
        effects = rng.normal(size=60)
        arms = []
        for _ in range(2):
            family = rng.integers(60, size=60)
            rates = 1 / (1 + np.exp(-(effects[family] + rng.normal(size=60))))
            names = [Name((f"a{i}", f"b{f}"), (f"a{i}", f"b{f}"), 1) for i, f in enumerate(family)]
            arms.append(Arm(names, [Standing(float(rate), 0.0) for rate in rates]))
        low, high = excess(*arms).interval()
        alarms += not low <= 0.0 <= high
    assert alarms <= 18
