"""All checks of the contract, in the order in which they are run."""

from __future__ import annotations

from modelaudit.testing.contract.asking import OVER, UNDER, applies_faults, cost_faults
from modelaudit.testing.contract.awkward import awkward_faults
from modelaudit.testing.contract.check import Check
from modelaudit.testing.contract.construction import constructor_faults
from modelaudit.testing.contract.detecting import fires_faults, quiet_faults
from modelaudit.testing.contract.findings import (
    MOST_EVIDENCE,
    evidence_faults,
    intervals_faults,
    round_trip_faults,
    row_text_faults,
)
from modelaudit.testing.contract.metadata import metadata_faults
from modelaudit.testing.contract.repeating import company_faults, order_faults, seed_faults
from modelaudit.testing.contract.surroundings import files_faults, network_faults, output_faults, randomness_faults

AWKWARD = {
    "empty": "empty texts",
    "one-character": "texts of one character",
    "5000-characters": "texts of 5,000 characters",
    "emoji": "emoji, joined characters and text that runs from right to left",
    "duplicates": "one row over and over",
    "one-class": "rows of one class",
    "single-row": "one row",
}

CHECKS: tuple[Check, ...] = (
    Check("metadata", "0.1", "does info say all that a reader of the report needs", metadata_faults),
    Check("constructor", "0.1", "does the constructor only store its options", constructor_faults),
    Check("applies", "0.1", "does applies() answer for every task and ask the model nothing", applies_faults),
    Check(
        "cost",
        "0.1",
        f"does cost() ask nothing, and run() ask for at most {OVER} times and at least a {UNDER}th of it",
        cost_faults,
    ),
    Check("same-seed", "0.1", "does the same seed give the same result", seed_faults),
    Check("company", "0.1", "is the result the same alone and beside another checker", company_faults),
    Check("row-order", "0.1", "are metrics the same in another order of the rows", order_faults),
    Check("global-random", "0.1", "are the global random generators left alone", randomness_faults),
    Check("no-output", "0.1", "is nothing printed", output_faults),
    Check("no-network", "0.1", "is the network left alone", network_faults),
    Check("no-files", "0.1", "is the working folder left alone", files_faults),
    Check("intervals", "0.1", "has every metric n, and an interval or a reason", intervals_faults),
    Check("round-trip", "0.1", "is the report the same after it was written and read", round_trip_faults),
    Check(
        "evidence-size", "0.1", f"does a finding's evidence take at most {MOST_EVIDENCE // 1024} KB", evidence_faults
    ),
    Check("no-row-text", "0.1", "is there no text of the rows in statements and notes", row_text_faults),
    *(
        Check(f"awkward-{kind}", "0.1", f"do {words} end in a defined state", awkward_faults(kind))
        for kind, words in AWKWARD.items()
    ),
    Check("fires", "0.1", "is the planted defect found", fires_faults),
    Check("quiet", "0.1", "does the clean twin raise no alarm", quiet_faults),
)
