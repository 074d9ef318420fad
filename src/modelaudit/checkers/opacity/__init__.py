"""Opacity: can a person be told, truthfully, why the model answered so?"""
