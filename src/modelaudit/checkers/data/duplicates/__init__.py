"""Duplicates: rows that equal, or nearly equal, other rows of their table or of another one."""
