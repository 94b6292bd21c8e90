"""The tree of categories: of any depth, never a circle."""

from mestore.catalog.category_repository import CategoryRepository
from mestore.catalog.errors import CategoryCycle, CategoryInUse, CategoryNotFound, NoSuchCategory
from mestore.catalog.events import CategoryChanged
from mestore.catalog.models import Category
from mestore.catalog.schemas import CategoryIn, CategoryNode, CategoryOut, CategoryPage, CategoryPatch
from mestore.core.database import Session
from mestore.core.ids import CategoryId, new_uuid
from mestore.core.jobs import publish
from mestore.core.slugs import slug_of


class CategoryService:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._categories = CategoryRepository(session)

    async def tree(self) -> list[CategoryNode]:
        """All of them as a list, each with how many products are for sale in it and below."""
        return [CategoryNode.model_validate(row) for row in await self._categories.tree()]

    async def page(self, slug: str) -> CategoryPage:
        """A category with what stands above and directly below it.

        Raises:
            NoSuchCategory
        """
        category = await self._categories.by_slug(slug)
        nodes = await self.tree()
        own = next(node for node in nodes if node.id == category.id)
        above = [CategoryOut.model_validate(row) for row in await self._categories.above(category.id)]
        children = [node for node in nodes if node.parent_id == category.id]
        return CategoryPage(**dict(own), breadcrumb=above, children=children)

    async def add(self, wanted: CategoryIn) -> CategoryPage:
        """Make a category; without a slug of its own it gets its name's.

        Raises:
            CategoryNotFound: there is no such parent.
            CategorySlugTaken
        """
        await self._categories.hold_tree()
        if wanted.parent_id is not None:
            await self._parent(CategoryId(wanted.parent_id))
        slug = wanted.slug or slug_of(wanted.name, longest=120, otherwise="categoria")
        category_id = await self._categories.add({"id": new_uuid(), **dict(wanted), "slug": slug})
        await publish(self._session, CategoryChanged(category_id))
        return await self.page(slug)

    async def change(self, slug: str, wanted: CategoryPatch) -> CategoryPage:
        """Give a category another name or place; what stands below it goes along.

        Raises:
            NoSuchCategory
            CategoryNotFound: there is no such parent.
            CategoryCycle: the parent is the category itself or stands below it.
        """
        await self._categories.hold_tree()
        category = await self._categories.by_slug(slug)
        changes = {name: getattr(wanted, name) for name in wanted.model_fields_set}
        if changes.get("parent_id") is not None:
            parent = await self._parent(CategoryId(changes["parent_id"]))
            if category.id in {row.id for row in await self._categories.above(parent.id)}:
                raise CategoryCycle
        if changes:
            await self._categories.change(category.id, changes)
            await publish(self._session, CategoryChanged(category.id))
        return await self.page(slug)

    async def remove(self, slug: str) -> None:
        """Remove an empty category.

        Raises:
            NoSuchCategory
            CategoryInUse: it has products or categories below it.
        """
        await self._categories.hold_tree()
        category = await self._categories.by_slug(slug)
        if not await self._categories.remove(category.id):
            raise CategoryInUse
        await publish(self._session, CategoryChanged(category.id))

    async def _parent(self, category_id: CategoryId) -> Category:
        try:
            return await self._categories.by_id(category_id)
        except NoSuchCategory as error:
            raise CategoryNotFound from error
