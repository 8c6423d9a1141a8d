# /// script
# dependencies = ["scikit-learn"]
#
# [tool.compat]
# kinds = ["joblib", "processes"]
# ///
"""Worker processes of loky inherit the environment."""

from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score

if __name__ == "__main__":
    X, y = load_digits(return_X_y=True)
    print(cross_val_score(RandomForestClassifier(10, random_state=0), X, y, cv=4, n_jobs=2).round(3))
