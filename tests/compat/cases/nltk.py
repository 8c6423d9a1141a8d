# /// script
# dependencies = ["nltk"]
#
# [tool.compat]
# kinds = ["pure", "lazy modules"]
# ///
"""Stemming and tokens, without a corpus."""

from nltk.stem import PorterStemmer, SnowballStemmer
from nltk.tokenize import TreebankWordTokenizer

print(
    [PorterStemmer().stem(w) for w in ("running", "shelves", "easily")],
    SnowballStemmer("french").stem("continuellement"),
)
print(TreebankWordTokenizer().tokenize("They'll import it, won't they?"))
