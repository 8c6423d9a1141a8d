# /// script
# dependencies = ["idna"]
#
# [tool.compat]
# kinds = ["python -c"]
# command = ["python", "-c", "import idna, sys; print(idna.encode('ドメイン.テスト'), sys.argv)", "a", "b"]
# ///
"""A one-liner."""
