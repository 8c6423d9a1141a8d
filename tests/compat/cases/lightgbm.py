# /// script
# dependencies = ["lightgbm"]
#
# [tool.compat]
# kinds = ["large library loaded by path"]
# ///
"""A library that ctypes loads by the path beside the module."""

import lightgbm as lgb
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 4))
model = lgb.train(
    {"objective": "binary", "verbose": -1, "num_threads": 1, "seed": 1}, lgb.Dataset(X, (X[:, 0] > 0) * 1), 10
)
print(model.num_trees(), ((model.predict(X) > 0.5) == (X[:, 0] > 0)).mean() > 0.9)
