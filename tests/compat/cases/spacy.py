# /// script
# dependencies = ["spacy"]
#
# [tool.compat]
# kinds = ["entry points", "several extensions"]
# ///
"""A blank pipeline: factories come through entry points and registries."""

import spacy

nlp = spacy.blank("en")
nlp.add_pipe("sentencizer")
doc = nlp("Shelves hold books. We read them!")
print([s.text for s in doc.sents], [t.text for t in doc][:4], spacy.explain("NN"))
