"""Label errors: labels that a model which never saw them contradicts."""
