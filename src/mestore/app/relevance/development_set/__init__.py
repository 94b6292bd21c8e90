"""What the synonyms, weights and margin of the search were chosen on: its figure flatters."""

from mestore.app.relevance.development_set.english_words import ENGLISH
from mestore.app.relevance.development_set.exact_names import EXACT
from mestore.app.relevance.development_set.missing_accents import ACCENTS
from mestore.app.relevance.development_set.needs import NEED
from mestore.app.relevance.development_set.other_endings import PLURAL
from mestore.app.relevance.development_set.sku_parts import SKU
from mestore.app.relevance.development_set.synonyms import SYNONYM
from mestore.app.relevance.development_set.typos import TYPO
from mestore.app.relevance.kinds import QueryKind

ROWS = {
    QueryKind.EXACT: EXACT,
    QueryKind.ACCENTS: ACCENTS,
    QueryKind.TYPO: TYPO,
    QueryKind.PLURAL: PLURAL,
    QueryKind.SYNONYM: SYNONYM,
    QueryKind.NEED: NEED,
    QueryKind.ENGLISH: ENGLISH,
    QueryKind.SKU: SKU,
}
