"""Clothes and bags of Medellín."""

from mestore.app.demo_catalogue.families import PERSONAL_USE, Family, Kind, Variant, colours, each, sizes

SMALL_TO_LARGE = sizes("S", "M", "L")
MEN_WAIST = sizes("30", "32", "34")
WOMEN_WAIST = sizes("8", "10", "12")

FAMILIES = (
    Family(
        code="MUJER", vendor="moda.aburra", category="ropa-de-mujer", brand="Guayacán",
        tags=("ropa", "mujer", "moda"), cost_percent=52,
        attributes={"género": "mujer", "hecho en": "Colombia"},
        text="Se confecciona en Medellín. La guía de medidas está en las fotos y hay cambio de talla.",
        kinds=(
            Kind("Jean tiro alto para mujer", 119_900, 520, "Denim con algo de elasticidad que no se deforma.",
                 WOMEN_WAIST, attributes={"material": "98 % algodón, 2 % elastano"}),
            Kind("Blusa blanca de lino manga corta", 79_900, 180, "Fresca y suelta, para clima cálido y oficina.",
                 SMALL_TO_LARGE, attributes={"material": "lino y viscosa", "color": "blanco"}),
            Kind("Vestido midi estampado", 139_900, 320, "Vestido a media pierna con bolsillos a los lados.",
                 SMALL_TO_LARGE, attributes={"material": "viscosa"}),
            Kind("Camiseta básica de algodón para mujer", 39_900, 150, "Cuello redondo y corte recto.",
                 each(colours("negro", "blanco"), sizes("S", "M")), attributes={"material": "algodón"}),
            Kind("Leggings deportivos de tiro alto", 74_900, 220, "Tela que no se transparenta, con bolsillo lateral.",
                 SMALL_TO_LARGE, attributes={"material": "poliamida y elastano"}),
            Kind("Chaqueta impermeable para mujer", 159_900, 480, "Con capucha y costuras selladas para el aguacero.",
                 SMALL_TO_LARGE, attributes={"material": "poliéster"}),
        ),
    ),
    Family(
        code="HOMBRE", vendor="moda.aburra", category="ropa-de-hombre", brand="Guayacán",
        tags=("ropa", "hombre", "moda"), cost_percent=52,
        attributes={"género": "hombre", "hecho en": "Colombia"},
        text="Se confecciona en Medellín. La guía de medidas está en las fotos y hay cambio de talla.",
        kinds=(
            Kind("Jean recto para hombre", 124_900, 650, "Denim de 12 onzas, bota recta y cinco bolsillos.",
                 MEN_WAIST, attributes={"material": "algodón"}),
            Kind("Camisa oxford azul claro manga larga", 99_900, 280, "Sirve para la oficina y para el fin de semana.",
                 SMALL_TO_LARGE, attributes={"material": "algodón", "color": "azul claro"}),
            Kind("Camiseta polo para hombre", 69_900, 220, "Tejido piqué que deja pasar el aire.",
                 each(colours("azul oscuro", "verde"), sizes("M", "L")), attributes={"material": "algodón"}),
            Kind("Guayabera de lino", 149_900, 260, "La camisa de la costa, con cuatro bolsillos y alforzas.",
                 SMALL_TO_LARGE, attributes={"material": "lino"}),
            Kind("Sudadera jogger para hombre", 89_900, 430, "Algodón perchado, con puño y cordón.",
                 SMALL_TO_LARGE, attributes={"material": "algodón y poliéster"}),
        ),
    ),
    Family(
        code="INTERIOR", vendor="moda.aburra", category="ropa-interior-y-medias", brand="Guayacán",
        tags=("ropa interior", "medias", "algodón"), cost_percent=50,
        attributes={"hecho en": "Colombia", "material": "algodón y elastano"},
        withdrawal_excluded_reason=PERSONAL_USE,
        text="Por higiene no tiene cambio una vez abierto el empaque.",
        kinds=(
            Kind("Bóxer de algodón para hombre paquete por 3", 54_900, 210, "Pretina suave que no se enrolla.",
                 SMALL_TO_LARGE),
            Kind("Panty clásico paquete por 5", 44_900, 160, "Sin costuras a los lados, para todos los días.",
                 sizes("S", "M")),
            Kind("Brasier deportivo de soporte medio", 49_900, 120, "Para caminar, montar en bicicleta o hacer yoga.",
                 SMALL_TO_LARGE),
            Kind("Medias tobilleras paquete por 6", 29_900, 180, "Tejido delgado con talón reforzado.",
                 colours("blanco", "negro")),
            Kind("Pijama corta de algodón", 69_900, 260, "Camiseta y pantaloneta de tela fresca.",
                 sizes("S", "M")),
        ),
    ),
    Family(
        code="BOLSO", vendor="moda.aburra", category="bolsos-y-accesorios", brand="Cuero y Monte",
        tags=("bolso", "accesorio", "morral"), cost_percent=55, attributes={"garantía": "6 meses"},
        text="Tiene garantía de seis meses por defectos de fabricación.",
        kinds=(
            Kind("Morral antirrobo para portátil", 129_900, 850,
                 "Compartimento acolchado para equipos de hasta 15,6 pulgadas y cierre contra la espalda.",
                 colours("negro", "gris"), attributes={"material": "poliéster"}),
            Kind("Bolso de cuero para mujer", 219_900, 780, "Cuero de res curtido al vegetal, con correa ajustable.",
                 colours("miel", "negro"), attributes={"material": "cuero"}),
            Kind("Billetera de cuero para hombre", 79_900, 110, "Ocho espacios para tarjetas y monedero.",
                 colours("café", "negro"), attributes={"material": "cuero"}),
            Kind("Correa de cuero para hombre", 64_900, 210, "Cuero entero de 3,5 cm con hebilla de acero.",
                 colours("café", "negro"), attributes={"material": "cuero"}),
            Kind("Canguro deportivo", 44_900, 160, "Para correr o viajar con las manos libres.",
                 attributes={"material": "nailon"}),
            Kind("Sombrilla automática antiviento", 39_900, 380, "Abre con un botón y cabe en el bolso.",
                 colours("negro", "azul"), attributes={"material": "poliéster y fibra de vidrio"}),
            Kind("Gafas de sol polarizadas", 89_900, 60, "Lente con filtro UV400 y estuche rígido.",
                 (Variant("marco negro", attributes={"color": "negro"}),
                  Variant("marco carey", attributes={"color": "carey"}))),
        ),
    ),
)  # fmt: skip
