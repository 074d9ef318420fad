"""What a model writes about persons, scored by a classifier that the user names."""
