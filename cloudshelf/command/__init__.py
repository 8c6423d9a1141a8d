"""The command ``cloudshelf``: from its words to a verb and its page."""
