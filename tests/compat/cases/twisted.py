# /// script
# dependencies = ["twisted"]
#
# [tool.compat]
# kinds = ["plugins found by listing"]
# ///
"""Plugins are found by listing twisted/plugins on sys.path."""

from twisted.application.service import IServiceMaker
from twisted.plugin import getPlugins

print(sorted(p.tapname for p in getPlugins(IServiceMaker)))
