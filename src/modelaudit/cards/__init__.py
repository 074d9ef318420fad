"""Calibration cards: how often a checker was wrong when it was tried on models of which the truth is known."""

from __future__ import annotations

from modelaudit.cards.card import (
    Card,
    Coverage,
    FalseAlarms,
    MeasuredCost,
    Power,
    Rate,
    Source,
    card_for,
    cards,
    parse_card,
)

__all__ = [
    "Card",
    "Coverage",
    "FalseAlarms",
    "MeasuredCost",
    "Power",
    "Rate",
    "Source",
    "card_for",
    "cards",
    "parse_card",
]
