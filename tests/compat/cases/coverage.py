# /// script
# dependencies = ["coverage"]
#
# [tool.compat]
# kinds = ["tracing", "pth file"]
# ///
"""Tracing through installed code, by file names."""

import coverage

measure = coverage.Coverage(data_file=None, source_pkgs=["colorsys"], config_file=False)
measure.start()
import colorsys

colorsys.rgb_to_hsv(0.1, 0.2, 0.3)
measure.stop()
print([len(measure.get_data().lines(f)) > 5 for f in measure.get_data().measured_files() if f.endswith("colorsys.py")])
