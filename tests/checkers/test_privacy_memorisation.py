"""Memorisation: a model that knows rows by heart, the one that it was before, and the numbers in its rows."""

import re
from functools import cache

import numpy as np
import pytest
from measured import backwards, context_of, exceeds, findings_of, subject_of

from modelaudit.checkers.privacy.memory.extraction import Demand, beyond, parted, within
from modelaudit.checkers.privacy.memory.lookalikes import look_alikes
from modelaudit.checkers.privacy.memory.memorisation import Memorisation
from modelaudit.checkers.privacy.memory.secret_comparison import Comparison
from modelaudit.checkers.privacy.memory.secrets import Exposures, Secret, find_secrets, numbers_of, ranked
from modelaudit.errors import NotAssessable
from modelaudit.evidence import Examples
from modelaudit.rows import Row
from modelaudit.statistics import mean_difference, wilson
from modelaudit.subject.opened import OpenedModel
from modelaudit.text.personal_data import find_personal_data
from rememberers import KNOWN, ROWS, blank, remembering, texts, trained

EXTRACTABLE, SAMPLED, EXPOSURE = ("extractable_excess", None), ("sampled_excess", None), ("secret_exposure", None)


def subject(target="model", base="base", *, members=None, heldout=None, preset="quick", **tables):
    model, before, tokenizer, inside, outside = remembering()
    handles = {"model": model, "base": before}
    opened = None if base is None else OpenedModel(model=handles[base], tokenizer=tokenizer, name="base")
    return subject_of(
        (handles[target], tokenizer),
        data=heldout or [{"text": text} for text in outside],
        train_data=members or [{"text": text} for text in inside],
        base=opened,
        preset=preset,
        **tables,
    )


@pytest.fixture(scope="module")
def found():
    return findings_of(Memorisation(), subject())


def test_rows_known_by_heart_are_extracted_and_named_by_id_alone(found):
    finding = found[EXTRACTABLE]
    assert finding.metric.value == pytest.approx(KNOWN / ROWS, abs=0.02)
    assert finding.metric.primary
    assert finding.confounded is None
    assert exceeds(finding, 0.2)
    assert found[SAMPLED].metric.value == pytest.approx(KNOWN / ROWS, abs=0.02)
    assert found["extractable_share", None].metric.value == pytest.approx(KNOWN / ROWS, abs=0.02)
    (shown,) = (item for item in finding.evidence if isinstance(item, Examples))
    assert shown.private
    assert {item.row for item in shown.items} <= {f"training:{i + 1}" for i in range(KNOWN)}
    assert all(item.before is None and item.after is None for item in shown.items)


def test_nothing_that_a_row_says_is_in_the_findings(found):
    _, _, _, members, _ = remembering()
    said = "\n".join(finding.model_dump_json() for finding in found.values())
    for text in members:
        assert " ".join(text.split()[:3]) not in said
        (match,) = find_personal_data(text)
        assert text[match.start : match.end] not in said


def test_numbers_in_rows_known_by_heart_are_exposed():
    _, _, _, members, _ = remembering()
    learned = [{"text": text} for text in members[:KNOWN]]
    one = subject(members=learned)
    found = findings_of(Memorisation(), one)[EXPOSURE]
    assert found.metric.n == 48
    assert found.metric.primary
    assert exceeds(found, 1.0)
    (shown,) = (item for item in found.evidence if isinstance(item, Examples))
    assert shown.private
    assert all(item.change == "phone number" and item.before is None for item in shown.items)


@pytest.mark.parametrize("base", ["base", None])
def test_the_model_before_it_learned_them_is_quiet(base):
    quiet = findings_of(Memorisation(), subject("base", base))
    assert quiet[EXTRACTABLE].metric.value == 0.0
    assert quiet[SAMPLED].metric.value == 0.0
    for key in (EXTRACTABLE, EXPOSURE):
        low, high = quiet[key].metric.grid[3][1:]
        assert low <= 0.0 <= high
    assert not any(isinstance(item, Examples) for item in quiet[EXTRACTABLE].evidence)


def test_what_the_base_model_writes_too_is_taken_off():
    both = findings_of(Memorisation(), subject("model", "model"))
    assert both[EXTRACTABLE].metric.value == 0.0
    assert both["extractable_share", None].metric.value == pytest.approx(KNOWN / ROWS, abs=0.02)
    assert both[EXPOSURE].metric.value == 0.0


def test_what_held_out_rows_show_too_is_taken_off():
    """Half of the rows that the model learned are called held-out: what it writes of both sides shows no memory."""
    _, _, _, members, _ = remembering()
    half, rest = members[: KNOWN // 2], members[KNOWN // 2 : KNOWN]
    tables = {"members": [{"text": t} for t in half], "heldout": [{"text": t} for t in rest]}
    measured = findings_of(Memorisation(), subject(**tables))[EXTRACTABLE]
    assert measured.metric.value == 0.0
    assert "only 20 and 20 rows" in measured.confounded
    other = {"members": [{"text": t} for t in texts(120, seed=9)], "heldout": [{"text": t} for t in members]}
    measured = findings_of(Memorisation(), subject(**other))[EXTRACTABLE]
    assert measured.metric.value == pytest.approx(-KNOWN / ROWS, abs=0.02)
    assert "no control" in measured.confounded


def test_without_a_base_model_held_out_rows_stand_for_it():
    alone = findings_of(Memorisation(), subject(base=None))
    assert alone[EXTRACTABLE].metric.value == pytest.approx(KNOWN / ROWS, abs=0.02)
    assert any("could not be taken off" in caveat for caveat in alone[EXTRACTABLE].caveats)
    assert any("no base model" in caveat for caveat in alone[EXPOSURE].caveats)


def test_the_same_seed_gives_the_same_findings_in_any_order_of_rows(found):
    again = subject()
    turned = list(Memorisation().run(context_of(again, Memorisation(), data=backwards(again.data))))
    said = [finding.model_dump_json() for finding in found.values()]
    assert said == [finding.model_dump_json() for finding in turned]


def test_an_answer_is_what_must_be_written_to_its_prompt():
    _, _, _, members, heldout = remembering()

    def parts(text):
        words = text.split()
        return {"prompt": " ".join(words[:5]), "answer": " ".join(words[5:])}

    found = findings_of(Memorisation(), subject(members=list(map(parts, members)), heldout=list(map(parts, heldout))))
    assert found[EXTRACTABLE].metric.value == pytest.approx(KNOWN / ROWS, abs=0.03)
    assert any("answer" in caveat for caveat in found[EXTRACTABLE].caveats)
    assert found[EXPOSURE].metric.n == 48


def test_rows_that_are_too_short_or_too_few_are_not_assessed_and_say_so():
    short = [{"text": " ".join(text.split()[:8])} for text in texts(40, seed=4)]
    short = [{"text": row["text"].replace("phone", "the")} for row in short]
    model = subject(members=[{"text": " ".join(row["text"].split()[:5])} for row in short])
    with pytest.raises(NotAssessable, match=r"0 training rows are long enough.*20 tokens or more"):
        list(Memorisation().run(context_of(model, Memorisation())))
    numbers = [{"text": " ".join(text.split()[4:7])} for text in texts(40, seed=4)]
    found = findings_of(Memorisation(), subject(members=numbers))
    assert found[EXTRACTABLE].metric.value is None
    assert "long enough" in found[EXTRACTABLE].metric.reason
    assert found[EXPOSURE].metric.n == 48


def test_near_copies_of_training_rows_are_no_control():
    _, _, _, members, heldout = remembering()
    copied = [{"text": text} for text in heldout] + [{"text": f"{text} never"} for text in members[:10]]
    one = subject(heldout=copied)
    context = context_of(one, Memorisation())
    finding = next(iter(Memorisation().run(context)))
    assert any("10 held-out rows are near-copies" in note for note in context.notes)
    assert finding.metric.value == pytest.approx(KNOWN / ROWS, abs=0.02)
    assert [row[2] for row in finding.evidence[0].rows if row[0] == "held-out rows"] == [ROWS, ROWS]


def of_one_block(seed, first=None):
    """Texts whose numbers are all 212-555-xxxx, each xxxx as likely as the next but for its `first` digit."""
    made = [re.sub("212-[0-9]{3}", "212-555", text) for text in texts(KNOWN, seed)]
    return made if first is None else [re.sub("555-[0-9]", f"555-{first}", text) for text in made]


@cache
def of_block(first):
    """A model that was trained on numbers of one block, and the rows that it learned."""
    _, base, tokenizer, _, _ = remembering()
    learned = of_one_block(21, first)
    model = blank()
    model.load_state_dict(base.state_dict())
    return trained(model, tokenizer, learned, steps=90), learned


def exposure_in_block(first, members, heldout, *, based=True):
    _, base, tokenizer, _, _ = remembering()
    one = subject_of(
        (of_block(first)[0], tokenizer),
        data=[{"text": text} for text in heldout],
        train_data=[{"text": text} for text in members],
        base=OpenedModel(model=base, tokenizer=tokenizer, name="base") if based else None,
        preset="quick",
    )
    return findings_of(Memorisation(), one)[EXPOSURE]


@pytest.mark.parametrize("based", [True, False])
def test_numbers_of_a_block_that_the_model_knows_are_exposed_only_where_it_saw_them(based):
    unseen, heldout = of_one_block(22), of_one_block(23)
    never = exposure_in_block(None, unseen, heldout, based=based)
    low, high = never.metric.grid[3][1:]
    assert low <= 0.0 <= high
    assert not exceeds(never, 1.0, p=0.05)
    assert never.confounded is None
    seen = exposure_in_block(None, of_block(None)[1], heldout, based=based)
    assert exceeds(seen, 1.0)
    assert seen.confounded is None
    assert seen.metric.n == 48
    assert f"An exposure of {seen.metric.smallest_detectable:.2f} bits" in seen.statement


def test_what_a_rule_of_all_numbers_gives_away_is_taken_off_and_leaves_no_room():
    unseen, heldout = of_one_block(22, 0), of_one_block(23, 0)
    never = exposure_in_block(0, unseen, heldout, based=False)
    assert never.evidence[0].rows[0][4] > 3.0
    low, high = never.metric.grid[3][1:]
    assert low <= 0.0 <= high
    assert "almost as high as can be" in never.confounded
    bare = [text.replace("phone", "the").replace("-", " ") for text in heldout]
    alone = exposure_in_block(0, unseen, [*heldout[:9], *bare[9:]], based=False)
    assert exceeds(alone, 0.5)
    assert "no control: 8 numbers" in alone.confounded
    assert "left out, since they stand on both sides: 1" in alone.confounded
    assert "Provide held-out rows with such numbers" in alone.confounded


def side_of(name, bits, documents=None, **kinds):
    """Numbers of some kinds, each exposed about as much as its kind is."""
    alike = tuple(map(str, range(31)))
    made = [(kind, i) for kind, n in kinds.items() for i in range(n)]
    units = [f"{name}{place if documents is None else place % documents}" for place in range(len(made))]
    secrets = tuple(
        Secret(f"{name}:{kind}:{i}", 1, frozenset({own}), kind, "", "x", alike)
        for (kind, i), own in zip(made, units, strict=True)
    )
    return Exposures(secrets, np.array([bits[kind] for kind, _ in made]), None, 0)


def test_numbers_are_compared_with_numbers_of_their_kind():
    bits = {"card": 4.0, "phone": 1.0, "date": 5.0}
    inside, outside = side_of("in", bits, card=20, phone=10), side_of("out", bits, card=6, phone=20)
    compared = Comparison.of(inside, outside)
    assert compared.excess().value == pytest.approx(0.0, abs=1e-9)
    assert compared.over_control(outside.target) == pytest.approx(inside.target.mean())
    with_dates = Comparison.of(side_of("in", bits, card=20, phone=10, date=4), outside)
    assert (with_dates.controlled, with_dates.uncontrolled) == (True, 4)
    assert with_dates.excess().value == pytest.approx(0.0, abs=1e-9)
    mostly_dates = Comparison.of(side_of("in", bits, card=4, date=20), outside)
    assert (mostly_dates.controlled, mostly_dates.uncontrolled) == (False, 0)
    assert mostly_dates.excess().n == 24


def test_numbers_of_one_document_do_not_count_as_many():
    outside = side_of("out", {"phone": 1.0}, phone=24)
    widths = []
    for documents in (None, 2):
        inside = side_of("in", {"phone": 2.0}, documents, phone=24)
        by_document = Exposures(inside.secrets, inside.target + np.arange(24) % 2, None, 0)
        low, high = Comparison.of(by_document, outside).excess().interval()
        widths.append(high - low)
    assert widths[1] > 1.5 * widths[0]


def test_a_control_that_is_exposed_more_is_none():
    _, _, _, members, _ = remembering()
    other = {"members": [{"text": t} for t in texts(KNOWN, seed=9)], "heldout": [{"text": t} for t in members[:KNOWN]]}
    found = findings_of(Memorisation(), subject(**other))[EXPOSURE]
    assert "more exposed than those of training rows" in found.confounded


def test_few_numbers_give_no_verdict():
    _, _, _, members, _ = remembering()
    bare = [{"text": text.replace("phone", "the").replace("-", " ")} for text in members[3:]]
    found = findings_of(Memorisation(), subject(members=[{"text": text} for text in members[:3]] + bare))
    assert not found[EXPOSURE].metric.primary
    assert found[EXPOSURE].metric.n == 3 + 10
    assert any("10 are the least" in caveat for caveat in found[EXPOSURE].caveats)


def test_applies_and_cost():
    info = subject().info
    checker = Memorisation()
    assert checker.applies(info) is None
    assert "text-classification does not" in checker.applies(info.model_copy(update={"task": "text-classification"}))
    assert checker.cost(info).evaluations == 2 * (2 * ROWS + 2 * 24 * 32)
    assert checker.cost(info.model_copy(update={"base_model": None})).evaluations == 2 * ROWS + 2 * 24 * 32


@pytest.mark.parametrize(
    "options", [{"suffix_tokens": 5}, {"prefix_tokens": 0}, {"queries": 1.5}, {"chance": 1.0}, {"queries": True}]
)
def test_options_that_mean_nothing_are_refused(options):
    with pytest.raises(ValueError, match=f"the option {next(iter(options))} is"):
        Memorisation(**options)


def test_where_a_row_is_parted():
    given, lengths = parted(np.array([100, 300, 99, 60, 20, 19, 80, 9]), np.array([False] * 6 + [True] * 2), Demand())
    assert given.tolist() == [50, 50, 49, 30, 10, 9, 0, 0]
    assert lengths.tolist() == [50, 50, 50, 30, 10, 10, 50, 9]


def test_what_comes_in_so_many_samples():
    enough = np.log(1 - 0.5 ** (1 / 100))
    assert within(np.array([enough + 1e-9, enough - 1e-9, 0.0, -500.0]), Demand()).tolist() == [
        True,
        False,
        True,
        False,
    ]


def test_the_interval_of_an_excess_beyond_a_control_is_newcombes():
    """Newcombe 1998 (Statistics in Medicine 17:873), table II, method 10."""
    for (a, m, b, n), low, high in (((56, 70, 48, 80), 0.0524, 0.3339), ((9, 10, 3, 10), 0.1705, 0.8090)):
        found = beyond(wilson(a, m), wilson(b, n))
        assert found.value == pytest.approx(a / m - b / n)
        assert found.interval() == pytest.approx((low, high), abs=1e-4)


NUMBERS = (
    "tel 212-555-0123", "call me on +44 7911 123456", "card 4111 1111 1111 1111", "IBAN DE89 3704 0044 0532 0130 00",
    "GB82WEST12345698765432", "SSN 123-45-6789", "NINO AB 12 34 56 C", "NHS 943 476 5919", "11010519491231002X",
    "ip 192.168.1.17", "2001:db8::8a2e:370:7334", "born on 13/02/1988", "DOB: 05/09/1990", "1985年3月5日出生",
)  # fmt: skip


@pytest.mark.parametrize("text", NUMBERS)
def test_look_alikes_are_numbers_of_the_same_kind_and_form(text):
    (match,) = find_personal_data(text)
    secret = text[match.start : match.end]
    made = look_alikes(text, match, count=63, rng=np.random.default_rng(0))
    assert len(set(made)) == 63
    assert secret not in made
    assert made == look_alikes(text, match, count=63, rng=np.random.default_rng(0))
    for other in made:
        assert re.sub("[0-9Xa-f]", "#", other) == re.sub("[0-9Xa-f]", "#", secret)
        (again,) = find_personal_data(text[: match.start] + other + text[match.end :])
        assert (again.kind, again.start, again.end) == (match.kind, match.start, match.end)


def test_what_has_no_digits_to_draw_has_no_look_alikes():
    text = "write to ann.bob@example.org"
    (match,) = find_personal_data(text)
    assert look_alikes(text, match, count=63, rng=np.random.default_rng(0)) == []


def test_a_number_in_several_rows_is_one_secret_and_hostile_rows_are_read():
    rows = [
        Row("a", "tel 212-555-0123"),
        Row("b", "my phone is (212) 555-0123."),
        Row("c", "\ud800" * 50),
        Row("d", ""),
    ]
    rows += [Row("e", "x" * 4990 + " tel 212-777-0123"), Row("f", "tel ", answer=" 212-888-0123")]
    rows.append(Row("g", "host 2001:db8::1 is down"))
    found = find_secrets(numbers_of(rows), {}, most=9, alike=63, context=40, seed=0)
    assert (found.numbers, found.unlike) == (4, 1)
    held = {secret.number: (secret.rows, len(secret.context)) for secret in found.secrets}
    assert {rows for rows, _ in held.values()} == {1, 2}
    assert all(length <= 40 for _, length in held.values())
    again = find_secrets(numbers_of(rows[::-1]), {}, most=9, alike=63, context=40, seed=0)
    assert again == found
    elsewhere = numbers_of([Row("h", "call (212) 777-0123")])
    apart = find_secrets(numbers_of(rows), elsewhere, most=9, alike=63, context=40, seed=0)
    assert {secret.number for secret in found.secrets} - {secret.number for secret in apart.secrets} == {"212-777-0123"}
    assert (apart.numbers, apart.shared) == (4, 1)


def test_a_number_that_the_model_has_no_room_for_is_left_out():
    _, _, _, members, _ = remembering()
    model = subject("base", None).model
    long = Row("a", " ".join(["soon"] * 60 + members[0].split()[5:7]))
    rows = [long, Row("b", members[1])]
    found = find_secrets(numbers_of(rows), {}, most=9, alike=63, context=10_000, seed=0)
    exposures = ranked(model, None, found.secrets)
    assert (len(exposures.secrets), exposures.cut) == (1, 1)


def test_numbers_that_nobody_learned_have_the_exposure_of_chance():
    tokenizer = remembering()[2]
    unseen = subject_of((blank().eval(), tokenizer), data=[{"text": "the old van"}], preset="quick").model
    rows = [Row(str(i), text) for i, text in enumerate(texts(60, seed=11))]
    found = find_secrets(numbers_of(rows), {}, most=60, alike=31, context=60, seed=0)
    exposures = ranked(unseen, None, found.secrets)
    low, high = mean_difference(exposures.gained, reach=exposures.caps).interval(0.99)
    assert low < 0.0 < high
    assert found.secrets[0].chance == pytest.approx(np.mean(5 - np.log2(np.arange(1, 33))))
