"""Hand-made goods: Wayuu weaving of Riohacha, wool of Nobsa."""

from mestore.app.demo_catalogue.families import Family, Kind, Variant, colours, contents, sizes

BAG_COLOURS = colours("terracota", "azul turquesa")
HAMMOCK_SIZES = (
    Variant("tamaño sencillo", 100, 1400, {"tamaño": "2,2 x 1,4 m"}),
    Variant("tamaño doble", 140, 2000, {"tamaño": "2,3 x 1,9 m"}),
)
CHINCHORRO_SIZES = (
    Variant("tamaño sencillo", 100, 1700, {"tamaño": "2,2 x 1,5 m"}),
    Variant("tamaño doble", 140, 2400, {"tamaño": "2,4 x 2,0 m"}),
)
WOOL_COLOURS = colours("gris natural", "azul noche")
SMALL_TO_LARGE = sizes("S", "M", "L")

FAMILIES = (
    Family(
        code="MOCHILA", vendor="tejidos.jepira", category="mochilas-wayuu", brand="Hecho a mano",
        tags=("mochila wayuu", "bolso", "artesanía", "regalo", "tejido"), cost_percent=66,
        attributes={"origen": "La Guajira", "material": "algodón", "cuidado": "lavar a mano con agua fría"},
        variants=BAG_COLOURS,
        text="Cada pieza la firma la artesana que la tejió y el dibujo puede variar de una a otra.",
        kinds=(
            Kind("Mochila wayuu de una hebra", 289_900, 480,
                 "Tejido fino y apretado que toma cerca de veinte días de trabajo."),
            Kind("Mochila wayuu de dos hebras", 169_900, 560,
                 "La mochila de diario, grande y resistente, con gaza tejida en telar."),
            Kind("Mochila wayuu mediana", 124_900, 380, "Caben el celular, la billetera, las llaves y un libro."),
            Kind("Mochila wayuu mini", 64_900, 160, "Bolso pequeño para salir solo con lo necesario."),
        ),
    ),
    Family(
        code="HAMACA", vendor="tejidos.jepira", category="hamacas-y-chinchorros", brand="Hecho a mano",
        tags=("hamaca", "chinchorro", "descanso", "patio", "artesanía"), cost_percent=64,
        attributes={"cuidado": "lavar a mano y secar a la sombra"},
        text="Incluye las cabuyas para colgar; los ganchos se compran aparte.",
        kinds=(
            Kind("Hamaca de algodón a rayas", 149_900, 1400,
                 "Hamaca fresca de tela gruesa para el patio o el balcón.", HAMMOCK_SIZES,
                 attributes={"material": "algodón", "origen": "Costa Caribe", "peso máximo": "150 kg"}),
            Kind("Hamaca de algodón color crudo con fleco", 179_900, 1500,
                 "Tela sin teñir con flecos tejidos a los lados.", HAMMOCK_SIZES,
                 attributes={"material": "algodón", "origen": "Costa Caribe", "peso máximo": "150 kg"}),
            Kind("Chinchorro wayuu tradicional", 890_000, 1700,
                 "Tejido abierto y elástico que se acomoda al cuerpo, con fleco ancho a cada lado.",
                 CHINCHORRO_SIZES, attributes={"material": "algodón", "origen": "La Guajira"}),
            Kind("Silla hamaca colgante", 189_900, 1600,
                 "Asiento de tela con palo de madera, para leer o mecerse.",
                 colours("azul", "terracota"), attributes={"material": "algodón y madera"}),
            Kind("Juego de ganchos para hamaca", 24_900, 350,
                 "Dos ganchos de acero con chazos y tornillos para muro de ladrillo.",
                 attributes={"material": "acero galvanizado", "peso máximo": "180 kg"},
                 closing="Sirven para hamacas, chinchorros y sillas colgantes."),
        ),
    ),
    Family(
        code="ADORNO", vendor="tejidos.jepira", category="sombreros-y-accesorios-artesanales", brand="Hecho a mano",
        tags=("artesanía", "accesorio", "regalo", "tejido"), cost_percent=60,
        text="Es un producto hecho a mano, así que ninguna pieza es idéntica a otra.",
        kinds=(
            Kind("Sombrero vueltiao de 15 vueltas", 129_900, 180, "Tejido en caña flecha por familias zenúes.",
                 sizes("56", "58", "60"), attributes={"material": "caña flecha", "origen": "Tuchín, Córdoba"}),
            Kind("Sombrero vueltiao de 19 vueltas", 279_900, 170, "Trenza fina y flexible que se puede doblar.",
                 sizes("56", "58", "60"), attributes={"material": "caña flecha", "origen": "Tuchín, Córdoba"}),
            Kind("Sombrero wayuu de palma", 69_900, 150, "Ala corta y cinta tejida, fresco para el sol.",
                 colours("natural", "café"), attributes={"material": "palma de mawisa", "origen": "La Guajira"}),
            Kind("Manilla wayuu tejida", 14_900, 12, "Manilla ajustable con motivos kanasü.",
                 colours("rojo", "azul"), attributes={"material": "algodón", "origen": "La Guajira"}),
            Kind("Portavasos tejidos", 39_900, 120, "Juego de seis portavasos redondos en paja iraca.",
                 attributes={"material": "paja iraca", "unidades": "6"}),
        ),
    ),
    Family(
        code="RUANA", vendor="lanas.nobsa", category="ruanas-y-tejidos-de-lana", brand="Telar de Nobsa",
        tags=("ruana", "lana", "frío", "abrigo", "artesanía"), cost_percent=62,
        attributes={"origen": "Nobsa, Boyacá", "material": "lana de oveja", "cuidado": "lavar a mano en frío"},
        variants=WOOL_COLOURS,
        text="Se teje en telar horizontal con lana hilada en el pueblo. Abriga en tierra fría.",
        kinds=(
            Kind("Ruana boyacense para hombre", 189_900, 1300, "Ruana cuadrada de caída pesada, sin botones."),
            Kind("Ruana boyacense para mujer", 169_900, 1000, "Ruana de corte redondo con cuello suave."),
            Kind("Ruana infantil", 89_900, 500, "Para niños de 4 a 8 años, con capucha."),
            Kind("Poncho de lana liviano", 119_900, 650, "Delgado, para noches frescas y viajes."),
        ),
    ),
    Family(
        code="LANA", vendor="lanas.nobsa", category="ruanas-y-tejidos-de-lana", brand="Telar de Nobsa",
        tags=("lana", "frío", "abrigo", "tejido"), cost_percent=60,
        attributes={"origen": "Nobsa, Boyacá", "cuidado": "lavar a mano en frío"},
        text="Lana natural lavada y peinada, que pica poco y no suelta mota.",
        kinds=(
            Kind("Cobija de lana virgen", 209_900, 2600, "Cobija gruesa para noches de páramo.",
                 (Variant("para cama sencilla", 100, 2600, {"tamaño": "2,2 x 1,6 m"}),
                  Variant("para cama doble", 130, 3300, {"tamaño": "2,2 x 2,0 m"}),
                  Variant("para cama queen", 150, 3900, {"tamaño": "2,4 x 2,2 m"})),
                 attributes={"material": "lana de oveja"}),
            Kind("Saco de lana tejido a mano", 159_900, 750, "Cuello redondo y puños con resorte.",
                 SMALL_TO_LARGE,
                 attributes={"material": "lana de oveja", "color": "gris natural"}),
            Kind("Bufanda de lana", 49_900, 180, "Bufanda larga de punto sencillo.", WOOL_COLOURS,
                 attributes={"material": "lana de oveja"}),
            Kind("Gorro de lana con orejeras", 39_900, 120, "Forrado por dentro en tela polar.",
                 WOOL_COLOURS, attributes={"material": "lana y polar"}),
            Kind("Guantes de lana", 32_900, 90, "Guantes enteros de tejido doble.", sizes("S", "M"),
                 attributes={"material": "lana de oveja"}),
            Kind("Pantuflas de lana prensada", 69_900, 350, "Con suela antideslizante para pisos fríos.",
                 sizes("36-37", "38-39", "40-41"), attributes={"material": "fieltro de lana"}),
            Kind("Ovillo de lana hilada a mano", 18_900, 100, "Hilo de dos cabos para tejer en agujas o crochet.",
                 contents(("100 g", 100, 100), ("paquete de 5 ovillos", 470, 500)),
                 attributes={"material": "lana de oveja"}),
        ),
    ),
)  # fmt: skip
