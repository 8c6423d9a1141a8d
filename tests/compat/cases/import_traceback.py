# /// script
# dependencies = ["django", "click"]
#
# [tool.compat]
# kinds = ["what a traceback shows"]
# ///
"""An error in the body of an installed module: the import machinery is not in its traceback."""

import inspect
import os
import sys
import traceback
import warnings

try:
    import django.contrib.auth.models
except Exception as error:
    print(
        type(error).__name__,
        [(os.path.basename(f.filename), f.name) for f in traceback.extract_tb(error.__traceback__)],
    )
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import django.core.files.move
print([w.filename for w in caught])
