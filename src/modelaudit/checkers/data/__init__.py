"""Data: are the rows that the model was trained and judged on fit for it?"""
