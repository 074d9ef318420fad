"""The measures: each a function that changes what a model is trained on, how, or what it says afterwards."""
