"""A new plugin: the files of a package whose tests pass at once, from templates in `package/`."""

from modelaudit.testing.scaffold.naming import PluginName
from modelaudit.testing.scaffold.writing import Plan, planned, write_plugin

__all__ = ["Plan", "PluginName", "planned", "write_plugin"]
