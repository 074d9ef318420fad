"""One planted defect a task and a risk, and a twin of the same kind without it: made, trained and audited."""
