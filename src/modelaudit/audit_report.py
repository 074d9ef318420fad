"""The audit report: the pure record that every rendering is made from."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal

from pydantic import Field, computed_field

from modelaudit.cards import Card
from modelaudit.comparison import Comparison
from modelaudit.evidence import Frozen, Text
from modelaudit.results import CheckResult
from modelaudit.verdicts import Judgement, Policy

SCHEMA_VERSION = "1.4"

Preset = Literal["quick", "standard", "full"]


class ModelInfo(Frozen):
    """One model, named so that it can be found again.

    Attributes:
        kind: `transformers`, or `function`: a user's function from texts to probabilities, which nobody looked into.
            Of a function, `architecture` says where it is defined; sizes, lengths and hashes are None.
        repeatable: whether the same text got the same answer each time; None where it was not asked.
        hidden_words: what the model reads in the place of a hidden word, in words; None where it can't hide any.
    """

    kind: Literal["transformers", "function"] = "transformers"
    name: Text
    architecture: Text
    parameters: int | None
    labels: tuple[Text, ...]
    max_length: int | None
    weights_sha256: Text | None
    config_sha256: Text | None
    tokenizer_sha256: Text | None
    processor_sha256: Text | None = None
    repeatable: bool | None = None
    hidden_words: Text | None = None
    adapter: Text | None = None
    base_model: Text | None = None
    remote_code: bool = False
    pickled_weights: bool = False


class TableInfo(Frozen):
    """One table of rows as it was used. `set_aside` counts by reason what was removed or changed on the way.

    Of a function nobody knows the tokens: there `mean_tokens` are characters, and nothing counts as truncated.
    """

    name: Text
    rows: int
    sha256: Text
    text_column: Text
    label_column: Text | None
    pair_column: Text | None = None
    labelled: bool
    mean_words: float
    mean_tokens: float
    truncated: int
    tokens_lost: int
    label_counts: dict[Text, int] = Field(default_factory=dict)
    set_aside: dict[Text, int] = Field(default_factory=dict)
    sampled_from: int | None = None


class Price(Frozen):
    """What an hour of the hardware costs, as the user says; `source` says where the price is from and of which day."""

    per_hour: float = Field(gt=0)
    currency: Text = Field(min_length=1, max_length=12)
    source: Text | None = None


class Declared(Frozen):
    """What the user says of the model's use; None is shown as missing. Nobody checks it.

    Attributes:
        use: what the model is for; use_case: the name that the policy's limits know that use by.
        owner: who answers for the model. impact: what a wrong answer does; affected: to whom.
        role: provider, deployer, … of the system. jurisdictions: where it is used. risk_class: the class that the owner
            puts the system in under the EU AI Act.
        price: what an hour of the hardware costs.
    """

    use: Text | None = None
    use_case: Text | None = None
    owner: Text | None = None
    impact: Text | None = None
    affected: Text | None = None
    role: Literal["provider", "deployer", "gpai modifier", "internal"] | None = None
    jurisdictions: tuple[Text, ...] = ()
    risk_class: Literal["high", "limited", "minimal", "unknown"] | None = None
    price: Price | None = None


class SubjectInfo(Frozen):
    """What is audited. `applies` and `cost` of a checker see this and nothing else.

    Attributes:
        task: `text-classification` or `token-classification` (later tasks add theirs).
        capabilities: the verbs that the model handle has.
        evaluation, members, heldout: the rows to judge on, the training rows, rows the model never saw.
        preset: how much the user wants to spend; sample sizes follow it.
    """

    task: Text
    model: ModelInfo
    base_model: ModelInfo | None = None
    capabilities: tuple[Text, ...]
    evaluation: TableInfo
    members: TableInfo | None = None
    heldout: TableInfo | None = None
    heldout_is_evaluation: bool = False
    preset: Preset = "standard"
    declared: Declared = Declared()


class Settings(Frozen):
    """What the user chose."""

    seed: int
    preset: Preset
    sample: int | None
    only: tuple[Text, ...] | None
    show_text: bool
    mask_personal_data: bool = True
    checker_options: dict[Text, dict[Text, Text]] = Field(default_factory=dict)


class InputRecord(Frozen):
    """One file that the audit read: as what, its name without its folder, its size in bytes and its hash."""

    role: Text
    name: Text
    bytes: int = Field(ge=0)
    sha256: Text


class PluginRecord(Frozen):
    """A plugin that was found: its package, and why it is not used if it is not."""

    name: Text
    version: Text
    checkers: tuple[Text, ...] = ()
    status: Literal["loaded", "failed"]
    reason: Text | None = None


class Provenance(Frozen):
    """What must be equal for the numbers to be equal."""

    package_version: Text
    versions: dict[Text, Text]
    numerics: dict[Text, Text]
    plugins: tuple[PluginRecord, ...]
    inputs: tuple[InputRecord, ...] = ()


class Speed(Frozen):
    """How fast the model answered plain predictions, warm: so many rows in so many seconds on this hardware."""

    rows: int = Field(gt=0)
    tokens: int = Field(ge=0)
    seconds: float = Field(gt=0)
    hardware: Text
    numerics: Text


class Run(Frozen):
    """What varies from run to run, outside the digest."""

    started: Text
    finished: Text
    seconds: float
    command: Text
    host: Text
    checker_seconds: dict[Text, float]
    evaluations: int
    computed: int
    tokens: int
    memo_hits: int
    journal_hits: int = 0
    speed: Speed | None = None
    events: tuple[Text, ...] = ()


class AuditReport(Frozen):
    """Everything that one audit found. JSON is the record; all else is a rendering of it.

    Attributes:
        cards: calibration cards that strangers' plugins brought of those of their checkers that stand in `results`;
            those of the bundled checkers come with the package.
    """

    schema_version: Text = SCHEMA_VERSION
    subject: SubjectInfo
    settings: Settings
    provenance: Provenance
    policy: Policy
    results: tuple[CheckResult, ...]
    judgement: Judgement
    comparison: Comparison | None = None
    cards: tuple[Card, ...] = ()
    run: Run

    @computed_field  # type: ignore[prop-decorator]
    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of all but `run` and the digest itself."""
        content = self.model_dump(mode="json", by_alias=True, exclude={"run", "digest"})
        return "sha256:" + hashlib.sha256(canonical_json(content).encode()).hexdigest()


def canonical_json(content: Any) -> str:
    """Return JSON with sorted keys, no spaces and no NaN; equal contents give equal bytes."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
