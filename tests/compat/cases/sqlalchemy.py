# /// script
# dependencies = ["sqlalchemy"]
#
# [tool.compat]
# kinds = ["extension with fallback", "dialects found late"]
# ///
"""An ORM round trip; the dialect is imported by name."""

from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Row(Base):
    __tablename__ = "rows"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


engine = create_engine("sqlite://")
Base.metadata.create_all(engine)
with Session(engine) as session:
    session.add_all([Row(name="b"), Row(name="a")])
    session.commit()
    print(session.scalars(select(Row.name).order_by(Row.name)).all())
from sqlalchemy.util import has_compiled_ext

print(has_compiled_ext())
