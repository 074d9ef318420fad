"""Standard numerics: an engine that answers in half precision, decides as in float32, and says what it did.

float16 is exercised on the processor here, where the library itself would not use it.
"""

import copy

import numpy as np
import pytest
import torch
from engine_models import SMALL, VOCABULARY, build, engine_for, rows_of
from plain_model import Plain, bring_up
from test_engine_memory import cramped
from transformers import BertConfig, BertForSequenceClassification
from worker_models import Bench

from modelaudit.errors import ModelInputError
from modelaudit.inference import Journal, ModelInput
from modelaudit.inference.crew import CrewExecutor
from modelaudit.inference.half import Halved, half
from modelaudit.inference.standard import Standard

COMPARED = rows_of(100, seed=77)


def standard_engine(model, *, compared=COMPARED, **options):
    engine = engine_for(model, numerics=Standard("standard", on=("cpu",)), **options)
    engine.certify(compared)
    return engine


def bits(answers):
    return [answer.tobytes() for answer in answers]


def raw_half(engine, rows):
    """Return logits in half precision with nothing asked again."""
    units = engine._layout.units("logits", rows, [0] * len(rows))
    answers = {}
    for unit in units:
        answers.update(zip(unit.places, Halved(engine._forward).run(unit), strict=True))
    return [answers[place] for place in range(len(rows))]


@pytest.fixture(scope="module")
def undecided():
    """Return a model, and rows of which the first sixty are as close to its boundary as can be found."""
    model, rows = copy.deepcopy(build("bert")), rows_of(3000, seed=4)
    answers = np.array(engine_for(model).logits(rows))
    middle = np.median(answers, axis=0)
    with torch.no_grad():
        model.classifier.bias -= torch.from_numpy(middle)
    margins = [float(np.diff(np.sort(answer)[-2:])[0]) for answer in answers - middle]
    order = np.argsort(margins)
    return model, [rows[place] for place in (*order[:60], *order[1500:1700])]


def test_decisions_that_half_precision_would_flip_are_those_of_float32(undecided):
    model, rows = undecided
    engine = standard_engine(model)
    full, half = engine_for(model).logits(rows), raw_half(engine, rows)
    flipped = [a.argmax() != b.argmax() for a, b in zip(half, full, strict=True)]
    assert sum(flipped) > 0, "nothing to protect"
    found = engine.logits(rows)
    assert [answer.argmax() for answer in found] == [answer.argmax() for answer in full]
    same = [a == b for a, b in zip(bits(found), bits(full), strict=True)]
    assert all(same[i] for i, other in enumerate(flipped) if other)
    assert not any(same[60:]), "rows with a clear decision were not asked in half precision"


def test_the_numerics_say_what_held():
    engine, strict = standard_engine(build("bert")), engine_for(build("bert"))
    certificate = engine._standard.certificate
    assert certificate.rows == 100
    assert engine.numerics["dtype"].startswith(f"float16, decisions within {certificate.rescored_within:g} of the")
    assert engine.numerics["certificate"] == certificate.describe()
    assert engine.numerics_id != strict.numerics_id
    assert engine.events == []
    assert "certificate" not in strict.numerics
    assert engine.numerics == standard_engine(build("bert")).numerics


def test_until_rows_were_compared_all_is_float32():
    engine = engine_for(build("bert"), numerics=Standard("standard", on=("cpu",)))
    assert engine.numerics == engine_for(build("bert")).numerics
    rows = rows_of(20)
    before = bits(engine.logits(rows))
    assert before == bits(engine_for(build("bert")).logits(rows))
    engine.certify(COMPARED)
    assert bits(engine.logits(rows)) == bits(standard_engine(build("bert")).logits(rows)) != before


@pytest.mark.parametrize("kind", ["bert", "bert-tokens", "roberta", "distilbert", "gpt2"])
def test_a_row_has_the_same_bits_in_every_order_and_call(kind):
    rows = rows_of(90, seed=3)
    expected = bits(standard_engine(build(kind)).logits(rows))
    engine = standard_engine(build(kind))
    order = np.random.default_rng(1).permutation(len(rows))
    alone = [bits(engine.logits([row]))[0] for row in rows[:10]]
    engine._memo.clear()
    shuffled = bits(engine.logits([rows[i] for i in order]))
    assert [shuffled[i] for i in np.argsort(order)] == expected
    assert alone == expected[:10]


def test_states_and_gradients_are_those_of_float32():
    rows, engine, strict = rows_of(20), standard_engine(build("bert")), engine_for(build("bert"))
    assert bits(engine.hidden(rows)) == bits(strict.hidden(rows))
    assert bits(engine.gradients(rows, [1] * 20)) == bits(strict.gradients(rows, [1] * 20))


def test_workers_answer_in_both_precisions(undecided):
    model, rows = undecided
    expected = bits(standard_engine(model).logits(rows))
    for seed in range(3):
        engine = standard_engine(model)
        bench = Bench(model, 3, seed=seed, ends=[4])
        engine._executor = CrewExecutor(bench, engine._executor, engine._forward, engine.events)
        assert bits(engine.logits(rows)) == expected
        proven = [place.proven for place in engine._executor._places]
        assert any(questions == {("logits", True), ("logits", False)} for questions in proven)


class FullOnly:
    """Answers in this process what is asked in float32, and nothing else."""

    def __init__(self, local):
        self._local = local

    def run(self, units):
        units = list(units)
        assert not any(unit.half for unit in units), "a unit of half precision was answered in this process"
        return self._local.run(units)

    def close(self):
        self._local.close()


def test_two_processes_answer_as_one():
    rows = rows_of(200, seed=8)
    engine = standard_engine(Plain(), workers=2)
    bring_up(engine, "logits", half=True)
    assert all(place.proven >= {("logits", True)} for place in engine._executor._places)
    engine._executor._local = FullOnly(engine._executor._local)
    answers = bits(engine.logits(rows))
    engine.close()
    assert answers == bits(standard_engine(Plain()).logits(rows))
    assert answers != bits(engine_for(Plain()).logits(rows))


def test_memory_that_runs_out_halves_the_batch_and_certifies_again():
    rows = rows_of(40, longest=30)
    engine = cramped(256, batch_tokens=256, numerics=Standard("standard", on=("cpu",)))
    engine.certify(COMPARED)
    first, certificate = engine.numerics_id, engine._standard.certificate
    engine.logits(rows[:10])
    engine._model.room = 100
    again = standard_engine(build("bert"), batch_tokens=64)
    assert bits(engine.logits(rows)) == bits(again.logits(rows))
    assert engine.numerics == again.numerics
    assert engine.numerics_id != first
    assert engine._standard.certificate is not certificate
    assert engine.events[-1] == "Ran out of memory at 128 tokens a batch; went on with 64."


def test_memory_that_runs_out_while_rows_are_compared():
    engine = cramped(100, batch_tokens=256, numerics=Standard("standard", on=("cpu",)))
    engine.certify(COMPARED)
    assert engine.numerics == standard_engine(build("bert"), batch_tokens=64).numerics


def test_a_journal_is_read_in_the_precision_in_which_it_was_written(tmp_path, undecided):
    model, rows = undecided
    with Journal(tmp_path / "j") as journal:
        engine = standard_engine(model)
        engine.keep_in(journal)
        half = bits(engine.logits(rows))
    with Journal(tmp_path / "j", resume=True) as journal:
        strict = engine_for(model, journal=journal)
        assert bits(strict.logits(rows)) != half
        assert strict.stats.journal_hits == 0
    with Journal(tmp_path / "j", resume=True) as journal:
        engine = standard_engine(model)
        engine.keep_in(journal)
        assert bits(engine.logits(rows)) == half
        assert (engine.stats.journal_hits, engine.stats.computed) == (len(rows), 0)


def test_an_engine_that_is_stopped_half_way_goes_on(tmp_path, undecided):
    model, rows = undecided
    expected = bits(standard_engine(model).logits(rows))
    with Journal(tmp_path / "j") as journal:
        engine = standard_engine(model)
        engine.keep_in(journal)

        def stop(_done):
            if engine.stats.batches > 9:
                raise KeyboardInterrupt

        engine.on_progress = stop
        with pytest.raises(KeyboardInterrupt):
            engine.logits(rows)
    with Journal(tmp_path / "j", resume=True) as journal:
        engine = standard_engine(model)
        engine.keep_in(journal)
        assert bits(engine.logits(rows)) == expected
        assert 0 < engine.stats.journal_hits < len(rows)


def test_every_row_counts_once_however_often_it_is_asked(undecided):
    model, rows = undecided
    heard, engine = [], standard_engine(model)
    engine.on_progress = heard.append
    engine.logits(rows)
    assert sum(heard) == engine.stats.computed == len(rows)
    assert engine.stats.tokens == sum(map(len, rows))
    strict = engine_for(model)
    strict.logits(rows)
    assert engine.stats.padded_tokens > strict.stats.padded_tokens


class Loud(Plain):
    """Some tokens are more than float16 holds."""

    def __init__(self, *tokens):
        super().__init__()
        with torch.no_grad():
            self.table.weight[list(tokens)] *= 1e6


def without(rows, token):
    return [row for row in rows if token not in row.ids]


def test_a_model_that_overflows_in_half_precision_runs_in_float32_and_the_report_says_so():
    engine, strict = standard_engine(Loud(*range(200))), engine_for(Loud(*range(200)))
    assert engine.events == [
        "float16 against float32 on 100 rows of the audit: not every answer is a number, so float32 is used throughout."
    ]
    assert engine.numerics == strict.numerics
    rows = rows_of(20)
    assert bits(engine.logits(rows)) == bits(strict.logits(rows))


def test_a_row_that_overflows_after_the_certificate_is_asked_again_in_float32():
    compared = without(rows_of(200), 9)
    engine = standard_engine(Loud(9), compared=compared)
    assert engine._standard.certificate is not None
    row = ModelInput(np.array([7, 9, 11], np.int32))
    assert not np.isfinite(raw_half(engine, [row])[0]).all()
    assert bits(engine.logits([row])) == bits(engine_for(Loud(9)).logits([row]))


class Picky(Plain):
    """A model that does not run in half precision."""

    def forward(self, input_ids):
        if torch.is_autocast_enabled("cpu"):
            raise RuntimeError("no kernel for Half here\nand more")
        return super().forward(input_ids)


def test_a_model_that_does_not_run_in_half_precision_runs_in_float32():
    engine = standard_engine(Picky())
    assert engine.events == ["float16 is not used: the model does not run in it (no kernel for Half here)."]
    assert bits(engine.logits(COMPARED)) == bits(engine_for(Picky()).logits(COMPARED))


def test_half_precision_ends_where_the_encoder_raised():
    with pytest.raises(RuntimeError, match="no kernel"), half(model := Picky(), torch.device("cpu")):
        model(torch.tensor([[5]]))
    assert not torch.is_autocast_enabled("cpu")
    assert engine_for(model).logits(rows_of(1))


def test_a_model_that_goes_round_its_encoder_runs_in_float32():
    model = Plain()
    model.base_model_prefix, model.other = "other", torch.nn.Linear(2, 2)
    assert "goes round its own encoder" in standard_engine(model).events[0]


def test_a_model_whose_decisions_are_mostly_near_runs_in_float32():
    model = copy.deepcopy(build("bert"))
    with torch.no_grad():
        model.classifier.bias += 1000.0
    engine = standard_engine(model)
    assert "would have to be asked again in float32, so float32 is used" in engine.events[0]
    assert engine.numerics["dtype"] == "float32"


@pytest.mark.parametrize(
    ("spoilt", "shape"),
    [
        (lambda unit: unit.slots == 64, "packed into 32 128 slots"),
        (lambda unit: unit.slots == 128 and unit.places[0] % 2, None),
    ],
)
def test_shapes_that_hold_no_bits_in_half_precision_are_not_used(monkeypatch, spoilt, shape):
    strict = engine_for(build("bert"))
    if "32 64 128 slots" not in strict.numerics["shape"]:
        pytest.skip("these sizes do not hold in float32 on this machine")
    run = Halved.run

    def spoil(self, unit):
        answers = run(self, unit)
        return [np.nextafter(answer, 9, dtype=np.float32) for answer in answers] if spoilt(unit) else answers

    monkeypatch.setattr(Halved, "run", spoil)
    engine = standard_engine(build("bert"))
    if shape is not None:
        assert shape in engine.numerics["shape"]
        assert engine._standard.certificate is not None
    else:
        assert engine.events == ["float16 is not used: in it a row's answer depends on the rows beside it."]
        assert engine.numerics == strict.numerics


def test_standard_is_the_default_on_cuda_and_nowhere_else():
    assert Standard().on("cuda")
    assert Standard("standard").on("cuda:1")
    assert not Standard("strict").on("cuda")
    assert not Standard().on("cpu")
    assert Standard().refusal("cpu") == Standard("strict").refusal("cpu") == Standard("standard").refusal("cuda") == []


def test_standard_asked_for_on_a_processor_is_strict_and_says_so():
    engine = engine_for(build("bert"), numerics="standard")
    engine.certify(COMPARED)
    assert engine.events == [
        "Standard numerics were asked for and strict ones used: on 'cpu' float16 is slower than float32."
    ]
    assert engine.numerics == engine_for(build("bert"), numerics="strict").numerics


def test_numerics_that_are_not_known_are_refused():
    with pytest.raises(ModelInputError, match="'exact' is not known; use auto, strict, standard"):
        engine_for(build("bert"), numerics="exact")


cuda = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")]


class TestOnCuda:
    pytestmark = cuda

    @pytest.mark.parametrize("kind", ["bert", "bert-tokens"])
    def test_the_default_is_half_precision_with_the_decisions_of_float32(self, kind):
        rows = rows_of(500)
        engine = engine_for(build(kind), device="cuda")
        engine.certify(COMPARED)
        assert engine.numerics["dtype"].startswith("float16")
        strict = engine_for(build(kind), device="cuda", numerics="strict")
        strict.certify(COMPARED)
        assert strict.numerics["dtype"] == "float32"
        found, full = engine.logits(rows), strict.logits(rows)
        assert {answer.dtype for answer in found} == {np.dtype(np.float32)}
        assert bits(found) != bits(full)
        assert all((a.argmax(-1) == b.argmax(-1)).all() for a, b in zip(found, full, strict=True))

    def test_a_row_has_the_same_bits_in_every_company(self):
        # Long rows too: how attention over them is summed must not hang on how many there are.
        model = BertForSequenceClassification(
            BertConfig(vocab_size=VOCABULARY, max_position_embeddings=1024, num_labels=3, **SMALL)
        ).eval()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.mul_(4.0)
        rows = [*rows_of(300), *rows_of(30, seed=1, longest=1000)]
        engine = engine_for(model, device="cuda", batch_tokens=16_384)
        engine.certify(COMPARED)
        assert engine.numerics["dtype"].startswith("float16")
        expected = bits(engine.logits(rows))
        engine._memo.clear()
        assert bits(engine.logits(rows[::-1]))[::-1] == expected
        engine._memo.clear()
        assert [bits(engine.logits([row]))[0] for row in rows[-30:]] == expected[-30:]
