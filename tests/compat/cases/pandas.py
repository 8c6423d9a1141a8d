# /// script
# dependencies = ["pandas"]
#
# [tool.compat]
# kinds = ["extension", "several distributions"]
# ///
"""Group, merge, time zones, CSV."""

import io

import pandas as pd

frame = pd.read_csv(io.StringIO("city,day,rain\nParis,2024-01-01,3\nParis,2024-01-02,5\nOslo,2024-01-01,1\n"))
print(frame.groupby("city")["rain"].mean().to_dict())
print(pd.date_range("2024-03-30", periods=3, freq="D", tz="Europe/Paris").tolist())
print(frame.merge(pd.DataFrame({"city": ["Oslo"], "pop": [7]}), how="left").to_csv(index=False))
print(frame.describe().round(3).to_string())
