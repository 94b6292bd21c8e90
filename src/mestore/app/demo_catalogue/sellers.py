"""The demo vendors: shops and artisans from Riohacha to Pasto, all invented."""

from dataclasses import dataclass

from stdnum.co import nit

from mestore.app.demo_catalogue.records import DemoVendor, DocumentType, identifier, slug_of

EMAIL_DOMAIN = "vendedores.example"


@dataclass(frozen=True)
class Seller:
    key: str
    """The local part of the e-mail, by which families of products name their vendor."""
    business_name: str
    full_name: str
    document_type: DocumentType
    document_digits: str
    """Without the check digit of a NIT."""
    mobile: str
    city: str
    department: str
    municipality_code: str
    description: str


SELLERS = (
    Seller(
        "cafe.sierra", "Café de la Sierra", "Rosa Elena Mendoza Díaz", "NIT", "900123456", "3005550101",
        "Santa Marta", "Magdalena", "47001",
        "Tostamos café y cacao de pequeños productores de la Sierra Nevada de Santa Marta. Tostión cada semana.",
    ),
    Seller(
        "despensa.altiplano", "Despensa del Altiplano", "Luz Marina Sánchez Cely", "NIT", "901204587", "3015550102",
        "Tunja", "Boyacá", "15001",
        "Panela, granos, lácteos y conservas de fincas de Boyacá, empacados en Tunja.",
    ),
    Seller(
        "campo.narino", "Campo Nariño", "Segundo Efraín Botina Jojoa", "NIT", "901310266", "3165550103",
        "Pasto", "Nariño", "52001",
        "Asociación de familias campesinas: frutas, verduras, plantas y todo lo que pide una huerta.",
    ),
    Seller(
        "tejidos.jepira", "Tejidos Jepira", "Yamileth Epieyú Pushaina", "CC", "1118845203", "3175550104",
        "Riohacha", "La Guajira", "44001",
        "Mochilas, chinchorros y accesorios tejidos a mano por artesanas wayuu de la Media Guajira.",
    ),
    Seller(
        "lanas.nobsa", "Lanas de Nobsa", "Pedro Antonio Siachoque Barrera", "CC", "74358126", "3125550105",
        "Nobsa", "Boyacá", "15491",
        "Taller familiar de telar: ruanas, cobijas y prendas de lana de oveja hechas en Nobsa.",
    ),
    Seller(
        "moda.aburra", "Moda Aburrá", "Catalina Restrepo Villa", "NIT", "900874312", "3045550106",
        "Medellín", "Antioquia", "05001",
        "Ropa para todos los días, diseñada y confeccionada en Medellín.",
    ),
    Seller(
        "calzado.bucaros", "Calzado Los Búcaros", "Jairo Alberto Pinzón Rueda", "NIT", "900652198", "3185550107",
        "Bucaramanga", "Santander", "68001",
        "Fabricantes de calzado en el barrio San Francisco. Cambiamos la talla si no queda bien.",
    ),
    Seller(
        "tecno.sabana", "Tecno Sabana", "Andrés Felipe Castro Molano", "NIT", "901045873", "3105550108",
        "Bogotá", "Bogotá D.C.", "11001",
        "Celulares, computadores, audio y televisores con garantía en Colombia y servicio técnico propio.",
    ),
    Seller(
        "electro.valle", "Electro Valle Hogar", "María Fernanda Caicedo Lozano", "NIT", "900418725", "3155550109",
        "Cali", "Valle del Cauca", "76001",
        "Electrodomésticos grandes y pequeños, con entrega e instalación en las principales ciudades.",
    ),
    Seller(
        "casa.getsemani", "Casa Getsemaní", "Ledys del Carmen Julio Torres", "NIT", "901187364", "3135550110",
        "Cartagena", "Bolívar", "13001",
        "Muebles, ropa de cama y decoración de aire caribeño para la casa.",
    ),
    Seller(
        "barro.raquira", "Barro de Ráquira", "Flor Alba Bautista Suárez", "CC", "23995417", "3145550111",
        "Ráquira", "Boyacá", "15600",
        "Alfarería de tercera generación: ollas, vajillas y materas de barro cocido en horno de carbón.",
    ),
    Seller(
        "ferreteria.arenosa", "Ferretería La Arenosa", "Álvaro José Charris Polo", "NIT", "900236984", "3025550112",
        "Barranquilla", "Atlántico", "08001",
        "Herramientas, pinturas y materiales eléctricos para el maestro de obra y para la casa.",
    ),
    Seller(
        "pequenos.pasos", "Pequeños Pasos", "Diana Marcela Grajales Ossa", "NIT", "901422690", "3205550113",
        "Pereira", "Risaralda", "66001",
        "Todo para los primeros años: ropa, alimentación, paseo y juguetes que enseñan.",
    ),
    Seller(
        "letra.viva", "Letra Viva Librería", "Hernán Darío Gómez Aristizábal", "NIT", "900391547", "3215550114",
        "Manizales", "Caldas", "17001",
        "Librería y papelería de barrio: clásicos colombianos, libros infantiles, útiles y oficina.",
    ),
    Seller(
        "huellas.tolima", "Huellas del Tolima", "Paola Andrea Lozano Guzmán", "NIT", "901266038", "3225550115",
        "Ibagué", "Tolima", "73001",
        "Alimento, aseo y accesorios para perros y gatos, escogidos por veterinarios.",
    ),
    Seller(
        "raiz.quindio", "Raíz del Quindío", "Sandra Milena Buriticá López", "NIT", "901358821", "3235550116",
        "Armenia", "Quindío", "63001",
        "Cosmética con ingredientes vegetales, hecha en lotes pequeños y sin pruebas en animales.",
    ),
    Seller(
        "pedal.llanero", "Pedal Llanero", "Óscar Javier Rey Hurtado", "NIT", "900705439", "3505550117",
        "Villavicencio", "Meta", "50001",
        "Bicicletas, camping y deporte. Taller propio: cada bicicleta sale ajustada y probada.",
    ),
)  # fmt: skip


def email_of(key: str) -> str:
    return f"{key}@{EMAIL_DOMAIN}"


def vendor_of(seller: Seller) -> DemoVendor:
    digits = seller.document_digits
    is_nit = seller.document_type == "NIT"
    return DemoVendor(
        id=identifier("vendor", email_of(seller.key)),
        email=email_of(seller.key),
        slug=slug_of(seller.business_name),
        business_name=seller.business_name,
        full_name=seller.full_name,
        phone=f"+57{seller.mobile}",
        document_type=seller.document_type,
        document_number=f"{digits}-{nit.calc_check_digit(digits)}" if is_nit else digits,
        city=seller.city,
        department=seller.department,
        municipality_code=seller.municipality_code,
        description=seller.description,
    )
