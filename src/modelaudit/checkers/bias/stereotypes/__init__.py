"""Stereotype preference: which of two sentences, alike but for a group, does a language model find more probable?"""
