"""The category tree of the demo catalogue; a category's slug is its name without accents."""

from collections.abc import Iterator

from mestore.app.demo_catalogue.records import DemoCategory, identifier, slug_of

TREE: dict[str, dict[str, tuple[str, ...]]] = {
    "Alimentos y bebidas": {
        "Café y chocolate": ("Café molido", "Café en grano", "Chocolate y cacao"),
        "Despensa": ("Panela y miel", "Granos y cereales", "Dulces y conservas"),
        "Lácteos y huevos": (),
        "Frutas y verduras": ("Frutas frescas", "Verduras y tubérculos"),
    },
    "Artesanías": {
        "Mochilas wayuu": (),
        "Hamacas y chinchorros": (),
        "Ruanas y tejidos de lana": (),
        "Sombreros y accesorios artesanales": (),
    },
    "Moda": {
        "Ropa de mujer": (),
        "Ropa de hombre": (),
        "Ropa interior y medias": (),
        "Bolsos y accesorios": (),
        "Calzado": ("Tenis", "Zapatos y botas", "Sandalias"),
    },
    "Tecnología": {
        "Telefonía": ("Celulares", "Accesorios para celular"),
        "Audio": ("Audífonos", "Parlantes"),
        "Computadores": ("Computadores portátiles", "Accesorios de computador"),
        "Televisores": (),
    },
    "Electrodomésticos": {
        "Neveras y congeladores": (),
        "Lavadoras y secadoras": (),
        "Pequeños electrodomésticos": (),
        "Ventilación y aire acondicionado": (),
    },
    "Hogar": {
        "Cocina y mesa": ("Ollas y sartenes", "Vajillas y vasos"),
        "Ropa de cama y toallas": (),
        "Muebles": (),
        "Decoración": (),
    },
    "Jardín y huerta": {"Plantas": (), "Semillas y abonos": (), "Herramientas de jardín": ()},
    "Ferretería": {
        "Herramientas": ("Herramientas manuales", "Herramientas eléctricas"),
        "Pinturas": (),
        "Electricidad e iluminación": (),
        "Seguridad industrial": (),
    },
    "Bebés": {
        "Pañales y aseo del bebé": (),
        "Alimentación del bebé": (),
        "Ropa de bebé": (),
        "Paseo y descanso del bebé": (),
    },
    "Juguetes y juegos": {"Juguetes didácticos": (), "Juegos de mesa": (), "Muñecos y carros": ()},
    "Libros y papelería": {
        "Libros": ("Literatura", "Libros infantiles", "Cocina y oficios"),
        "Útiles escolares": (),
        "Oficina": (),
    },
    "Mascotas": {
        "Perros": ("Alimento para perros", "Accesorios para perros"),
        "Gatos": ("Alimento para gatos", "Arena y accesorios para gatos"),
    },
    "Belleza y cuidado personal": {
        "Cuidado facial": (),
        "Cuidado del cabello": (),
        "Cuerpo y baño": (),
        "Maquillaje": (),
    },
    "Deportes y aire libre": {
        "Ciclismo": ("Bicicletas", "Accesorios de ciclismo"),
        "Camping y montaña": (),
        "Ejercicio en casa": (),
        "Fútbol y balones": (),
    },
}


def walk() -> Iterator[DemoCategory]:
    """Parents come before their children."""
    for department, sections in TREE.items():
        yield _category(department, None)
        for section, shelves in sections.items():
            yield _category(section, department)
            for shelf in shelves:
                yield _category(shelf, section)


def _category(name: str, parent: str | None) -> DemoCategory:
    slug = slug_of(name)
    return DemoCategory(
        id=identifier("category", slug),
        name=name,
        slug=slug,
        parent_slug=None if parent is None else slug_of(parent),
    )
