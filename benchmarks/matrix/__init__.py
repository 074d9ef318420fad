"""The compatibility matrix: every common architecture x its tasks, a tiny model each, audited whole."""
