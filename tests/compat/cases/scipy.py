# /// script
# dependencies = ["scipy"]
#
# [tool.compat]
# kinds = ["shared native libraries through $ORIGIN"]
# ///
"""Native dependencies in scipy.libs; many extension modules."""

import numpy as np
from scipy import integrate, linalg, optimize, sparse, special, stats

print(round(float(optimize.brentq(lambda x: x**3 - 2, 0, 2)), 9))
print(round(integrate.quad(np.sin, 0, np.pi)[0], 9), round(float(special.gamma(4.5)), 6))
print(linalg.eigvalsh([[2.0, 1.0], [1.0, 2.0]]).round(9), sparse.eye(3).sum())
print(round(float(stats.norm.cdf(1.96)), 6))
