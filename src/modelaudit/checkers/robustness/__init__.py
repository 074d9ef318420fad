"""Robustness: does a harmless change of the input change the answer, and is the confidence honest?"""
