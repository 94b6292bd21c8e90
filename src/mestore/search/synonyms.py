"""Words that mean the same, as staff keeps them. A change is seen by the next search."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Text, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.database import Session
from mestore.core.freshness import CATALOGUE, changed
from mestore.core.ids import new_uuid
from mestore.core.paging import Page, Slice, decode, slice_of
from mestore.search.errors import SynonymNotFound, WordInOtherGroup, WordSaysNothing
from mestore.search.schemas import SynonymOut
from mestore.search.spelling import folded

_WORDS = bindparam("words", type_=ARRAY(Text))
_ID = bindparam("id", type_=Uuid)
_GROUPS = """
    SELECT s.id, s.created_at, s.updated_at,
        (SELECT array_agg(w.word ORDER BY w.word_key) FROM search_synonym_words w WHERE w.synonym_id = s.id) AS words
    FROM search_synonyms s"""
_SAYS_NOTHING = text("""
    SELECT word FROM unnest(:words) AS word WHERE numnode(plainto_tsquery('catalogue', word)) = 0 LIMIT 1
""").bindparams(_WORDS)
_ADD_WORDS = text("""
    INSERT INTO search_synonym_words (synonym_id, word) SELECT :id, word FROM unnest(:words) AS word ORDER BY fold(word)
    ON CONFLICT DO NOTHING RETURNING word
""").bindparams(_ID, _WORDS)
_SET_ALTERNATIVES = text("""
    UPDATE search_synonyms SET updated_at = now(), alternatives = (
        SELECT string_agg('(' || phraseto_tsquery('catalogue', word)::text || ')', ' | ')::tsquery
        FROM unnest(:words) AS word)
    WHERE id = :id
""").bindparams(_ID, _WORDS)


class SynonymRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def page(self, limit: int, cursor: str | None, *, count: bool) -> Slice[Row[Any]]:
        total = await self._session.scalar(text("SELECT count(*) FROM search_synonyms")) if count else None
        after = decode(cursor, UUID)[0] if cursor is not None else None
        statement = text(
            f"{_GROUPS} WHERE CAST(:after AS uuid) IS NULL OR s.id > :after ORDER BY s.id LIMIT :limit"
        ).bindparams(bindparam("after", type_=Uuid))
        rows = (await self._session.execute(statement, {"after": after, "limit": limit + 1})).all()
        return slice_of(rows, limit, lambda row: (row.id,), total)

    async def one(self, synonym_id: UUID) -> Row[Any]:
        statement = text(f"{_GROUPS} WHERE s.id = :id").bindparams(_ID)
        row = (await self._session.execute(statement, {"id": synonym_id})).first()
        if row is None:
            raise SynonymNotFound
        return row

    async def says_nothing(self, words: Sequence[str]) -> str | None:
        """The first word that no search asks for, if there is one."""
        found: str | None = await self._session.scalar(_SAYS_NOTHING, {"words": list(words)})
        return found

    async def add(self, synonym_id: UUID) -> None:
        await self._session.execute(
            text("INSERT INTO search_synonyms (id) VALUES (:id)").bindparams(_ID), {"id": synonym_id}
        )

    async def lock(self, synonym_id: UUID) -> None:
        statement = text("SELECT id FROM search_synonyms WHERE id = :id FOR UPDATE").bindparams(_ID)
        if (await self._session.execute(statement, {"id": synonym_id})).first() is None:
            raise SynonymNotFound

    async def set_words(self, synonym_id: UUID, words: Sequence[str]) -> None:
        values = {"id": synonym_id, "words": list(words)}
        await self._session.execute(
            text("DELETE FROM search_synonym_words WHERE synonym_id = :id").bindparams(_ID), {"id": synonym_id}
        )
        added = (await self._session.execute(_ADD_WORDS, values)).all()
        if len(added) < len(words):
            raise WordInOtherGroup
        await self._session.execute(_SET_ALTERNATIVES, values)

    async def delete(self, synonym_id: UUID) -> None:
        await self._session.execute(
            text("DELETE FROM search_synonyms WHERE id = :id").bindparams(_ID), {"id": synonym_id}
        )


class SynonymService:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._synonyms = SynonymRepository(session)

    async def page(self, limit: int, cursor: str | None, *, count: bool) -> Page[SynonymOut]:
        found = await self._synonyms.page(limit, cursor, count=count)
        items = [SynonymOut.model_validate(row) for row in found.items]
        return Page(items=items, next_cursor=found.next_cursor, total=found.total)

    async def add(self, words: Sequence[str]) -> SynonymOut:
        """A new group.

        Raises:
            WordInOtherGroup: one of the words stands in a group already.
            WordSaysNothing: one of them is in no search, as `de la`.
        """
        synonym_id = new_uuid()
        await self._synonyms.add(synonym_id)
        return await self._write(synonym_id, words)

    async def replace(self, synonym_id: UUID, words: Sequence[str]) -> SynonymOut:
        """Other words for a group; raises as `add`, and SynonymNotFound."""
        await self._synonyms.lock(synonym_id)
        return await self._write(synonym_id, words)

    async def remove(self, synonym_id: UUID) -> None:
        await self._synonyms.lock(synonym_id)
        await self._synonyms.delete(synonym_id)
        changed(self._session, CATALOGUE)

    async def _write(self, synonym_id: UUID, words: Sequence[str]) -> SynonymOut:
        once = list({folded(word): word for word in words}.values())
        if (nothing := await self._synonyms.says_nothing(once)) is not None:
            raise WordSaysNothing(nothing)
        await self._synonyms.set_words(synonym_id, once)
        changed(self._session, CATALOGUE)
        return SynonymOut.model_validate(await self._synonyms.one(synonym_id))
