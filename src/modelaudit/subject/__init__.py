"""The subject: what is audited, as a model that answers questions and rows that it is asked about."""
