# /// script
# dependencies = ["sympy"]
#
# [tool.compat]
# kinds = ["many pure modules"]
# ///
"""Symbolic work that imports late and widely."""

from sympy import Symbol, diff, integrate, latex, oo, series, sin, solve

x = Symbol("x")
print(integrate(sin(x) / x, (x, 0, oo)), solve(x**2 - 5 * x + 6, x))
print(series(sin(x), x, 0, 8), latex(diff(x**x, x)))
