"""What stands in a recipe as a measure is done, or refused."""

from dataclasses import replace

import pytest
from small_trainings import ROWS

from modelaudit.errors import DataInputError
from modelaudit.training.preparation import prepared
from modelaudit.training.recipe import Recipe
from modelaudit.training.rows import read_training_data


def test_early_stopping_that_would_do_nothing_is_refused():
    recipe = Recipe(stop_on="loss", patience=1)
    data = read_training_data(ROWS, task="text-classification", recipe=recipe).data
    assert prepared(data, recipe) == data
    with pytest.raises(DataInputError, match="rows that are held back"):
        prepared(replace(data, dev=()), recipe)
    with pytest.raises(DataInputError, match="adalora"):
        prepared(data, recipe.model_copy(update={"adapter": "adalora"}))
    # By default training stops where it can, and says nothing of a measure.
    assert prepared(replace(data, dev=()), Recipe()).dev == ()
