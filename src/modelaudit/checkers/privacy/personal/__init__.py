"""Personal data in the rows themselves."""
