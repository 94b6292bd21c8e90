"""`make relevance`: how well searches find what buyers ask for, by words alone, by meaning alone, and fused.

It starts a PostgreSQL, a Valkey and a ChromaDB of its own, fills them with the demo catalogue, and asks every query of
the two sets. recall@10 is the mean, over the queries, of the share of the expected products that are among the first
ten; MRR the mean of one over the place of the first expected product. Fails when, on either set, fused is not the best
of the three, or recall@10 is below what was promised. `--grid` also tries other weights, on the development set only:
weights that were chosen on the test set would make it a second development set.
"""

import asyncio
import itertools
import os
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from rich.console import Console
from rich.progress import track
from rich.table import Table

from mestore.app import demo_catalogue, migrations, seed
from mestore.app.embedded import EmbeddedPostgres, EmbeddedValkey
from mestore.app.embedded_chroma import EmbeddedChroma
from mestore.app.relevance.kinds import QueryKind
from mestore.app.relevance.queries import DEVELOPMENT_SET, TEST_SET, RelevanceQuery
from mestore.app.subscriptions import TASKS
from mestore.catalog.filters import Filters
from mestore.core.clock import utc_now
from mestore.core.settings import (
    ChromaSettings,
    DatabaseSettings,
    EmbedderSettings,
    Environment,
    RedisSettings,
    SearchSettings,
    Settings,
)
from mestore.core.world import World, open_world
from mestore.search.fusion import ByWords, fused, near
from mestore.search.indexer import Indexer
from mestore.search.nearest import Nearest
from mestore.search.repository import SearchRepository
from mestore.search.vector_index import Neighbour

PROMISED_RECALL = 0.92
_SEEN = 10
_NO_MEANING: tuple[Neighbour, ...] = ()


@dataclass(frozen=True)
class Answered:
    """What the two sources said to one query."""

    query: RelevanceQuery
    expected: frozenset[UUID]
    by_words: ByWords
    by_meaning: Sequence[Neighbour]


@dataclass(frozen=True)
class Score:
    recall: float
    mrr: float

    def __str__(self) -> str:
        return f"{self.recall:.3f}  {self.mrr:.3f}"


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="mestore-relevance-") as folder:
        data_dir = Path(folder)
        postgres, valkey = EmbeddedPostgres(data_dir, durable=False), EmbeddedValkey(data_dir)
        chroma = EmbeddedChroma(data_dir, _free_port())
        started = []
        try:
            for server in (postgres, valkey, chroma):
                server.start()
                started.append(server)
            settings = Settings(
                environment=Environment.TEST,
                data_dir=data_dir,
                database=DatabaseSettings(url=postgres.url),
                redis=RedisSettings(url=valkey.url),
                chroma=ChromaSettings(url=chroma.url, timeout_seconds=10),
                search=SearchSettings(wait_seconds=10),
                embedder=EmbedderSettings(threads=os.cpu_count() or 1),
            )
            migrations.upgrade(postgres.url)
            seed.run(settings, if_empty=True)
            development, test = asyncio.run(_ask_all(settings))
        finally:
            for server in reversed(started):
                server.stop()
    if "--grid" in sys.argv:
        _show_grid(development)
    kept = [
        _show("development set: synonyms, weights and margin were chosen on it", development, settings.search),
        _show("test set: nothing was chosen on it", test, settings.search),
    ]
    return 0 if all(kept) else 1


async def _ask_all(settings: Settings) -> tuple[list[Answered], list[Answered]]:
    """What was answered to the development set, and to the test set."""
    expected = {product.sku: product.id for product in demo_catalogue.products()}
    async with open_world(settings, utc_now, TASKS, name="relevance") as world:
        await Indexer(world).rebuild(lambda _done, _total: None)
        answers = [
            await _ask(world, query, frozenset(expected[sku] for sku in query.skus))
            for query in track((*DEVELOPMENT_SET, *TEST_SET), "  asking", disable=not sys.stdout.isatty())
        ]
    return answers[: len(DEVELOPMENT_SET)], answers[len(DEVELOPMENT_SET) :]


async def _ask(world: World, query: RelevanceQuery, expected: frozenset[UUID]) -> Answered:
    """As `SearchService.search` does, but in peace: here nothing may be late."""
    repository = SearchRepository(world.reads)
    understood = await repository.understand(query.text)
    by_words = await repository.by_words(understood.text, Filters())
    limit = world.settings.search.neighbours
    found = await Nearest(world).to_text(understood.text, understood.collection, understood.model, limit)
    if found is None:
        raise SystemExit("relevance: ChromaDB did not answer in time")
    return Answered(query, expected, by_words, found)


def _ranking(answer: Answered, source: str, settings: SearchSettings) -> list[UUID]:
    by_meaning = near(answer.by_meaning, settings.margin)
    if source == "words":
        return fused(answer.by_words, [], settings)
    if source == "meaning":
        return by_meaning
    return fused(answer.by_words, by_meaning, settings)


def _score(answers: Sequence[Answered], source: str, settings: SearchSettings) -> Score:
    recalls, reciprocals = [], []
    for answer in answers:
        ranking = _ranking(answer, source, settings)
        recalls.append(len(answer.expected.intersection(ranking[:_SEEN])) / len(answer.expected))
        places = [place for place, each in enumerate(ranking[:_SEEN], 1) if each in answer.expected]
        reciprocals.append(1 / places[0] if places else 0.0)
    return Score(sum(recalls) / len(answers), sum(reciprocals) / len(answers))


def _show(title: str, answers: Sequence[Answered], settings: SearchSettings) -> bool:
    """Whether the set keeps what was promised."""
    table = Table(
        "queries", "", *(f"{source}: recall@10  MRR" for source in ("words", "meaning", "fused")), title=title
    )
    for kind in QueryKind:
        if of_kind := [answer for answer in answers if answer.query.kind is kind]:
            table.add_row(kind, str(len(of_kind)), *map(str, _scores(of_kind, settings)))
    words, meaning, both = _scores(answers, settings)
    table.add_section()
    others = [answer for answer in answers if answer.query.kind is not QueryKind.SYNONYM]
    table.add_row("but SYNONYM", str(len(others)), *map(str, _scores(others, settings)))
    table.add_row("all", str(len(answers)), str(words), str(meaning), str(both))
    Console(width=120).print(table)
    best = both.recall >= max(words.recall, meaning.recall) and both.mrr >= max(words.mrr, meaning.mrr)
    if not best:
        sys.stdout.write("✗ fused is not the best of the three\n")
    if both.recall < PROMISED_RECALL:
        sys.stdout.write(f"✗ recall@10 {both.recall:.3f} is below {PROMISED_RECALL}\n")
    return best and both.recall >= PROMISED_RECALL


def _scores(answers: Sequence[Answered], settings: SearchSettings) -> tuple[Score, Score, Score]:
    return (
        _score(answers, "words", settings),
        _score(answers, "meaning", settings),
        _score(answers, "fused", settings),
    )


def _show_grid(answers: Sequence[Answered]) -> None:
    found = [(_score(answers, "fused", settings), settings) for settings in _grid()]
    found.sort(key=lambda each: -round(each[0].recall + each[0].mrr, 4))
    table = Table("recall@10  MRR", "rank constant", "all words", "some words", "meaning", "margin")
    for score, settings in found[:15]:
        table.add_row(
            str(score),
            str(settings.rank_constant),
            str(settings.all_words_weight),
            str(settings.some_words_weight),
            str(settings.meaning_weight),
            str(settings.margin),
        )
    Console(width=120).print(table)


def _grid() -> Iterator[SearchSettings]:
    for constant, some, meaning, margin in itertools.product(
        (3, 5, 10, 20), (0.3, 0.45, 0.6, 0.8), (0.4, 0.6, 0.8), (0.04, 0.06, 0.1)
    ):
        yield SearchSettings(rank_constant=constant, some_words_weight=some, meaning_weight=meaning, margin=margin)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
