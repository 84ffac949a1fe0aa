//! What the demonstration's types are called in nomenclatures that anybody may use: the product codes of the FDA
//! (classification of 2019) and the EMDN of the European Commission (version 2). GMDN and UMDNS need a licence, so no
//! type of the demonstration has a code of theirs. Types that are missing here have none: not every hospital knows all.

use fleet::{UsefulLife, device_type::Codes};

use crate::facts::Fact;

/// Type, FDA product code, EMDN code; empty where there is none.
const CODES: &[(&str, &str, &str)] = &[
    ("Infusion pump, volumetric", "FRN", "Z120303"),
    ("Infusion pump channel", "FRN", "Z120303"),
    ("Infusion pump controller", "FRN", "Z12030306"),
    ("Syringe pump", "FRN", "Z12030302"),
    ("Patient-controlled analgesia pump", "MEA", ""),
    ("Enteral feeding pump", "", "Z12030303"),
    ("Patient monitor, bedside", "MHX", "Z12030202"),
    ("Patient monitor central station", "MSX", ""),
    ("Vital-signs monitor", "MWI", "Z12030202"),
    ("Telemetry transmitter", "DRG", ""),
    ("Ventilator, intensive care", "CBK", "Z12030105"),
    ("Ventilator, neonatal", "CBK", "Z12030105"),
    ("Ventilator, non-invasive", "MNT", ""),
    ("Ventilator, transport", "BTL", "Z12030104"),
    ("Anaesthesia machine", "BSZ", ""),
    ("Defibrillator/monitor", "LDD", "Z120305"),
    ("Automated external defibrillator", "MKJ", "Z12030501"),
    ("Electrosurgical unit", "GEI", ""),
    ("Ultrasound system, diagnostic", "IYN", ""),
    ("Ultrasound system, cardiac", "IYN", ""),
    ("Ultrasound system, point of care", "IYO", ""),
    ("CT scanner", "JAK", ""),
    ("MRI scanner", "LNH", "Z110501"),
    ("Radiographic room, digital", "KPR", ""),
    ("X-ray unit, mobile", "IZL", ""),
    ("X-ray C-arm, mobile", "OXO", ""),
    ("Angiography system", "IZI", ""),
    ("Mammography unit", "MUE", "Z11030202"),
    ("Gamma camera, SPECT", "KPS", "Z110201"),
    ("Surgical robot", "NAY", ""),
    ("Haemodialysis machine", "KDI", ""),
    ("Electrocardiograph", "DPS", ""),
    ("Infant incubator", "FMZ", ""),
    ("Infant radiant warmer", "FMT", ""),
    ("Fetal monitor", "HGM", ""),
    ("Gastroscope", "FDS", ""),
    ("Colonoscope", "FDF", ""),
    ("Bronchoscope", "EOQ", ""),
    ("Duodenoscope", "FDT", ""),
    ("Operating table", "FQO", ""),
    ("Surgical light", "FSY", ""),
    ("Steam sterilizer", "FLE", ""),
    ("Washer-disinfector", "MEC", ""),
    ("Chemistry analyser", "JJE", ""),
    ("Haematology analyser", "GKZ", ""),
    ("Coagulation analyser", "GKP", ""),
    ("Blood-gas analyser", "CHL", ""),
    ("Hospital bed, electric", "FNL", ""),
    ("Hospital bed, intensive care", "FNL", ""),
    ("Sequential compression pump", "JOW", ""),
    ("Thermometer, electronic", "FLL", ""),
];

/// The codes of a type.
pub fn codes(kind: &str) -> Codes {
    let some = |code: &str| (!code.is_empty()).then(|| code.to_owned());
    CODES.iter().find(|(name, ..)| *name == kind).map_or_else(Codes::default, |(_, fda, emdn)| Codes {
        product_code: some(fda),
        emdn: some(emdn),
        ..Codes::default()
    })
}

/// How long devices of a class last, as the hospital knows it.
pub fn useful_life(fact: &Fact) -> UsefulLife {
    UsefulLife {
        years: u16::from(fact.life_years),
        source: "Mean age at replacement, own records of 2018 to 2025".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::types;
    use fleet::device_type::Nomenclature;

    #[test]
    fn every_code_belongs_to_a_type_and_reads_as_itself() {
        for (name, ..) in CODES {
            assert!(types().any(|(kind, _)| kind == *name), "{name}");
            for (of, code) in codes(name).known() {
                assert_eq!(of.read(code).as_deref(), Ok(code), "{name}");
            }
        }
        assert!(codes("Syringe pump").get(Nomenclature::Gmdn).is_none());
    }
}
