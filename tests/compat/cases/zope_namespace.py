# /// script
# dependencies = ["zope.interface<7", "zope.event<5"]
#
# [tool.compat]
# kinds = ["nspkg.pth"]
# ///
"""A namespace made by -nspkg.pth files, before user code."""

import zope.event
import zope.interface


class Shelf(zope.interface.Interface):
    def take(name):
        """A book."""


@zope.interface.implementer(Shelf)
class Wooden:
    def take(self, name):
        return name


seen = []
zope.event.subscribers.append(seen.append)
zope.event.notify("hello")
print(Shelf.providedBy(Wooden()), seen, sorted(Shelf.names()))
