"""Making receipts takes neither the event loop nor all the time there is."""

import asyncio

from mestore.receipts.document import build
from mestore.receipts.errors import PrinterBusy
from mestore.receipts.printer import MOST_WAITING, Printer
from tests.receipts.examples import line, many_lines, part, receipt
from tests.receipts.reading import ReadReceipt


async def test_the_event_loop_goes_on_meanwhile() -> None:
    printing = asyncio.create_task(Printer().print(build, receipt(part(*many_lines(50)))))
    turns = 0
    while not printing.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 10
    assert len(ReadReceipt(printing.result()).lines) == 50


async def test_only_so_many_wait_and_the_next_come_again_later() -> None:
    printer, wanted = Printer(), receipt(part(line()))
    answers = await asyncio.gather(
        *(printer.print(build, wanted) for _ in range(MOST_WAITING + 4)), return_exceptions=True
    )
    made = {answer for answer in answers if isinstance(answer, bytes)}
    assert [type(answer) for answer in answers].count(bytes) == MOST_WAITING + 1
    assert [type(answer) for answer in answers[MOST_WAITING + 1 :]] == [PrinterBusy] * 3
    assert made == {await printer.print(build, wanted)}, "its places are free again"
