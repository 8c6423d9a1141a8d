"""What JupyterLab's sidebar knows of this kernel, over a comm: docs/panel-channel.md.

``target`` is all that ``%load_ext`` loads; the rest comes with the first panel.
"""
