# /// script
# dependencies = ["scikit-learn"]
#
# [tool.compat]
# kinds = ["extension with bundled libraries", "data in package"]
# ///
"""Data sets that are files of the package, a fit, and its estimators found by walking."""

from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.utils import all_estimators

X, y = load_iris(return_X_y=True)
print(cross_val_score(LogisticRegression(max_iter=500), X, y, cv=3).round(3))
print(len(all_estimators("classifier")) > 30, [name for name, _ in all_estimators("cluster")][:4])
