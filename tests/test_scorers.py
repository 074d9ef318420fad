"""Classifiers that an audit scores texts with, and does not judge."""

import numpy as np
import pytest

from modelaudit.errors import ModelInputError
from modelaudit.subject.scorers import Scorers
from modelaudit.testing.planted import planted_classifier, planted_tagger


@pytest.fixture
def scorers():
    found = Scorers(device="cpu")
    yield found
    found.close()


def saved(planted, folder):
    for part in planted:
        part.save_pretrained(folder)
    return folder


def test_a_folder_is_opened_once_and_gives_probabilities(scorers, tmp_path):
    folder = saved(planted_classifier({"good": 2.0}, labels=("bad", "good")), tmp_path / "kind")
    scorer = scorers.classifier(folder)
    assert scorers.classifier(str(folder)) is scorer
    assert (scorer.labels, scorer.name) == (("bad", "good"), "kind")
    chances = scorer(["good", "nothing", "good good"])
    assert chances[:, 1] == pytest.approx(1 / (1 + np.exp([-2.0, 0.0, -4.0])), abs=1e-5)
    assert scorer([]).shape == (0, 2)


def test_what_is_no_text_classifier_is_refused(scorers, tmp_path):
    folder = saved(planted_tagger({"Anna": "B-PER"}), tmp_path / "tagger")
    with pytest.raises(ModelInputError, match="can't score texts"):
        scorers.classifier(folder)
    with pytest.raises(ModelInputError):
        scorers.classifier(tmp_path / "nothing")


def test_a_function_has_labels_or_they_are_numbers(scorers):
    def even(texts):
        return np.full((len(texts), 3), 1 / 3)

    assert scorers.classifier(even).labels == ("0", "1", "2")
    assert scorers.classifier(even).name == "even"
    even.labels = ["a", "b", "c"]
    assert scorers.classifier(even).labels == ("a", "b", "c")
    even.labels = ["a", "b"]
    with pytest.raises(ModelInputError, match="3 columns for 2 labels"):
        scorers.classifier(even)(["x"])


@pytest.mark.parametrize("answer", [[[2.0, -1.0]], [[0.5, np.nan]], [[0.2, 0.2]], [0.5], [[1.0]], [[0.5, 0.5]] * 2])
def test_numbers_that_are_no_probabilities_of_each_text_are_refused(scorers, answer):
    def wrong(texts):
        return answer

    wrong.labels = ("a", "b")
    with pytest.raises(ModelInputError, match="the function wrong"):
        scorers.classifier(wrong)(["x"])
