"""What searching needs besides the products: words that mean the same, the spelling of words, and what is indexed."""

from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, String, Uuid, text
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Mapped, mapped_column

from mestore.core.columns import CreatedAt, Moment, UpdatedAt
from mestore.core.database import Base
from mestore.core.ids import ProductId, new_uuid


class Synonym(Base):
    """A group of words that buyers use for the same thing."""

    __tablename__ = "search_synonyms"
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_uuid)
    alternatives: Mapped[str] = mapped_column(TSQUERY, server_default="", deferred=True)
    """Any of its words, as a query; written together with the words."""
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class SynonymWord(Base):
    """A word, or a few, of one group; no word is in two."""

    __tablename__ = "search_synonym_words"
    __table_args__ = (CheckConstraint("numnode(target) > 0", name="target"),)
    word_key: Mapped[str] = mapped_column(
        String(60), Computed("(fold((word)::text))::character varying(60)", persisted=True), primary_key=True
    )
    synonym_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("search_synonyms.id", ondelete="CASCADE"), index=True)
    word: Mapped[str] = mapped_column(String(60))
    target: Mapped[str] = mapped_column(
        TSQUERY,
        Computed("plainto_tsquery('catalogue'::regconfig, (word)::text)", persisted=True),
        index=True,
        deferred=True,
    )
    """What in a query it stands for; never empty, as `de la` would be."""


class SearchWord(Base):
    """A word that stands somewhere in the catalogue, so that a misspelt one can be told and put right."""

    __tablename__ = "search_words"
    __table_args__ = (
        Index("ix_search_words_trigrams", "word", postgresql_using="gin", postgresql_ops={"word": "gin_trgm_ops"}),
    )
    word: Mapped[str] = mapped_column(String(60), primary_key=True)
    """Without accents and capitals."""
    lexeme: Mapped[str] = mapped_column(String(60), index=True)
    strong: Mapped[bool]
    """It stands in a name, a brand, a category or a tag, not only in descriptions."""


class SearchCollection(Base):
    """A collection of vectors in ChromaDB. Searches ask the live one; a rebuild fills another and makes that live."""

    __tablename__ = "search_collections"
    __table_args__ = (Index("uq_search_collections_live", "live", unique=True, postgresql_where=text("live")),)
    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    model: Mapped[str] = mapped_column(String(80))
    """By which its vectors were made: a query must be embedded by the same."""
    live: Mapped[bool]
    created_at: Mapped[CreatedAt]


class SearchDocument(Base):
    """That a product's vector lies in a collection, and of which text it was made."""

    __tablename__ = "search_documents"
    product_id: Mapped[ProductId] = mapped_column(Uuid, ForeignKey("products.id", ondelete="CASCADE"), primary_key=True)
    collection: Mapped[str] = mapped_column(
        String(120), ForeignKey("search_collections.name", ondelete="CASCADE"), primary_key=True, index=True
    )
    content_hash: Mapped[str] = mapped_column(String(64))
    indexed_at: Mapped[Moment]


class SearchPending(Base):
    """A product whose text, status or existence changed since it was indexed; a trigger of `products` writes it."""

    __tablename__ = "search_pending"
    product_id: Mapped[ProductId] = mapped_column(Uuid, ForeignKey("products.id", ondelete="CASCADE"), primary_key=True)
    since: Mapped[Moment] = mapped_column(index=True)
