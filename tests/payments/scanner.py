"""What a scanner reads in bars: modules to symbols, symbols to text, the check symbol verified."""

from collections.abc import Iterable

from barcode.charsets import code128

Bar = tuple[int, int]
"""Its place and its width, in modules."""


def modules(bars: Iterable[Bar]) -> str:
    """From the first bar's left edge to the last one's right, `1` where it is dark."""
    places = list(bars)
    start = places[0][0]
    line = ["0"] * (places[-1][0] + places[-1][1] - start)
    for place, width in places:
        line[place - start : place - start + width] = "1" * width
    return "".join(line)


def read(line: str) -> str:
    symbols = [code128.CODES.index(line[at : at + 11]) for at in range(0, len(line) - 13, 11)]
    *data, checksum = symbols
    assert checksum == (data[0] + sum(place * symbol for place, symbol in enumerate(data[1:], 1))) % 103
    table, text = {103: "A", 104: "B", 105: "C"}[data[0]], ""
    letters = {symbol: letter for letter, symbol in code128.B.items()}
    for symbol in data[1:]:
        if symbol == 102:
            text += "<FNC1>"
        elif symbol == 99 and table == "B":
            table = "C"
        elif symbol == 100 and table == "C":
            table = "B"
        else:
            text += f"{symbol:02}" if table == "C" else letters[symbol]
    return text
