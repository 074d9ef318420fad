"""Bias: does the answer change when only a person's gender or ethnicity changes?"""
