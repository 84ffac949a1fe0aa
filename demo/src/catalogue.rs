//! The makers and models of the demonstration, all invented, and what stands on their nameplates.
//!
//! None of the names is known to be that of a real maker or product. GTINs begin with the GS1 prefix 952, which
//! GS1 keeps for demonstrations and gives to no company.

use crate::facts::FACTS;

/// The makers.
pub const MAKERS: &[&str] = &[
    "Helion Medical",
    "Kestrevo",
    "Tessaro Instruments",
    "Vantrel Imaging",
    "Quillane Monitoring",
    "Solverne Respiratory",
    "Aldermoor Surgical",
    "Pellworth Beds",
    "Marisond Ultrasound",
    "Falkenby Cardio",
    "Thessarin",
    "Wrenfield Perinatal",
    "Dovrell Anaesthesia",
    "Castrevane Endoscopy",
    "Hydrael Renal",
    "Ferrowick Sterile",
    "Gantrion",
    "Ravensby Scientific",
    "Bexmoor Diagnostics",
    "Tamsin Robotics",
    "Ardenquist",
    "Yarrowgate Clinical",
    "Oslind Thermal",
    "Cindervale Laboratory",
    "Brenmark Medizintechnik",
    "Zephrane Care",
];

/// What else is known of a maker.
pub struct KnownOfMaker {
    /// Its position in [`MAKERS`].
    pub maker: usize,
    /// Its other names.
    pub names: &'static [&'static str],
    /// Its owners: position in [`MAKERS`], first and last year.
    pub owners: &'static [(usize, Option<i16>, Option<i16>)],
}

/// Makers of which more is known than their name.
pub const KNOWN_OF_MAKERS: &[KnownOfMaker] = &[
    KnownOfMaker { maker: 0, names: &["Helion Med GmbH", "Helion Infusion Systems"], owners: &[] },
    KnownOfMaker { maker: 5, names: &["Solverne"], owners: &[(9, None, Some(2014)), (4, Some(2015), None)] },
    KnownOfMaker { maker: 18, names: &[], owners: &[(17, Some(2012), None)] },
    KnownOfMaker { maker: 24, names: &["Brenmark GmbH & Co. KG"], owners: &[] },
];

/// One model in the catalogue of its maker.
#[derive(Clone, Copy, Debug)]
pub struct Product {
    /// Position of its maker in [`MAKERS`].
    pub maker: usize,
    /// What it is.
    pub device_type: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The first year it was sold.
    pub from: i16,
    /// The first year it was sold no more; `i16::MAX` while it is.
    pub until: i16,
}

const fn p(device_type: &'static str, maker: usize, name: &'static str, from: i16, until: i16) -> Product {
    Product { maker, device_type, name, from, until: if until == 0 { i16::MAX } else { until } }
}

/// Every model, by type; 0 for one still sold.
pub const PRODUCTS: &[Product] = &[
    p("Infusion pump, volumetric", 0, "VP-2", 1999, 2017),
    p("Infusion pump, volumetric", 0, "VP-3", 2017, 2024),
    p("Infusion pump, volumetric", 0, "VP-4", 2024, 0),
    p("Infusion pump, volumetric", 1, "Flowline 80", 2001, 2014),
    p("Infusion pump channel", 1, "Modula Channel", 2004, 2018),
    p("Infusion pump channel", 1, "Modula II Channel", 2018, 0),
    p("Infusion pump controller", 1, "Modula Control", 2004, 2018),
    p("Infusion pump controller", 1, "Modula II Control", 2018, 0),
    p("Syringe pump", 0, "SP-1", 1998, 2015),
    p("Syringe pump", 0, "SP-2", 2015, 0),
    p("Syringe pump", 1, "Pico 50", 2006, 2019),
    p("Patient-controlled analgesia pump", 0, "PCA-1", 2000, 2016),
    p("Patient-controlled analgesia pump", 0, "PCA-2", 2016, 0),
    p("Patient monitor, bedside", 4, "QM 700", 1999, 2012),
    p("Patient monitor, bedside", 4, "QM 900", 2012, 2022),
    p("Patient monitor, bedside", 4, "QM 1200", 2022, 0),
    p("Patient monitor, bedside", 10, "Vigila 5", 2008, 2020),
    p("Patient monitor module", 4, "QM Gas", 2002, 2016),
    p("Patient monitor module", 4, "QM Gas 2", 2016, 0),
    p("Vital-signs monitor", 10, "Spotline", 2000, 2015),
    p("Vital-signs monitor", 10, "Spotline 2", 2015, 0),
    p("Vital-signs monitor", 21, "YC Vitals", 2010, 2021),
    p("Telemetry transmitter", 4, "TX-4", 2003, 2017),
    p("Telemetry transmitter", 4, "TX-6", 2017, 0),
    p("Patient monitor central station", 4, "QM Central 3", 2001, 2016),
    p("Patient monitor central station", 4, "QM Central 5", 2016, 0),
    p("Ventilator, intensive care", 5, "Aerion 500", 1998, 2013),
    p("Ventilator, intensive care", 5, "Aerion 700", 2013, 0),
    p("Ventilator, intensive care", 24, "Atemis V", 2005, 2021),
    p("Ventilator, neonatal", 5, "Aerion Neo", 2000, 2016),
    p("Ventilator, neonatal", 5, "Aerion Neo 2", 2016, 0),
    p("Ventilator, transport", 5, "Aerion Go", 2002, 2018),
    p("Ventilator, transport", 5, "Aerion Go 2", 2018, 0),
    p("Ventilator, non-invasive", 25, "Brisa 20", 2003, 2016),
    p("Ventilator, non-invasive", 25, "Brisa 30", 2016, 0),
    p("Anaesthesia machine", 12, "Somna 300", 1997, 2011),
    p("Anaesthesia machine", 12, "Somna 500", 2011, 2023),
    p("Anaesthesia machine", 12, "Somna 600", 2023, 0),
    p("Defibrillator/monitor", 9, "Restart 12", 1999, 2013),
    p("Defibrillator/monitor", 9, "Restart 15", 2013, 0),
    p("Automated external defibrillator", 9, "Restart Public", 2003, 2017),
    p("Automated external defibrillator", 9, "Restart Public 2", 2017, 0),
    p("Electrosurgical unit", 6, "Cautis 200", 1996, 2013),
    p("Electrosurgical unit", 6, "Cautis 300", 2013, 0),
    p("Ultrasound system, diagnostic", 8, "Echora 7", 2003, 2014),
    p("Ultrasound system, diagnostic", 8, "Echora 9", 2014, 2023),
    p("Ultrasound system, diagnostic", 8, "Echora 10", 2023, 0),
    p("Ultrasound system, diagnostic", 3, "Sonet S", 2007, 2019),
    p("Ultrasound system, cardiac", 8, "Echora Heart", 2004, 2017),
    p("Ultrasound system, cardiac", 8, "Echora Heart 2", 2017, 0),
    p("Ultrasound system, point of care", 8, "Echora Hand", 2006, 2017),
    p("Ultrasound system, point of care", 8, "Echora Hand 2", 2017, 0),
    p("CT scanner", 3, "Axia 64", 2002, 2014),
    p("CT scanner", 3, "Axia 128", 2014, 0),
    p("CT scanner", 16, "GT Spiral", 2008, 2021),
    p("MRI scanner", 16, "Magna 1.5", 1999, 2015),
    p("MRI scanner", 16, "Magna 3", 2013, 0),
    p("MRI scanner", 3, "Resona 15", 2010, 0),
    p("Radiographic room, digital", 3, "Planar DR", 2001, 2016),
    p("Radiographic room, digital", 3, "Planar DR 2", 2016, 0),
    p("X-ray unit, mobile", 3, "Rover X", 2000, 2015),
    p("X-ray unit, mobile", 3, "Rover DX", 2015, 0),
    p("X-ray C-arm, mobile", 16, "Arcus 9", 1999, 2014),
    p("X-ray C-arm, mobile", 16, "Arcus 12", 2014, 0),
    p("Angiography system", 16, "Vessel One", 2001, 2016),
    p("Angiography system", 16, "Vessel Two", 2016, 0),
    p("Mammography unit", 3, "Mira 2D", 2002, 2015),
    p("Mammography unit", 3, "Mira 3D", 2015, 0),
    p("Gamma camera, SPECT", 16, "Scinta 2", 1998, 2015),
    p("Gamma camera, SPECT", 16, "Scinta 4", 2015, 0),
    p("Surgical robot", 19, "Quartet", 2005, 2017),
    p("Surgical robot", 19, "Quartet S", 2017, 0),
    p("Haemodialysis machine", 14, "Clara 4", 1999, 2014),
    p("Haemodialysis machine", 14, "Clara 6", 2014, 0),
    p("Electrocardiograph", 9, "Trace 10", 1998, 2014),
    p("Electrocardiograph", 9, "Trace 12", 2014, 0),
    p("Infant incubator", 11, "Nestor 1", 1996, 2013),
    p("Infant incubator", 11, "Nestor 3", 2013, 0),
    p("Infant radiant warmer", 11, "Hearth 1", 1997, 2014),
    p("Infant radiant warmer", 11, "Hearth 2", 2014, 0),
    p("Fetal monitor", 11, "Duet 40", 1999, 2015),
    p("Fetal monitor", 11, "Duet 60", 2015, 0),
    p("Gastroscope", 13, "G-180", 2004, 2016),
    p("Gastroscope", 13, "G-290", 2016, 0),
    p("Colonoscope", 13, "C-180", 2004, 2016),
    p("Colonoscope", 13, "C-290", 2016, 0),
    p("Bronchoscope", 13, "B-160", 2003, 2017),
    p("Bronchoscope", 13, "B-260", 2017, 0),
    p("Duodenoscope", 13, "D-170", 2004, 2018),
    p("Duodenoscope", 13, "D-280", 2018, 0),
    p("Endoscopy video tower", 13, "Tower 180", 2004, 2016),
    p("Endoscopy video tower", 13, "Tower 290", 2016, 0),
    p("Operating table", 6, "Tabula M", 1992, 2012),
    p("Operating table", 6, "Tabula X", 2012, 0),
    p("Surgical light", 6, "Lumis 500", 1992, 2010),
    p("Surgical light", 6, "Lumis LED", 2010, 0),
    p("Steam sterilizer", 15, "Steamline 6", 1990, 2011),
    p("Steam sterilizer", 15, "Steamline 9", 2011, 0),
    p("Washer-disinfector", 15, "Rinsa 4", 1993, 2013),
    p("Washer-disinfector", 15, "Rinsa 8", 2013, 0),
    p("Chemistry analyser", 23, "Chemix 400", 2001, 2015),
    p("Chemistry analyser", 23, "Chemix 800", 2015, 0),
    p("Haematology analyser", 23, "Haemix 5", 2002, 2016),
    p("Haematology analyser", 23, "Haemix 7", 2016, 0),
    p("Immunoassay analyser", 17, "Immula 2", 2003, 2017),
    p("Immunoassay analyser", 17, "Immula 3", 2017, 0),
    p("Coagulation analyser", 17, "Coagra 1", 2002, 2016),
    p("Coagulation analyser", 17, "Coagra 2", 2016, 0),
    p("Blood-gas analyser", 18, "BG-80", 2002, 2015),
    p("Blood-gas analyser", 18, "BG-90", 2015, 0),
    p("Glucose meter, point of care", 18, "Glyco Pro", 2004, 2016),
    p("Glucose meter, point of care", 18, "Glyco Pro 2", 2016, 0),
    p("Hospital bed, electric", 7, "Harbour 2", 1994, 2011),
    p("Hospital bed, electric", 7, "Harbour 4", 2011, 0),
    p("Hospital bed, electric", 24, "Ruhe 300", 2003, 2019),
    p("Hospital bed, intensive care", 7, "Haven ICU", 1998, 2014),
    p("Hospital bed, intensive care", 7, "Haven ICU 2", 2014, 0),
    p("Sequential compression pump", 20, "Legato 1", 2001, 2015),
    p("Sequential compression pump", 20, "Legato 2", 2015, 0),
    p("Enteral feeding pump", 20, "Nutra 5", 2000, 2016),
    p("Enteral feeding pump", 20, "Nutra 6", 2016, 0),
    p("Warming unit, forced air", 22, "Zefir 7", 1999, 2014),
    p("Warming unit, forced air", 22, "Zefir 9", 2014, 0),
    p("Warming unit, fluid", 22, "Calor 2", 1999, 2015),
    p("Warming unit, fluid", 22, "Calor 3", 2015, 0),
    p("Thermometer, electronic", 2, "Febra 2", 1998, 2014),
    p("Thermometer, electronic", 2, "Febra 4", 2014, 0),
    p("Patient scale", 2, "Libra 150", 1995, 2013),
    p("Patient scale", 2, "Libra 250", 2013, 0),
    p("Suction unit, portable", 25, "Aspira 1", 1998, 2015),
    p("Suction unit, portable", 25, "Aspira 2", 2015, 0),
    p("Examination light", 21, "YC Light", 1995, 2013),
    p("Examination light", 21, "YC Light LED", 2013, 0),
    p("Otoscope and ophthalmoscope set", 2, "Duo 3", 1996, 2014),
    p("Otoscope and ophthalmoscope set", 2, "Duo 5", 2014, 0),
    p("Nebuliser compressor", 25, "Nimbus", 1999, 2015),
    p("Nebuliser compressor", 25, "Nimbus 2", 2015, 0),
    p("Pulse oximeter, handheld", 10, "Oxi 3", 2000, 2015),
    p("Pulse oximeter, handheld", 10, "Oxi 5", 2015, 0),
    p("Therapy unit, unclassified", 21, "YC Therapy", 2001, 2018),
];

/// The year from which makers print a unique device identifier on this kind of device.
const UDI_SINCE: i16 = 2015;

/// A maker's numbers go on by so many, more than there are models, from one unit of a model to the next.
const STRIDE: u32 = 151;

impl Product {
    /// The serial number of the `n`th unit of the model at `index` of [`PRODUCTS`]. Makers number differently: plainly
    /// behind the model, by year, or by a letter and digits. Some number all they make; those of the last kind count each
    /// model from one, so that two devices may have the same serial number.
    pub fn serial(&self, index: usize, n: u32, year: i16) -> String {
        let made = n * STRIDE + index as u32;
        let short: String = self.name.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
        match self.maker % 4 {
            0 => format!("{}-{:07}", short.to_uppercase(), 4_400_000 + n),
            1 => format!("{:02}{}{:05}", year.rem_euclid(100), &short[..1].to_uppercase(), made),
            2 => format!("SN{:08}", 31_000_000 + made),
            _ => format!("{}{:06}/{:02}", short[..2].to_uppercase(), n, year.rem_euclid(100)),
        }
    }

    /// Its unique device identifier with manufacture date and serial number in the readable GS1 form, for a
    /// device of a year in which such were printed. `index` is the position in [`PRODUCTS`].
    pub fn udi(&self, index: usize, serial: &str, made: jiff::civil::Date) -> Option<String> {
        if made.year() < UDI_SINCE {
            return None;
        }
        let day = made.strftime("%y%m%d");
        Some(format!("(01){}(11){day}(21){serial}", gtin(self.maker, index)))
    }
}

/// The GTIN-14 of a model: the demonstration prefix, four digits for the maker, five for the item, check digit.
pub fn gtin(maker: usize, item: usize) -> String {
    packed(0, maker, item)
}

/// The GTIN-14 of a package of a model: 0 of the model itself, 1 to 8 of what holds several.
pub fn packed(indicator: u8, maker: usize, item: usize) -> String {
    let body = format!("{indicator}952{:04}{:05}", 1_000 + maker * 37, 10_001 + item * 11);
    let check = check_digit(&body);
    format!("{body}{check}")
}

/// The GS1 check digit: weights 3 and 1 from the right, the sum filled up to the next ten.
pub fn check_digit(body: &str) -> u32 {
    let sum: u32 = body
        .chars()
        .rev()
        .filter_map(|c| c.to_digit(10))
        .enumerate()
        .map(|(i, d)| if i % 2 == 0 { d * 3 } else { d })
        .sum();
    (10 - sum % 10) % 10
}

/// The models of a type that were sold in a year, by their position; the oldest of the type when none was.
pub fn sold(device_type: &str, year: i16) -> Vec<usize> {
    let of_type = || (0..PRODUCTS.len()).filter(|&i| PRODUCTS[i].device_type == device_type);
    let sold: Vec<usize> =
        of_type().filter(|&i| (PRODUCTS[i].from..PRODUCTS[i].until).contains(&year)).collect();
    if sold.is_empty() { of_type().min_by_key(|&i| PRODUCTS[i].from).into_iter().collect() } else { sold }
}

/// Every device type with the position of its class in [`FACTS`].
pub fn types() -> impl Iterator<Item = (&'static str, usize)> {
    FACTS.iter().enumerate().flat_map(|(class, fact)| fact.types.iter().map(move |(name, _)| (*name, class)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn check_digits_are_those_of_gs1() {
        assert_eq!(check_digit("0061414100003"), 6);
        assert_eq!(gtin(0, 0).len(), 14);
    }

    #[test]
    fn every_type_has_models_and_no_model_is_listed_twice() {
        for (name, _) in types() {
            assert!(!sold(name, 1990).is_empty() && !sold(name, 2026).is_empty(), "{name}");
        }
        let names: BTreeSet<(usize, &str)> = PRODUCTS.iter().map(|p| (p.maker, p.name)).collect();
        assert_eq!(names.len(), PRODUCTS.len());
        let gtins: BTreeSet<String> = (0..PRODUCTS.len()).map(|i| gtin(PRODUCTS[i].maker, i)).collect();
        assert_eq!(gtins.len(), PRODUCTS.len());
        assert!(PRODUCTS.iter().all(|p| types().any(|(name, _)| name == p.device_type)));
    }
}
