"""Each checker's page shows the card that comes with the package, and says so where there is none."""

from __future__ import annotations

import pytest
from card_sections import CHECKERS, page_of, rewritten, sections

from modelaudit.cards.card import card_for

RENEW = "run `python tests/docs/card_sections.py`, and read what changed"


@pytest.mark.parametrize("info", CHECKERS, ids=lambda info: info.id)
def test_the_card_of_the_page_is_the_packages(info):
    page = page_of(info).read_text(encoding="utf-8")
    assert page.count("\n## Calibration card\n") == 1
    assert page == rewritten(page, info), RENEW


def test_a_check_without_a_card_is_called_not_calibrated():
    assert "Not calibrated" in sections(None, "1")


def test_a_card_of_another_version_says_so():
    [card, *_] = [card for info in CHECKERS if (card := card_for(info.id, info.version))]
    assert "figures are of another check" not in sections(card, card.version)
    assert "figures are of another check" in sections(card, "999")
