"""What the search is judged on: nothing is chosen to suit these queries, and none is changed for what it finds.

Most of the goods asked for were drawn by lot from the demo catalogue. The queries were written by somebody who had read
the catalogue and the development set, but neither the synonyms, nor the code of the search, nor any result.
"""

from mestore.app.relevance.kinds import QueryKind
from mestore.app.relevance.test_set.attributes import ATTRIBUTE
from mestore.app.relevance.test_set.english_words import ENGLISH
from mestore.app.relevance.test_set.exact_names import EXACT
from mestore.app.relevance.test_set.missing_accents import ACCENTS
from mestore.app.relevance.test_set.needs import NEED
from mestore.app.relevance.test_set.other_endings import PLURAL
from mestore.app.relevance.test_set.sku_parts import SKU
from mestore.app.relevance.test_set.synonyms import SYNONYM
from mestore.app.relevance.test_set.typos import TYPO

ROWS = {
    QueryKind.EXACT: EXACT,
    QueryKind.ACCENTS: ACCENTS,
    QueryKind.TYPO: TYPO,
    QueryKind.PLURAL: PLURAL,
    QueryKind.SYNONYM: SYNONYM,
    QueryKind.NEED: NEED,
    QueryKind.ENGLISH: ENGLISH,
    QueryKind.ATTRIBUTE: ATTRIBUTE,
    QueryKind.SKU: SKU,
}
