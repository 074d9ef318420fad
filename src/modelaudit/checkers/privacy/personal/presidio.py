"""Presidio's recognizers as the detector, without a language model and without a word to the network."""

from __future__ import annotations

from typing import Any

from modelaudit.checkers.privacy.personal.scan import Find, Found
from modelaudit.errors import NotAssessable

LANGUAGE = "en"
LEAST_SCORE = 0.4
"""Presidio's own score of a phone number without a cue; what it scores lower is any number of that length."""
LONGEST = 2**31 - 1
KINDS = {
    "EMAIL_ADDRESS": "e-mail address",
    "PHONE_NUMBER": "phone number",
    "CREDIT_CARD": "payment card number",
    "IBAN_CODE": "IBAN",
    "US_SSN": "US social security number",
    "UK_NHS": "UK NHS number",
    "IP_ADDRESS": "IP address",
    "US_ITIN": "US taxpayer number",
    "US_PASSPORT": "US passport number",
    "US_DRIVER_LICENSE": "US driver's licence number",
    "US_BANK_NUMBER": "US bank account number",
    "MEDICAL_LICENSE": "US medical licence number",
    "CRYPTO": "cryptocurrency address",
    "MAC_ADDRESS": "MAC address",
}
"""The entities that are asked for. Any date, link or UUID is none of a person by itself."""
_SURROGATES = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


def presidio_finder() -> Find:
    """Return a function from a text to the (kind, start, end) of what Presidio finds in it.

    The engine is Presidio's with spaCy's blank English tokenizer, so no model is loaded or fetched; domain names are
    held against the suffix list that tldextract brings, which otherwise asks the network for a new one.

    Raises:
        NotAssessable: presidio-analyzer is not installed.
    """
    try:
        engine = _engine()
    except ModuleNotFoundError as error:
        raise NotAssessable(
            f"the option detector is presidio, and {error.name} is not installed; install modelaudit-core[presidio], "
            "or leave the option out to search with the built-in detectors"
        ) from error
    # What this version does not know, it would refuse.
    entities = sorted(set(KINDS) & set(engine.get_supported_entities(LANGUAGE)))

    def find(text: str) -> list[Found]:
        # spaCy keeps its strings in UTF-8, which has no lone surrogates; U+FFFD takes as much room.
        found = engine.analyze(
            text.translate(_SURROGATES), language=LANGUAGE, entities=entities, score_threshold=LEAST_SCORE
        )
        return _apart(found)

    return find


def _engine() -> Any:
    import spacy
    import tldextract
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import SpacyNlpEngine
    from presidio_analyzer.predefined_recognizers import EmailRecognizer

    class BlankEngine(SpacyNlpEngine):  # type: ignore[misc,unused-ignore]
        """Words alone: the recognizers look for context words among them."""

        def load(self) -> None:
            blank = spacy.blank(LANGUAGE)
            blank.max_length = LONGEST
            self.nlp = {LANGUAGE: blank}

    bundled_suffixes = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)

    class OfflineEmailRecognizer(EmailRecognizer):  # type: ignore[misc,unused-ignore]
        """An e-mail address whose domain ends in a public suffix, by the list that is bundled."""

        def validate_result(self, pattern_text: str) -> bool:
            return bool(bundled_suffixes(pattern_text).fqdn)

    nlp = BlankEngine(models=[{"lang_code": LANGUAGE, "model_name": "blank"}])
    nlp.load()
    registry = RecognizerRegistry(supported_languages=[LANGUAGE])
    registry.load_predefined_recognizers(languages=[LANGUAGE], nlp_engine=nlp)
    registry.remove_recognizer("EmailRecognizer")
    registry.add_recognizer(OfflineEmailRecognizer(supported_language=LANGUAGE))
    return AnalyzerEngine(registry=registry, nlp_engine=nlp, supported_languages=[LANGUAGE])


def _apart(results: list[Any]) -> list[Found]:
    """The surest and then the longest reading of each place, in order."""
    kept: list[Found] = []
    for result in sorted(results, key=lambda one: (-one.score, one.start - one.end, one.start, one.entity_type)):
        if all(result.end <= start or end <= result.start for _, start, end in kept):
            kept.append((KINDS[result.entity_type], result.start, result.end))
    return sorted(kept, key=lambda found: found[1])
