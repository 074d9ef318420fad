"""Drift: are the evaluation rows like the training rows, and like the people and texts of the declared use?"""
