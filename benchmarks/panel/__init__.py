"""The calibration panel of the opacity checker: its models (`models`), and what comes of their audits (`scores`)."""
