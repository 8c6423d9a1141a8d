# /// script
# dependencies = ["networkx"]
#
# [tool.compat]
# kinds = ["entry points", "pure"]
# ///
"""A graph, and its back ends found through entry points."""

import networkx as nx

graph = nx.karate_club_graph()
print(nx.shortest_path(graph, 0, 33), round(nx.density(graph), 6))
print(sorted(nx.utils.backends.backends))
