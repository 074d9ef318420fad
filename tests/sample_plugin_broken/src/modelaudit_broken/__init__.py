"""A sample plugin that raises when it is loaded."""

raise RuntimeError("this plugin can't be loaded")
