"""Text that was asked for is shown without the personal data in it, unless that too is turned off."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelaudit import Audit
from modelaudit.evidence import Attribution, Example, Examples, Table
from modelaudit.masking import masked, masked_text
from modelaudit.testing.planted import planted_classifier

MAIL = "jo.miller@acme.example"
PHONE = "+49 30 901820"


def test_each_piece_is_replaced_by_its_kind_and_the_rest_stands() -> None:
    shown = masked_text(f"write to {MAIL} or call {PHONE}, says Jo Miller")
    assert MAIL not in shown
    assert "901820" not in shown
    assert shown.startswith("write to [")
    assert shown.endswith("], says Jo Miller")


def test_a_number_of_several_words_is_masked_in_each_of_them() -> None:
    words = ("call", *PHONE.split(), "now")
    item = Attribution(
        title="Why", row="1", target="bad", unit="log-odds", words=words, values=(0.0,) * len(words), base=0, output=0
    )
    shown = masked(item)
    assert isinstance(shown, Attribution)
    assert shown.words is not None
    assert shown.words[0] == "call"
    assert shown.words[-1] == "now"
    assert len(shown.words) == len(words)
    assert not any(character.isdigit() for word in shown.words for character in word)


@pytest.mark.parametrize("private", [True, False])
def test_examples_and_tables_of_row_text_are_masked_and_other_tables_left(private: bool) -> None:
    examples = Examples(
        title="Rows", selection="first", private=private, items=(Example(row="1", before=f"a {MAIL}", after=MAIL),)
    )
    table = Table(title="Words", columns=("word", "n"), rows=((MAIL, 3),), holds_text=True)
    counts = Table(title="Kinds", columns=("kind", "n"), rows=((MAIL, 3),))
    assert MAIL not in masked(examples).model_dump_json()
    assert MAIL not in masked(table).model_dump_json()
    assert masked(counts) == counts


@pytest.mark.parametrize("mask", [True, False])
def test_an_audit_that_shows_text_masks_it_unless_told_not_to(tmp_path: Path, mask: bool) -> None:
    model, tokenizer = planted_classifier({"awful": 3.0, "fine": -3.0})
    rows = [
        {"text": f"{'awful' if i % 2 else 'fine'} letter {i} from {MAIL} of {i} march", "label": i % 2}
        for i in range(60)
    ]
    outcome = Audit(
        model, rows, tokenizer=tokenizer, preset="quick", show_text=True, mask_personal_data=mask, seed=1
    ).run(only=["robustness"])
    record = outcome.report.model_dump_json()
    assert "letter" in record
    assert (MAIL in record) is not mask
    assert outcome.report.settings.mask_personal_data is mask
