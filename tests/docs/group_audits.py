"""Small audits that make group performance say all that it can, over the tasks that it is for."""

from __future__ import annotations

import csv

from privacy_audits import audited

from modelaudit.testing.planted import planted_classifier, planted_tagger

WORDS = {"good": 2.0, "bad": -2.0}


def of_groups(given):
    """A decision between two classes and one among three, a tagger, and a regression with true values and without."""
    places = range(240)
    columns = [{"sex": "fm"[place % 2], "race": "ab"[place // 2 % 2]} for place in places]
    texts = [f"it was {('good', 'bad')[place % 3 > 0]} in case {place}" for place in places]
    decided = [{"text": text, "label": place % 5 % 2, **columns[place]} for place, text in enumerate(texts)]
    tagged = [
        {"tokens": ["today", "Emily", "came", str(place)], "ner_tags": ["O", "B-PER", "O", "O"], **columns[place]}
        for place in places
    ]
    numbers = [{"text": text, "score": [0.3, place % 7 / 7], **columns[place]} for place, text in enumerate(texts)]
    bare = [{key: cell for key, cell in row.items() if key != "score"} for row in numbers]
    numeric = planted_classifier(WORDS, labels=("low", "high"))
    numeric[0].config.problem_type = "regression"
    pairs = (
        (planted_classifier(WORDS), decided), (planted_classifier(WORDS, labels=("no", "later", "yes")), decided),
        (planted_tagger({"Emily": "B-PER"}), tagged), (numeric, numbers),
        (numeric, bare),
    )  # fmt: skip
    return [result for model, rows in pairs for result in audited(model, rows, only="group-performance", **given)]


def write_applications(path, rows):
    """Write rows with the columns that the page's example groups by."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["text", "label", "sex", "age"])
        writer.writeheader()
        for place, row in enumerate(rows):
            writer.writerow({**row, "sex": ("female", "male")[place % 2], "age": 20 + place // 2 % 50})
