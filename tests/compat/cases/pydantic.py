# /// script
# dependencies = ["pydantic"]
#
# [tool.compat]
# kinds = ["Rust extension", "lazy attributes"]
# ///
"""Models, validation errors, JSON schema."""

import json

from pydantic import BaseModel, Field, ValidationError


class Book(BaseModel):
    title: str
    pages: int = Field(gt=0)


print(Book.model_validate_json('{"title": "a", "pages": "12"}'))
try:
    Book(title="b", pages=0)
except ValidationError as error:
    print([(e["loc"], e["type"]) for e in error.errors()])
print(json.dumps(Book.model_json_schema(), sort_keys=True))
