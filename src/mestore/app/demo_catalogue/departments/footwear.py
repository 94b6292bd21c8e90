"""Shoes of Bucaramanga."""

from mestore.app.demo_catalogue.families import Family, Kind, colours, each, sizes

FAMILIES = (
    Family(
        code="TENIS", vendor="calzado.bucaros", category="tenis", brand="Chicamocha",
        tags=("tenis", "zapatillas", "deportivos", "calzado"), cost_percent=56,
        attributes={"hecho en": "Colombia", "garantía": "3 meses por defectos de fabricación"},
        text="La horma es colombiana: pida su talla de siempre.",
        kinds=(
            Kind("Tenis para correr de hombre", 159_900, 620, "Suela liviana con buena amortiguación en asfalto.",
                 each(colours("negro", "azul"), sizes("39", "41")), attributes={"material": "malla y caucho"}),
            Kind("Tenis para correr de mujer", 154_900, 540, "Malla transpirable y talón acolchado.",
                 sizes("36", "37", "38"), attributes={"material": "malla y caucho"}),
            Kind("Tenis urbanos blancos unisex", 119_900, 700, "Lisos, fáciles de limpiar y de combinar.",
                 sizes("37", "39", "41"), attributes={"material": "sintético", "color": "blanco"}),
            Kind("Tenis escolares con velcro", 84_900, 480, "Para niños que todavía no se amarran los cordones.",
                 sizes("28", "30", "32"), attributes={"material": "sintético", "color": "negro"}),
        ),
    ),
    Family(
        code="ZAPATO", vendor="calzado.bucaros", category="zapatos-y-botas", brand="Chicamocha",
        tags=("zapatos", "botas", "cuero", "calzado"), cost_percent=56,
        attributes={"hecho en": "Colombia", "garantía": "3 meses por defectos de fabricación"},
        text="Capellada cosida y pegada; conviene limpiarla con un paño húmedo.",
        kinds=(
            Kind("Zapato formal de cuero para hombre", 189_900, 900, "Clásico de amarrar para oficina y grados.",
                 sizes("39", "40", "41"), attributes={"material": "cuero", "color": "negro"}),
            Kind("Mocasín de cuero para mujer", 149_900, 600, "Suela flexible y plantilla acolchada.",
                 sizes("36", "37", "38"), attributes={"material": "cuero"}),
            Kind("Botín de tacón bajo para mujer", 179_900, 850, "Tacón de 4 cm y cremallera lateral.",
                 sizes("36", "37", "38"), attributes={"material": "cuero"}),
            Kind("Bota de seguridad con puntera", 169_900, 1400,
                 "Puntera de composite y suela resistente a hidrocarburos.",
                 sizes("39", "41", "43"), attributes={"material": "cuero", "puntera": "composite"}),
            Kind("Bota pantanera de caucho", 64_900, 1700, "Caña alta para el barro y el ordeño.",
                 sizes("38", "40", "42"), attributes={"material": "caucho", "color": "negro"},
                 closing="Se lava con agua y jabón y seca en un rato."),
        ),
    ),
    Family(
        code="SANDALIA", vendor="calzado.bucaros", category="sandalias", brand="Chicamocha",
        tags=("sandalias", "playa", "verano", "calzado"), cost_percent=54, attributes={"hecho en": "Colombia"},
        text="Para tierra caliente; se lava con agua y jabón.",
        kinds=(
            Kind("Sandalia plana de cuero para mujer", 89_900, 380, "Tiras cruzadas y hebilla en el tobillo.",
                 sizes("36", "37", "38"), attributes={"material": "cuero"}),
            Kind("Sandalia de plataforma para mujer", 109_900, 620, "Plataforma de 5 cm, liviana y estable.",
                 sizes("36", "38"), attributes={"material": "sintético"}),
            Kind("Sandalia deportiva para hombre", 94_900, 560, "Tres correas de velcro y suela con agarre.",
                 sizes("40", "42"), attributes={"material": "nailon y caucho"}),
            Kind("Chanclas de playa", 29_900, 260, "Caucho suave que no resbala en piso mojado.",
                 sizes("36-37", "38-39", "40-41"), attributes={"material": "caucho"}),
        ),
    ),
)  # fmt: skip
