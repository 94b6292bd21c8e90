"""The kind of thing with its brand, colour, size, material or origin."""

ATTRIBUTE = (
    ("billetera café", "BOLSO-03-COLOR-CAFE"),
    ("silla colgante terracota", "HAMACA-04-COLOR-TERRACOTA"),
    ("mouse blanco", "ACOM-01-COLOR-BLANCO"),
    ("conjunto de bebé amarillo", "ROPITA-03-COLOR-AMARILLO"),
    ("blusa blanca talla S", "MUJER-02-TALLA-S"),
    ("cubrelecho Brisa Mansa", "CAMA-02"),
    ("zapato de cuero hombre 39", "ZAPATO-01-TALLA-39"),
    ("guantes de ciclismo L", "ACI-06-TALLA-L"),
    ("guacal Tejado", "AG-05"),
    (
        "celular Ventara azul",
        (
            "CEL-01-COLOR-AZUL CEL-02-128-GB-COLOR-AZUL CEL-02-256-GB-COLOR-AZUL"
            " CEL-03-128-GB-COLOR-AZUL CEL-03-256-GB-COLOR-AZUL CEL-04-COLOR-AZUL"
        ),
    ),
    ("comida para perro Criollito raza pequeña", "PERRO-03"),
    ("esmalte negro para rejas", "PINTURA-02-COLOR-NEGRO"),
    ("lulo de Nariño", "FRUTA-03"),
    ("cazuela Alfarería Bautista", "BARRO-02"),
    ("escritorio blanco", "MUEBLE-02-ACABADO-BLANCO"),
    ("uniforme Garcero talla M", "ACI-07-TALLA-M"),
    ("termo de medio litro", "CAMP-06-500-ML"),
    ("pañal de tela azul", "PANAL-02-COLOR-AZUL-CIELO"),
    ("pijama de algodón M", "INTERIOR-05-TALLA-M"),
    ("nevera blanca Pacífico Frío", "NEV-02-COLOR-BLANCO"),
    ("plantas Vivero El Encano", "PLANTA"),
    ("verduras de Campo Nariño", "VERDURA"),
    ("jabón de avena Guadual", "CUERPO-02"),
    ("quinua de Boyacá", "GRANERO-07"),
    ("lavadora Río Claro blanca", "LAV-01-COLOR-BLANCO LAV-02-COLOR-BLANCO LAV-04"),
    ("casco amarillo de obra", "SEGURO-01-COLOR-AMARILLO"),
    ("morral morado", "UTIL-07-COLOR-MORADO"),
    ("miel de Iguaque", "MIEL"),
    ("correa roja para perro", "AP-02-COLOR-ROJO"),
    ("brasier talla L", "INTERIOR-03-TALLA-L"),
)
