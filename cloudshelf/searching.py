"""Finding projects by words of their names, modules and summaries: values in, values out."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .codecs.catalog import ProjectFacts


def search_projects(projects: Iterable[ProjectFacts], words: str) -> list[tuple[ProjectFacts, str]]:
    """Those that hold all ``words``, the best first; with each, where the first word was: name, module or summary."""
    terms = words.lower().split()
    ranked = []
    for facts in projects:
        scores = [_score(facts, term) for term in terms]
        if scores and all(score for score, _ in scores):
            ranked.append((-sum(score for score, _ in scores), facts.project, scores[0][1], facts))
    return [(facts, why) for _, _, why, facts in sorted(ranked, key=lambda each: each[:2])]


def _score(facts: ProjectFacts, term: str) -> tuple[int, str]:
    name, modules = facts.project, [module.lower() for module in facts.modules]
    if term == name:
        return 100, "name"
    if term in modules:
        return 80, "module"
    if name.startswith(term):
        return 60, "name"
    if term in name:
        return 40, "name"
    if any(term in module for module in modules):
        return 30, "module"
    summary = facts.summary.lower()
    if term not in summary:
        return 0, ""
    return (20 if term in re.findall(r"\w+", summary) else 10), "summary"
