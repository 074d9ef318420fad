"""Privacy: can someone tell what the model was trained on?"""
