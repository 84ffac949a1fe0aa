//! The names columns go by in the exports of hospitals, folded to words.

use super::Field;

/// Names that leave no doubt, the surest first. Separated by ` | `.
pub(super) const SURE: &[(Field, &str)] = &[
    (
        Field::Tag,
        "asset tag | tag | asset tag number | asset tag no | tag number | tag no | asset number | \
         asset no | asset id | assetid | asset | ce no | ce number | ce id | control number | \
         control no | ctrl no | control nr | equipment id | equipment number | equipment no | \
         equip id | equip no | inv no | inventory number | inventory no | inventory id | \
         inventory tag | barcode | bmet no | biomed tag | biomed number | inventarnummer | \
         inventar nr | inventarnr | inv nr | gerätenummer | anlagennummer | numéro d inventaire | \
         n d inventaire | n inventaire | no inventaire | numéro inventaire | número de inventario | \
         nº inventario | no inventario | número de activo",
    ),
    (
        Field::Serial,
        "serial | serial number | serial no | serial num | serial nr | sn | s n | ser no | \
         serialno | serialnumber | manufacturer serial number | mfr serial | seriennummer | \
         serien nr | seriennr | numéro de série | n de série | no de série | número de serie | \
         nº de serie | no de serie",
    ),
    (Field::SerialLess, "serial less | no serial | without serial"),
    (
        Field::Udi,
        "udi | udi di | udi text | udi carrier | gtin | gtin 14 | di | device identifier | iud | \
         unique device identifier | primary di",
    ),
    (
        Field::Maker,
        "maker | manufacturer | mfr | mfg | manuf | make | oem | manufacturer name | mfr name | \
         mfg name | brand | producer | hersteller | fabrikant | fabricant | marque | fabricante | \
         marca | manufacturername",
    ),
    (
        Field::Type,
        "type | device type | device | equipment type | equip type | type of device | device name | \
         device description | equipment description | equipment name | asset type | \
         asset description | nomenclature | generic name | description | desc | device desc | \
         equip desc | modality | gerätetyp | geräteart | gerät | gerätebezeichnung | bezeichnung | \
         type d appareil | type d équipement | appareil | désignation | équipement | tipo | \
         tipo de equipo | equipo | descripción | denominación",
    ),
    (Field::TypeRisk, "type risk | type risk level | risk of type"),
    (
        Field::Model,
        "model | model name | model number | model no | model num | model nr | mdl | modelname | \
         modelno | modell | modellbezeichnung | modèle | modelo",
    ),
    (
        Field::CatalogueNumber,
        "catalogue number | catalog number | catalogue no | catalog no | cat no | ref | ref no | \
         reference number | part number | part no | p n | article number | artikelnummer | \
         référence | referencia",
    ),
    (
        Field::Site,
        "site | site name | facility | facility name | hospital | campus | standort | krankenhaus | \
         klinikum | hôpital | établissement | sitio | centro",
    ),
    (Field::Building, "building | bldg | building name | gebäude | haus | bâtiment | edificio"),
    (Field::Floor, "floor | level | storey | story | stockwerk | etage | étage | ebene | planta | piso"),
    (
        Field::Room,
        "room | room number | room no | room name | bay | raum | raumnummer | raum nr | zimmer | \
         salle | chambre | sala | habitación",
    ),
    (
        Field::Department,
        "department | dept | department name | dept name | owner department | owning department | \
         owner dept | abteilung | fachabteilung | service | département | departamento | servicio",
    ),
    (Field::Unit, "unit | ward | nursing unit | care unit | station | unité | unidad"),
    (
        Field::CostCentre,
        "cost centre | cost center | costcenter | cost ctr | cc | kostenstelle | kst | \
         centre de coût | centre de coûts | centro de coste | centro de costo | centro de costos",
    ),
    (
        Field::State,
        "state | status | device status | equipment status | asset status | equip status | \
         condition | lifecycle state | zustand | gerätestatus | état | statut | estado | situación",
    ),
    (Field::StateSince, "state since | status since | status date | state date | since"),
    (Field::HoldReason, "hold reason | hold | reason for hold"),
    (Field::HoldReleasedBy, "hold released by | released by"),
    (Field::LentUnder, "lent under"),
    (Field::LentUntil, "lent until"),
    (Field::InspectAfter, "inspect after"),
    (
        Field::Risk,
        "risk | risk level | risk class | risk category | device risk | risk rating | criticality | \
         risikoklasse | risiko | risque | niveau de risque | criticité | riesgo | nivel de riesgo",
    ),
    (Field::RiskReason, "risk reason | reason for risk"),
    (
        Field::Strategy,
        "strategy | maintenance strategy | pm strategy | maintenance program | wartungsstrategie",
    ),
    (Field::Tenure, "tenure | ownership | owned by | ownership type | owned rented | eigentum | propiedad"),
    (Field::Agreement, "agreement | lease number | rental agreement | loan agreement"),
    (Field::AgreementEndsOn, "agreement ends on | lease end | lease end date | rental end | agreement end"),
    (
        Field::AcquiredOn,
        "acquired on | acquired | acquisition date | acq date | purchase date | purchased | \
         date acquired | date purchased | date of purchase | po date | received date | \
         date received | bought on | kaufdatum | anschaffungsdatum | date d achat | \
         date d acquisition | fecha de compra | fecha de adquisición",
    ),
    (
        Field::AcceptedOn,
        "accepted on | accepted | acceptance date | install | install date | installation date | \
         installed | installed on | date installed | in service date | in service | in service on | \
         date in service | commissioned | commissioning date | inbetriebnahme | \
         inbetriebnahmedatum | date de mise en service | mise en service | fecha de instalación | \
         fecha de puesta en servicio",
    ),
    (
        Field::Price,
        "price | acq | acq cost | acquisition cost | acquisition price | purchase price | \
         purchase cost | purchase value | cost | unit cost | original cost | kaufpreis | preis | \
         anschaffungswert | anschaffungskosten | prix | prix d achat | coût | precio | coste | \
         costo | precio de compra",
    ),
    (Field::Currency, "currency | curr | currency code | währung | devise | moneda | divisa"),
    (
        Field::ParentTag,
        "parent tag | parent | parent asset | system tag | parent id | parent number | part of | \
         system",
    ),
    (
        Field::Notes,
        "notes | note | comments | comment | remarks | remark | bemerkung | bemerkungen | notiz | \
         remarques | commentaires | commentaire | observaciones | notas | comentarios",
    ),
];

/// Names that often mean the field and often something else: always to be checked.
pub(super) const DOUBTFUL: &[(Field, &str)] = &[
    (Field::Tag, "number | no | nr | id | code | unit number | inventory | numéro | número"),
    (Field::Type, "name | item | category | class | equipment | item description | kategorie"),
    (Field::Maker, "vendor | supplier | company | lieferant | fournisseur | proveedor"),
    (Field::Room, "location | loc | loc cd | location code | area | place | ort | lieu | ubicación"),
    (Field::Department, "owner | cost centre name | user department | clinic | division"),
    (Field::CatalogueNumber, "catalogue | catalog | reference | sku | item number"),
    (Field::AcquiredOn, "date | year | delivered | delivery date | datum | fecha | baujahr"),
    (Field::Price, "value | amount | wert | replacement cost | valeur | valor | montant"),
];
