"""Memorisation: what can be got out of a model that writes text?"""
