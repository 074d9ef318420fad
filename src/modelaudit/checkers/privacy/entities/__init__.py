"""Entity exposure: are names of the training data recognised better than others?"""
