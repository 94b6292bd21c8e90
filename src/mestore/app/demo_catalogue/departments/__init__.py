"""The tables of goods, one module for each department."""

from mestore.app.demo_catalogue.departments import (
    appliances,
    babies_and_toys,
    beauty,
    books_and_office,
    crafts,
    farm_and_garden,
    fashion,
    footwear,
    groceries,
    hardware,
    home,
    pets,
    sports,
    technology,
)
from mestore.app.demo_catalogue.families import Family

FAMILIES: tuple[Family, ...] = (
    *groceries.FAMILIES,
    *farm_and_garden.FAMILIES,
    *crafts.FAMILIES,
    *fashion.FAMILIES,
    *footwear.FAMILIES,
    *technology.FAMILIES,
    *appliances.FAMILIES,
    *home.FAMILIES,
    *hardware.FAMILIES,
    *babies_and_toys.FAMILIES,
    *books_and_office.FAMILIES,
    *pets.FAMILIES,
    *beauty.FAMILIES,
    *sports.FAMILIES,
)
