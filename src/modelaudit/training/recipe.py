"""The recipe of a training: every choice that decides what the weights become, in one value that can be saved."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import Field, ValidationError

from modelaudit.errors import InputError
from modelaudit.evidence import Frozen, Text
from modelaudit.training.catalogue import MEASURES

FROM_SCRATCH: dict[str, Any] = {"epochs": 12.0, "patience": 4}
"""What is usual for a base model whose weights are random: it learns long before a dev score shows it."""
_SWITCHES = {
    "dp_delta": "dp_epsilon",
    "dp_clip": "dp_epsilon",
    "pairing_attributes": "logit_pairing",
    "rank": "adapter",
}
"""Settings by what they do nothing without."""
Adapter = Literal["none", "lora", "adalora", "head"]
Attribute = Literal["gender", "ethnicity", "intersection", "religion", "nationality", "age", "region", "hukou"]


class Recipe(Frozen):
    """How a model is trained. The same recipe, rows, base model and versions give the same weights on a CPU, but for
    a private training, whose noise is the system's.

    Attributes:
        seed: of everything random. epochs: passes over the training rows; 3, or 12 for a base model from random weights
            (`suited`). batch_size: rows a batch; accumulate: batches
            an update. learning_rate: at its peak; None picks one for what is trained (`rate_for`).
        warmup: share of the updates in which the rate rises; it falls linearly behind. weight_decay: of AdamW.
        clip: largest norm of the gradient of a batch.
        precision: `auto` is float32 on a CPU and bfloat16, where the card has it, else float16, on CUDA.
        max_length: the most tokens of a row; None is what the base model takes, at most 512.
        dev_share: share of the rows that is held back where there is no dev table; 0 holds back none.
        patience: epochs without a better dev score after which training stops; 2, or 4 for a base model from random
            weights (`suited`). Epochs up to the one behind the warm-up don't count. None never stops early, but the
            best weights are still kept. stop_on: `score` (entity F1, or accuracy) or `loss`.
        adapter: `none` trains all weights, `head` what the task adds to the encoder (of BERT the pooler too), `lora`
            and `adalora` low-rank matrices of the rank `rank` beside the base model's, and the head.
        bad_tags: what is done about tags that break their scheme: `repair` counts and mends them, `refuse` is an error.
        dropout: None leaves the base model's. label_smoothing: share of the label that is spread over the others.
        deidentify, deduplicate: see the catalogue.
        counterfactuals: attributes that rows are written again for. logit_pairing: weight of the distance between the
            logits of a row and of its copy for another group; `pairing_attributes` says for which attributes.
        name_copies: how many copies with other names a sentence that names a person gets.
        reweigh: column of the group that weights make independent of the label.
        perturbed_copies: changed copies of each row.
        temperature: fit one on the dev rows and write it into the last layer.
        dp_epsilon: the largest epsilon that the training may spend, at `dp_delta` (None: 1 / (rows to the 1.1)), with
            gradients of rows clipped at the norm `dp_clip`. None trains without differential privacy.
    """

    seed: int = Field(default=0, ge=0, le=2**31 - 1)
    epochs: float = Field(default=3.0, gt=0, le=1000)
    batch_size: int = Field(default=32, ge=1, le=4096)
    accumulate: int = Field(default=1, ge=1, le=1024)
    learning_rate: float | None = Field(default=None, gt=0, le=1)
    warmup: float = Field(default=0.1, ge=0, le=1)
    weight_decay: float = Field(default=0.01, ge=0, le=1)
    clip: float = Field(default=1.0, gt=0)
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    max_length: int | None = Field(default=None, ge=8, le=16384)
    dev_share: float = Field(default=0.1, ge=0, le=0.5)
    patience: int | None = Field(default=2, ge=1, le=1000)
    stop_on: Literal["score", "loss"] = "score"
    adapter: Adapter = "none"
    rank: int = Field(default=8, ge=1, le=1024)
    bad_tags: Literal["repair", "refuse"] = "repair"
    dropout: float | None = Field(default=None, ge=0, lt=1)
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    deidentify: bool = False
    deduplicate: bool = False
    counterfactuals: tuple[Attribute, ...] = ()
    logit_pairing: float = Field(default=0.0, ge=0, le=1000)
    pairing_attributes: tuple[Attribute, ...] = ("gender", "ethnicity")
    name_copies: int = Field(default=0, ge=0, le=20)
    reweigh: Text | None = None
    perturbed_copies: int = Field(default=0, ge=0, le=20)
    temperature: bool = False
    dp_epsilon: float | None = Field(default=None, gt=0, le=1000)
    dp_delta: float | None = Field(default=None, gt=0, lt=1)
    dp_clip: float = Field(default=1.0, gt=0)

    @classmethod
    def of(cls, **settings: Any) -> Recipe:
        """Return a recipe; raise InputError, with the field, what it was and what it may be, for one that can't be."""
        unknown = sorted(set(settings) - set(cls.model_fields))
        if unknown:
            raise InputError(f"a recipe has no {unknown[0]!r:.60}; it has {', '.join(cls.model_fields)}")
        try:
            return cls(**settings)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"]))
            raise InputError(f"{field} is {first['input']!r:.60}; {first['msg'][:200]}") from error

    def effective(self) -> Recipe:
        """Return the recipe; raise InputError where a setting does nothing without another, as a delta alone."""
        plain = Recipe()
        changed = {field for field in Recipe.model_fields if getattr(self, field) != getattr(plain, field)}
        for field, switch in _SWITCHES.items():
            if field in changed and switch not in changed:
                raise InputError(f"{field} does nothing without {switch}; set {switch} too, or leave {field} out")
        return self

    @property
    def measures(self) -> tuple[str, ...]:
        """Ids of the measures that the recipe takes, in the catalogue's order."""
        plain = Recipe()
        return tuple(name for name in MEASURES if self._takes(name, plain))

    def _takes(self, name: str, plain: Recipe) -> bool:
        if name == "reweighing":
            return self.reweigh is not None
        if name == "early-stopping":
            return self.stop_on == "loss" and self.patience is not None
        if name == "low-rank-adaptation":
            return self.adapter in ("lora", "adalora")
        return any(getattr(self, field) != getattr(plain, field) for field in MEASURES[name].settings)

    def with_measures(self, names: Iterable[str], *, reweigh: str | None = None) -> Recipe:
        """Return the recipe with measures of the catalogue at their usual strength; `reweigh` names the column.

        Raises:
            InputError: a measure that is none, or reweighing without a column.
        """
        settings: dict[str, Any] = {}
        for name in names:
            if name not in MEASURES:
                raise InputError(f"there is no measure {name!r:.60}; there are {', '.join(MEASURES)}")
            settings |= MEASURES[name].settings
            if name == "reweighing":
                if reweigh is None:
                    raise InputError("reweighing needs the column of the group; name it with --reweigh")
                settings["reweigh"] = reweigh
        return self.model_copy(update=settings)

    def suited(self, *, scratch: bool) -> Recipe:
        """Return the recipe for a base model whose weights are random: with more epochs and patience, if not chosen."""
        usual = {name: value for name, value in FROM_SCRATCH.items() if name not in self.model_fields_set}
        return self.model_copy(update=usual) if scratch and usual else self

    def rate_for(self, *, scratch: bool) -> float:
        """Return the peak learning rate; `scratch` says that the base model's weights are random.

        Where none was chosen: 5e-5 for a whole pretrained encoder (Devlin et al. 2019, arXiv 1810.04805, section A.3),
        ten times that from scratch, 3e-4 for low-rank matrices (Hu et al. 2022, arXiv 2106.09685, table 9), 1e-3 for
        the head alone.
        """
        if self.learning_rate is not None:
            return self.learning_rate
        if self.adapter == "none":
            return 5e-4 if scratch else 5e-5
        return 1e-3 if self.adapter == "head" else 3e-4
