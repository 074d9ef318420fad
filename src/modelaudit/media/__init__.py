"""Pictures and sounds: what a row holds that is no text, read only where it is asked for."""
