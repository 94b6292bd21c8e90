from collections import Counter
from collections.abc import Iterable
from functools import cache

import pytest

from mestore.app.demo_catalogue import DemoProduct, products
from mestore.app.demo_catalogue.records import slug_of
from mestore.app.relevance.kinds import QueryKind
from mestore.app.relevance.queries import DEVELOPMENT_SET, TEST_SET, RelevanceQuery

Queries = tuple[RelevanceQuery, ...]

of_each_set = pytest.mark.parametrize(
    "queries", [pytest.param(DEVELOPMENT_SET, id="development set"), pytest.param(TEST_SET, id="test set")]
)


def words(*texts: str) -> set[str]:
    """In lower case, without accents."""
    return set(slug_of(" ".join(texts)).split("-"))


@cache
def catalogue() -> dict[str, DemoProduct]:
    return {product.sku: product for product in products()}


@cache
def words_of_the_catalogue() -> set[str]:
    return words(*(f"{product.name} {product.brand} {product.description}" for product in products()))


def names(query: RelevanceQuery) -> list[set[str]]:
    """The words of name and brand of each product that should be found."""
    return [words(catalogue()[sku].name, catalogue()[sku].brand) for sku in sorted(query.skus)]


def texts(queries: Iterable[RelevanceQuery]) -> list[str]:
    return [query.text for query in queries]


def of(queries: Queries, *kinds: QueryKind) -> list[RelevanceQuery]:
    return [query for query in queries if query.kind in kinds]


@of_each_set
def test_there_are_enough_of_every_kind(queries: Queries) -> None:
    assert len(queries) >= 160
    counts = Counter(query.kind for query in queries)
    assert {kind: count for kind, count in counts.items() if count < 15} == {}


def test_the_test_set_has_every_kind() -> None:
    assert {query.kind for query in TEST_SET} == set(QueryKind)


def test_nothing_is_asked_twice_in_either_set_or_in_both() -> None:
    times = Counter("".join(slug_of(query.text).split("-")) for query in (*DEVELOPMENT_SET, *TEST_SET))
    assert [text for text, count in times.items() if count > 1] == []


@of_each_set
def test_every_sku_is_one_product_of_the_demo_catalogue(queries: Queries) -> None:
    assert len(catalogue()) == len(products())
    assert {sku for query in queries for sku in query.skus} - set(catalogue()) == set()


@of_each_set
def test_all_that_should_be_found_fits_on_a_page_of_ten(queries: Queries) -> None:
    assert texts(query for query in queries if not 1 <= len(query.skus) <= 10) == []


@of_each_set
def test_every_shelf_of_the_shop_is_asked_for(queries: Queries) -> None:
    asked = {catalogue()[sku].category_slug for query in queries for sku in query.skus}
    assert {product.category_slug for product in products()} - asked == set()


@of_each_set
def test_an_exact_query_has_only_words_of_the_names_it_should_find(queries: Queries) -> None:
    exact = of(queries, QueryKind.EXACT)
    assert texts(query for query in exact if not all(words(query.text) <= name for name in names(query))) == []


@of_each_set
def test_a_query_without_accents_has_none_and_leaves_one_out(queries: Queries) -> None:
    bare = of(queries, QueryKind.ACCENTS)
    assert texts(query for query in bare if not query.text.isascii()) == []
    written = {word for product in products() for word in product.name.lower().split()}
    assert texts(query for query in bare if set(query.text.split()) <= written) == []


@of_each_set
def test_a_typo_is_a_word_that_the_catalogue_does_not_have(queries: Queries) -> None:
    typos = of(queries, QueryKind.TYPO)
    assert texts(query for query in typos if words(query.text) <= words_of_the_catalogue()) == []


@of_each_set
@pytest.mark.parametrize("kind", [QueryKind.PLURAL, QueryKind.SYNONYM, QueryKind.NEED, QueryKind.ENGLISH])
def test_what_is_not_exact_has_a_word_that_no_name_it_should_find_has(queries: Queries, kind: QueryKind) -> None:
    assert texts(query for query in of(queries, kind) if words(query.text) <= set().union(*names(query))) == []


@of_each_set
def test_a_sku_query_is_the_beginning_of_the_skus_it_should_find(queries: Queries) -> None:
    def squeezed(text: str) -> str:
        return slug_of(text).replace("-", "")

    found = [(query.text, sku) for query in of(queries, QueryKind.SKU) for sku in query.skus]
    assert [text for text, sku in found if not squeezed(sku).startswith(squeezed(text))] == []
