"""The audit report: the pure record that every rendering is made from."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal

from pydantic import Field, computed_field

from modelaudit.evidence import Frozen, Text
from modelaudit.results import CheckResult
from modelaudit.verdicts import Judgement, Policy

SCHEMA_VERSION = "1.0"

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
    weights_sha256: str | None
    config_sha256: str | None
    tokenizer_sha256: str | None
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
    sha256: str
    text_column: Text
    label_column: Text | None
    labelled: bool
    mean_words: float
    mean_tokens: float
    truncated: int
    tokens_lost: int
    label_counts: dict[str, int] = Field(default_factory=dict)
    set_aside: dict[str, int] = Field(default_factory=dict)
    sampled_from: int | None = None


class Declared(Frozen):
    """What the user says of the model's use; None is shown as missing."""

    use: Text | None = None
    owner: Text | None = None
    impact: Text | None = None


class SubjectInfo(Frozen):
    """What is audited. `applies` and `cost` of a checker see this and nothing else.

    Attributes:
        task: `text-classification` or `token-classification` (later tasks add theirs).
        capabilities: the verbs that the model handle has.
        evaluation, members, heldout: the rows to judge on, the training rows, rows the model never saw.
        preset: how much the user wants to spend; sample sizes follow it.
    """

    task: str
    model: ModelInfo
    base_model: ModelInfo | None = None
    capabilities: tuple[str, ...]
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
    only: tuple[str, ...] | None
    show_text: bool
    checker_options: dict[str, dict[str, str]] = Field(default_factory=dict)


class PluginRecord(Frozen):
    """A plugin that was found: its package, and why it is not used if it is not."""

    name: Text
    version: Text
    checkers: tuple[str, ...] = ()
    status: Literal["loaded", "failed"]
    reason: Text | None = None


class Provenance(Frozen):
    """What must be equal for the numbers to be equal."""

    package_version: str
    versions: dict[str, str]
    numerics: dict[str, str]
    plugins: tuple[PluginRecord, ...]


class Run(Frozen):
    """What varies from run to run, outside the digest."""

    started: str
    finished: str
    seconds: float
    command: Text
    host: Text
    checker_seconds: dict[str, float]
    evaluations: int
    computed: int
    tokens: int
    memo_hits: int
    journal_hits: int = 0
    events: tuple[Text, ...] = ()


class AuditReport(Frozen):
    """Everything that one audit found. JSON is the record; all else is a rendering of it."""

    schema_version: str = SCHEMA_VERSION
    subject: SubjectInfo
    settings: Settings
    provenance: Provenance
    policy: Policy
    results: tuple[CheckResult, ...]
    judgement: Judgement
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
