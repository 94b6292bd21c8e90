"""Writes `src/mestore/places/dane.tsv`: DANE's codes and names of departments and municipalities.

They come from Faker's `es_CO` address provider, which carries DANE's list; compared with two other lists on 2026-11-24:
the same codes. Faker is needed for this script only, as in
`python -m venv /tmp/faker && /tmp/faker/bin/pip install faker && /tmp/faker/bin/python scripts/make_places.py`.
"""
# ruff: noqa: INP001, T201

from pathlib import Path

from faker.providers.address.es_CO import Provider

TARGET = Path(__file__).parent.parent / "src" / "mestore" / "places" / "dane.tsv"


def main() -> None:
    rows = sorted([*Provider.departments.items(), *Provider.municipalities])
    TARGET.write_text("".join(f"{code}\t{name}\n" for code, name in rows), encoding="utf-8")
    print(f"{len(Provider.departments)} departments and {len(Provider.municipalities)} municipalities in {TARGET}")


if __name__ == "__main__":
    main()
