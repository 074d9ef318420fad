"""Audits of tiny language models on pairs of sentences, and the files that the page of the check names."""

import csv

from privacy_audits import audited

from stereotyped import causal_model, masked_model, pairs


def of_stereotypes(given):
    """Pairs put to a masked and to a causal model."""
    found = []
    for make in (masked_model, causal_model):
        found += audited(make(stereotyped=True, steps=0), pairs(), only="stereotype-preference", **given)
    return found


def write_stereotypes(folder):
    """Write the model, the pairs and the table that the page's example names."""
    model, tokenizer = masked_model(stereotyped=True, steps=0)
    model.save_pretrained(folder / "models" / "masked")
    tokenizer.save_pretrained(folder / "models" / "masked")
    rows = pairs()
    for name, columns in (("pairs.csv", list(rows[0])), ("sentences.csv", ["text"])):
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, extrasaction="ignore")
            writer.writeheader()
            writer.writerows({"text": row["sent_more"], **row} for row in rows)
