# /// script
# dependencies = ["matplotlib"]
#
# [tool.compat]
# kinds = ["data in package", "fonts", "C reads data"]
# ///
"""A picture with text: fonts are data files read by FreeType."""

import hashlib
import io
import os
import tempfile

os.environ["MPLCONFIGDIR"] = tempfile.mkdtemp()
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib import font_manager

plt.style.use("ggplot")
figure, axes = plt.subplots()
axes.plot([1, 4, 9], label="squares $x^2$")
axes.legend()
buffer = io.BytesIO()
figure.savefig(buffer, format="png")
print(len(buffer.getvalue()), hashlib.sha256(buffer.getvalue()).hexdigest())
print(os.path.basename(font_manager.findfont("DejaVu Sans")), len(plt.style.available))
