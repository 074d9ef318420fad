"""Membership inference: can a stranger tell the rows that the model was trained on?"""
