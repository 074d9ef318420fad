"""Shortcuts: does a word or a mark give the label away, and does the model lean on it?"""
