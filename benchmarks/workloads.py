"""What is measured: programs, as data. Each prints one line, which must be the same for everybody who runs it."""

from __future__ import annotations

from dataclasses import dataclass

TORCH = "torch==2.13.0"


@dataclass(frozen=True, slots=True)
class Workload:
    """``recorded``: whether publishing saw what the script does, which is importing a distribution's modules."""

    name: str
    requirements: tuple[str, ...]
    script: str
    recorded: bool
    quick: bool = False


def _imports(name: str, requirements: str, *modules: str, quick: bool = False) -> Workload:
    lines = [f"import {module}" for module in modules]
    shown = " ".join(f"{{{module}.__name__}}" for module in modules)
    return Workload(name, tuple(requirements.split()), "\n".join([*lines, f'print(f"{shown}")']), True, quick)


WORKLOADS = (
    _imports("numpy", "numpy", "numpy", quick=True),
    _imports("pandas", "pandas", "pandas", quick=True),
    _imports("pandas+pyarrow", "pandas pyarrow", "pyarrow", "pandas"),
    _imports("matplotlib.pyplot", "matplotlib", "matplotlib.pyplot"),
    _imports("scipy.stats", "scipy", "scipy.stats"),
    _imports("sklearn.linear_model", "scikit-learn", "sklearn.linear_model"),
    _imports("polars", "polars", "polars"),
    _imports("torch", TORCH, "torch"),
    _imports("sympy", "sympy", "sympy"),
    _imports("boto3", "boto3", "boto3"),
    Workload(
        "notebook",
        ("numpy", "pandas", "matplotlib"),
        """\
import numpy as np
import pandas as pd
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt
frame = pd.DataFrame({"x": np.arange(100), "y": np.arange(100) ** 2})
frame.plot(x="x", y="y")
plt.close("all")
print(frame.describe().loc["mean"].tolist())
""",
        False,
    ),
    Workload(
        "scipy.optimize",  # a submodule
        ("scipy",),
        """\
from scipy.optimize import minimize
print(round(minimize(lambda x: (x[0] - 1) ** 2, [0.0]).x[0], 3))
""",
        False,
        quick=True,
    ),
    Workload(
        "pandas.to_parquet",  # imports late
        ("pandas", "pyarrow"),
        """\
import io
import pandas
file = io.BytesIO()
pandas.DataFrame({"x": [1, 2, 3]}).to_parquet(file)
file.seek(0)
print(pandas.read_parquet(file).x.sum())
""",
        False,
    ),
    Workload(
        "pandas.read_excel",  # imports late, and finds its engine by name
        ("pandas", "openpyxl"),
        """\
import io
import pandas
file = io.BytesIO()
pandas.DataFrame({"x": [1, 2, 3]}).to_excel(file, index=False)
file.seek(0)
print(pandas.read_excel(file).x.sum())
""",
        False,
    ),
    Workload(
        "pandas.plot",  # a plugin: the plotting backend is an entry point
        ("pandas", "matplotlib"),
        """\
import matplotlib
matplotlib.use("agg")
import pandas
print(type(pandas.Series([1, 2, 3]).plot()).__name__)
""",
        False,
    ),
    Workload(
        "matplotlib to pdf",  # a plugin: the backend is chosen by the file's name
        ("matplotlib",),
        """\
import io
import matplotlib.pyplot as plt
plt.plot([1, 2, 3])
file = io.BytesIO()
plt.savefig(file, format="pdf")
print(file.getvalue()[:4])
""",
        False,
    ),
    Workload(
        "sklearn.ensemble",
        ("scikit-learn",),
        """\
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
data = load_iris()
print(RandomForestClassifier(5, random_state=0).fit(data.data, data.target).n_features_in_)
""",
        False,
    ),
    Workload(
        "polars.LazyFrame",
        ("polars",),
        """\
import polars
print(polars.LazyFrame({"x": [1, 2, 3]}).select(polars.col("x").sum()).collect().item())
""",
        False,
    ),
    Workload(
        "torch.nn",
        (TORCH,),
        """\
import torch
import torch.optim.lr_scheduler
layer = torch.nn.Linear(2, 1)
torch.optim.SGD(layer.parameters(), lr=0.1).step()
print(tuple(layer.weight.shape))
""",
        False,
    ),
    Workload(
        "sympy.parsing",
        ("sympy",),
        """\
from sympy.parsing.sympy_parser import parse_expr
print(parse_expr("(x + 1)**2").expand())
""",
        False,
    ),
    Workload(
        "boto3.client",  # reads its data files by path
        ("boto3",),
        """\
import boto3
client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y")
print(client.meta.service_model.api_version)
""",
        False,
    ),
)
