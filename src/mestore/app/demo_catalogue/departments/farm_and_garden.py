"""Fresh produce, plants and garden goods of Pasto."""

from mestore.app.demo_catalogue.families import PERISHABLE, Family, Kind, contents

KILO_AND_BOX = contents(("1 kg", 100, 1000), ("caja de 5 kg", 460, 5300))
SMALL_POT = contents(("en matera de 10 cm", 100, 900))
POTS = SMALL_POT + contents(("en matera de 17 cm", 210, 2600))

FAMILIES = (
    Family(
        code="FRUTA", vendor="campo.narino", category="frutas-frescas", brand="Campo Nariño", iva="EXCLUDED",
        tags=("fruta", "fresco", "jugos", "saludable"), cost_percent=68, attributes={"origen": "Nariño"},
        withdrawal_excluded_reason=PERISHABLE, variants=KILO_AND_BOX,
        text="Se cosecha por pedido y se empaca a mano; el punto de madurez puede variar un poco.",
        kinds=(
            Kind("Mora de Castilla", 8_900, 1000, "Mora ácida y jugosa para jugos y postres."),
            Kind("Uchuva", 9_800, 1000, "Uchuva con capacho, para comer sola o en ensaladas."),
            Kind("Lulo", 7_600, 1000, "Lulo firme y de buen color, para lulada y jugos."),
            Kind("Tomate de árbol", 5_400, 1000, "Variedad roja, para jugo y dulce."),
            Kind("Curuba larga", 5_200, 1000, "Para sorbete con leche, como en la casa de los abuelos.",
                 contents(("1 kg", 100, 1000))),
            Kind("Aguacate papelillo", 8_200, 1000, "Pulpa cremosa; llega pintón y madura en dos o tres días.",
                 contents(("1 kg", 100, 1000))),
            Kind("Granadilla", 9_200, 1000, "Dulce y de cáscara crujiente, fácil de llevar en la lonchera.",
                 contents(("1 kg", 100, 1000))),
        ),
    ),
    Family(
        code="VERDURA", vendor="campo.narino", category="verduras-y-tuberculos", brand="Campo Nariño", iva="EXCLUDED",
        tags=("verdura", "fresco", "sopa", "mercado"), cost_percent=70, attributes={"origen": "Nariño"},
        withdrawal_excluded_reason=PERISHABLE,
        variants=contents(("2 kg", 100, 2000)),
        text="Viene de fincas pequeñas de Túquerres y Pasto y se escoge a mano.",
        kinds=(
            Kind("Papa pastusa", 5_900, 2000, "Se deshace al cocinarla: espesa el ajiaco y da un puré cremoso."),
            Kind("Papa criolla", 9_800, 2000, "Amarilla y pequeña, para sudados o para freír con cáscara."),
            Kind("Ulluco", 10_900, 2000, "Tubérculo andino para sopas y guisos; también se conoce como chugua."),
            Kind("Cebolla cabezona roja", 7_900, 2000, "Cebolla firme, para ensalada y encurtido."),
            Kind("Zanahoria", 5_600, 2000, "Zanahoria dulce y derecha, fácil de rallar."),
            Kind("Ahuyama", 6_200, 2000, "De pulpa anaranjada y seca, para crema y torta."),
        ),
    ),
    Family(
        code="PLANTA", vendor="campo.narino", category="plantas", brand="Vivero El Encano", iva="EXCLUDED",
        tags=("planta", "jardín", "decoración", "regalo"), cost_percent=55, variants=POTS,
        withdrawal_excluded_reason=PERISHABLE,
        text="Se envía en matera plástica con sustrato y una tarjeta de cuidados.",
        kinds=(
            Kind("Suculenta echeveria", 9_900, 900, "Roseta compacta que pide mucha luz y poca agua.",
                 attributes={"luz": "sol directo", "riego": "cada 10 días"}),
            Kind("Lengua de suegra", 18_900, 900, "Muy resistente, tolera rincones con poca luz.",
                 attributes={"luz": "baja a media", "riego": "cada 15 días"}),
            Kind("Helecho nativo", 16_900, 900, "Fronda abundante para baños y corredores húmedos.",
                 attributes={"luz": "sombra", "riego": "cada 3 días"}),
            Kind("Anturio rojo", 26_900, 900, "Florece buena parte del año en interiores claros.",
                 attributes={"luz": "indirecta", "riego": "cada 5 días"}),
            Kind("Romero", 9_500, 900, "Aromática para la cocina; le gusta el sol y el viento.",
                 attributes={"luz": "sol directo", "riego": "cada 5 días"}, variants=SMALL_POT),
            Kind("Hierbabuena", 8_500, 900, "Crece rápido y se puede cosechar cada semana.",
                 attributes={"luz": "media", "riego": "cada 2 días"}, variants=SMALL_POT),
        ),
    ),
    Family(
        code="SEMILLA", vendor="campo.narino", category="semillas-y-abonos", brand="Huerta Andina", iva="EXCLUDED",
        tags=("semillas", "huerta", "sembrar", "jardín"), cost_percent=50,
        attributes={"germinación": "80 % o más", "presentación": "sobre"},
        text="El sobre trae instrucciones de siembra y alcanza para un cajón de un metro cuadrado.",
        kinds=(
            Kind("Semillas de lechuga crespa", 4_500, 10, "Lista para cortar a los 50 días."),
            Kind("Semillas de cilantro", 3_900, 10, "Germina en diez días y se corta desde el día 40."),
            Kind("Semillas de tomate cherry", 5_900, 10, "Da racimos desde el tercer mes; necesita tutor."),
            Kind("Semillas de rábano rojo", 4_200, 10, "Ideal para niños: se cosecha en 30 días."),
            Kind("Semillas de girasol ornamental", 5_500, 10, "Flores amarillas de hasta metro y medio."),
        ),
    ),
    Family(
        code="ABONO", vendor="campo.narino", category="semillas-y-abonos", brand="Huerta Andina", iva="EXCLUDED",
        tags=("abono", "compost", "huerta", "orgánico"), cost_percent=58,
        variants=contents(("bolsa de 2 kg", 100, 2000), ("bulto de 10 kg", 390, 10000)),
        text="Se mezcla con la tierra de la matera o del cajón cada dos meses.",
        kinds=(
            Kind("Humus de lombriz", 11_900, 2000, "Abono orgánico oscuro, sin olor y rico en nitrógeno."),
            Kind("Compost de cocina y jardín", 8_900, 2000, "Compost maduro y tamizado que mejora suelos cansados."),
        ),
    ),
    Family(
        code="JARDIN", vendor="campo.narino", category="herramientas-de-jardin", brand="Surco",
        tags=("jardín", "herramienta", "huerta"), cost_percent=60,
        text="Sirve en la finca, en el jardín y en la huerta de la casa.",
        kinds=(
            Kind("Pala redonda con cabo de madera", 42_900, 1900, "Hoja de acero templado para hoyos y zanjas.",
                 iva="EXCLUDED", attributes={"material": "acero y madera"}),
            Kind("Azadón con cabo de madera", 45_900, 2000, "Para aporcar, desyerbar y abrir surcos.",
                 iva="EXCLUDED", attributes={"material": "acero y madera"}),
            Kind("Machete de 18 pulgadas", 27_900, 600, "Hoja de acero al carbono con cacha remachada.",
                 iva="EXCLUDED", attributes={"material": "acero al carbono"}),
            Kind("Tijera de podar de mano", 34_900, 260, "Corta ramas de hasta 2 cm y trae seguro.",
                 iva="EXCLUDED", attributes={"material": "acero"}),
            Kind("Rastrillo de 14 dientes", 33_900, 1300, "Para emparejar la tierra y recoger hojas.",
                 iva="EXCLUDED", attributes={"material": "acero y madera"}),
            Kind("Manguera de jardín reforzada", 39_900, 2200, "Con pistola de riego de siete chorros.",
                 contents(("15 m", 100, 2200), ("30 m", 175, 4300)), attributes={"material": "PVC"}),
            Kind("Regadera plástica de 6 litros", 24_900, 450, "Con flor desmontable para regar plantas delicadas.",
                 attributes={"material": "polipropileno"}),
            Kind("Kit de jardinería de tres piezas", 29_900, 480, "Palita, rastrillo y trasplantador de mano.",
                 attributes={"material": "acero y madera"}),
        ),
    ),
)  # fmt: skip
