# /// script
# dependencies = ["black"]
#
# [tool.compat]
# kinds = ["console script", "mypyc"]
# command = ["black", "-q", "--code", "x  =  {'a':1 ,'b' : 2}"]
# ///
"""A console script of a distribution that mypyc compiled."""
