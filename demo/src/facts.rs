//! What a hospital's fleet is made of: facts by class of device for 400 beds, and where each class lives.
//!
//! Counts, prices, replacement ages, connected shares and risk classes are facts about acute hospitals with 400
//! beds. Each row says in [`Fact::basis`] what stands on a public source (`S`, named) and what is engineering
//! judgement (`J`), tuned so that the totals meet published benchmarks: about 10 devices a bed, imaging close to
//! half of the equipment value, 800 to 1,000 infusion pumps. How a class is divided into types, where it stands,
//! how it is maintained, how it is moved and in what batches it is bought are judgement throughout.

use fleet::{
    RiskLevel::{self, High, LifeSupport, Low, Medium},
    device::Strategy,
};

use crate::house::Area::{
    self, Cardiology, CathLab, Dialysis, Emergency, Endoscopy, Icu, Laboratory, Labour, Nicu, Oncology,
    Outpatient, Paediatrics, Radiology, Recovery, Sterile, Theatre, Ward,
};
use Habit::{Fixed, Mobile, Placed};

/// How often devices of a class change their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// Built in.
    Fixed,
    /// Stands where it belongs, mostly.
    Placed,
    /// Goes with patients.
    Mobile,
}

/// One class of devices.
#[derive(Clone, Copy, Debug)]
pub struct Fact {
    /// The class, in words.
    pub class: &'static str,
    /// Devices of this class in an acute hospital with 400 beds.
    pub per_400_beds: u32,
    /// Lowest, usual and highest price in US dollars.
    pub price: (u32, u32, u32),
    /// Mean age in years at which hospitals really replace it, which is rarely the age in the books.
    pub life_years: u8,
    /// Share that is on the network, in percent.
    pub connected_percent: u8,
    /// The risk level of its types.
    pub risk: RiskLevel,
    /// How it is kept in order.
    pub strategy: Strategy,
    /// How often it changes its place.
    pub habit: Habit,
    /// How many are bought at once in a hospital with 1,400 beds.
    pub batch: u32,
    /// Its device types, each with its share.
    pub types: &'static [(&'static str, u32)],
    /// Where it stands, with shares.
    pub homes: &'static [(Area, u32)],
    /// What stands on a source (`S`) and what on judgement (`J`).
    pub basis: &'static str,
}

/// The type whose risk level nobody has decided: brought by the first import, bought never again.
pub const UNDECIDED_TYPE: &str = "Therapy unit, unclassified";

/// Which type is built into which: component, then system.
pub const SYSTEMS: &[(&str, &str)] = &[
    ("Telemetry transmitter", "Patient monitor central station"),
    ("Infusion pump channel", "Infusion pump controller"),
    ("Patient monitor module", "Patient monitor, bedside"),
];

/// Types of low value whose makers print no serial number on some of them.
pub const SERIAL_LESS: &[&str] =
    &["Thermometer, electronic", "Examination light", "Otoscope and ophthalmoscope set", "Patient scale"];

/// Every class.
// A row a class reads better than a field a line.
#[rustfmt::skip]
pub const FACTS: &[Fact] = &[
    Fact { class: "infusion pump (LVP channel)", per_400_beds: 900, price: (2000, 3500, 6000),
        life_years: 9, connected_percent: 85, risk: High, strategy: Strategy::Oem, habit: Mobile, batch: 60,
        types: &[("Infusion pump, volumetric", 70), ("Infusion pump channel", 22), ("Infusion pump controller", 8)],
        homes: &[(Ward, 55), (Icu, 18), (Emergency, 10), (Oncology, 5), (Theatre, 4), (Labour, 3), (Paediatrics, 5)],
        basis: "S:count(24x7 800-1000 per hospital) S:connected(IV pumps=38% of IoT) S:utilisation(~42%) J:rest" },
    Fact { class: "syringe/PCA pump", per_400_beds: 220, price: (2500, 3800, 6500),
        life_years: 9, connected_percent: 75, risk: High, strategy: Strategy::Oem, habit: Mobile, batch: 40,
        types: &[("Syringe pump", 70), ("Patient-controlled analgesia pump", 30)],
        homes: &[(Icu, 25), (Ward, 30), (Nicu, 20), (Theatre, 15), (Recovery, 5), (Paediatrics, 5)],
        basis: "J" },
    Fact { class: "bedside physiologic monitor", per_400_beds: 260, price: (2000, 12000, 15000),
        life_years: 9, connected_percent: 95, risk: High, strategy: Strategy::Oem, habit: Placed, batch: 30,
        types: &[("Patient monitor, bedside", 78), ("Patient monitor module", 22)],
        homes: &[(Icu, 35), (Emergency, 20), (Theatre, 15), (Recovery, 12), (Nicu, 10), (Ward, 8)],
        basis: "S:price range" },
    Fact { class: "vital-signs (spot) monitor", per_400_beds: 240, price: (2000, 3500, 6000),
        life_years: 8, connected_percent: 70, risk: Medium, strategy: Strategy::AemPm, habit: Mobile, batch: 50,
        types: &[("Vital-signs monitor", 100)],
        homes: &[(Ward, 65), (Outpatient, 15), (Emergency, 8), (Recovery, 4), (Labour, 4), (Paediatrics, 4)],
        basis: "J" },
    Fact { class: "telemetry transmitter", per_400_beds: 160, price: (1800, 2800, 4500),
        life_years: 7, connected_percent: 100, risk: Medium, strategy: Strategy::AemPm, habit: Mobile, batch: 20,
        types: &[("Telemetry transmitter", 100)],
        homes: &[(Ward, 70), (Icu, 30)],
        basis: "J" },
    Fact { class: "central station", per_400_beds: 14, price: (20000, 35000, 80000),
        life_years: 8, connected_percent: 100, risk: High, strategy: Strategy::Oem, habit: Fixed, batch: 6,
        types: &[("Patient monitor central station", 100)],
        homes: &[(Ward, 60), (Icu, 30), (Emergency, 10)],
        basis: "J" },
    Fact { class: "ICU ventilator", per_400_beds: 32, price: (25000, 45000, 100000),
        life_years: 13, connected_percent: 60, risk: LifeSupport, strategy: Strategy::Oem, habit: Placed, batch: 12,
        types: &[("Ventilator, intensive care", 90), ("Ventilator, neonatal", 10)],
        homes: &[(Icu, 85), (Nicu, 15)],
        basis: "S:price S:life 13 (Seo 2022) S:count(66 in 980 beds 2001 scaled) J:rate" },
    Fact { class: "transport/NIV ventilator", per_400_beds: 30, price: (5000, 14000, 50000),
        life_years: 10, connected_percent: 20, risk: LifeSupport, strategy: Strategy::Oem, habit: Mobile, batch: 10,
        types: &[("Ventilator, transport", 40), ("Ventilator, non-invasive", 60)],
        homes: &[(Icu, 40), (Emergency, 25), (Ward, 35)],
        basis: "S:price" },
    Fact { class: "anaesthesia machine", per_400_beds: 18, price: (45000, 75000, 130000),
        life_years: 13, connected_percent: 70, risk: LifeSupport, strategy: Strategy::Oem, habit: Placed, batch: 8,
        types: &[("Anaesthesia machine", 100)],
        homes: &[(Theatre, 90), (Labour, 10)],
        basis: "S:life 13 (Seo 2022) J:rest" },
    Fact { class: "defibrillator/monitor", per_400_beds: 60, price: (5000, 18000, 50000),
        life_years: 12, connected_percent: 40, risk: LifeSupport, strategy: Strategy::Oem, habit: Placed, batch: 30,
        types: &[("Defibrillator/monitor", 100)],
        homes: &[(Ward, 50), (Icu, 15), (Emergency, 10), (Theatre, 10), (Outpatient, 8), (CathLab, 7)],
        basis: "S:life 5 AHA1998 / 8 Army TB MED 7 / 14 Seo 2022; price range" },
    Fact { class: "AED", per_400_beds: 40, price: (1200, 1800, 3000),
        life_years: 8, connected_percent: 10, risk: LifeSupport, strategy: Strategy::AemPm, habit: Placed, batch: 20,
        types: &[("Automated external defibrillator", 100)],
        homes: &[(Outpatient, 60), (Ward, 20), (Laboratory, 5), (Radiology, 15)],
        basis: "J" },
    Fact { class: "electrosurgical unit", per_400_beds: 28, price: (10000, 18000, 35000),
        life_years: 11, connected_percent: 5, risk: High, strategy: Strategy::Oem, habit: Placed, batch: 10,
        types: &[("Electrosurgical unit", 100)],
        homes: &[(Theatre, 85), (Endoscopy, 15)],
        basis: "J" },
    Fact { class: "diagnostic ultrasound", per_400_beds: 36, price: (15000, 110000, 200000),
        life_years: 8, connected_percent: 100, risk: Medium, strategy: Strategy::Oem, habit: Placed, batch: 6,
        types: &[("Ultrasound system, diagnostic", 80), ("Ultrasound system, cardiac", 20)],
        homes: &[(Radiology, 50), (Cardiology, 20), (Labour, 20), (Outpatient, 10)],
        basis: "S:price S:39.8% of 676 probes defective (Martensson 2009) vs 2/70 base units/yr (AAPM 2013) S:~70% of US calls are probes (Sonora)" },
    Fact { class: "point-of-care ultrasound", per_400_beds: 30, price: (15000, 35000, 80000),
        life_years: 7, connected_percent: 90, risk: Medium, strategy: Strategy::Oem, habit: Mobile, batch: 8,
        types: &[("Ultrasound system, point of care", 100)],
        homes: &[(Emergency, 40), (Icu, 30), (Theatre, 20), (Ward, 10)],
        basis: "J" },
    Fact { class: "CT scanner", per_400_beds: 4, price: (100000, 1000000, 3000000),
        life_years: 11, connected_percent: 100, risk: High, strategy: Strategy::ByLaw, habit: Fixed, batch: 1,
        types: &[("CT scanner", 100)],
        homes: &[(Radiology, 100)],
        basis: "S:PM 4h every 3 months (24x7) S:price S:1/3 of CT >=10y (CADTH 2022-23) S:66 of 128 CTs had tube replaced (MDPI 2025)" },
    Fact { class: "MRI scanner", per_400_beds: 3, price: (1000000, 1900000, 3000000),
        life_years: 12, connected_percent: 100, risk: High, strategy: Strategy::Oem, habit: Fixed, batch: 1,
        types: &[("MRI scanner", 100)],
        homes: &[(Radiology, 100)],
        basis: "S:price" },
    Fact { class: "radiographic room (DR)", per_400_beds: 9, price: (40000, 320000, 500000),
        life_years: 12, connected_percent: 100, risk: Medium, strategy: Strategy::ByLaw, habit: Fixed, batch: 2,
        types: &[("Radiographic room, digital", 100)],
        homes: &[(Radiology, 85), (Emergency, 15)],
        basis: "J" },
    Fact { class: "portable X-ray", per_400_beds: 9, price: (40000, 130000, 250000),
        life_years: 10, connected_percent: 95, risk: Medium, strategy: Strategy::ByLaw, habit: Placed, batch: 3,
        types: &[("X-ray unit, mobile", 100)],
        homes: &[(Radiology, 60), (Icu, 30), (Emergency, 10)],
        basis: "J" },
    Fact { class: "C-arm", per_400_beds: 9, price: (80000, 170000, 350000),
        life_years: 11, connected_percent: 95, risk: High, strategy: Strategy::ByLaw, habit: Placed, batch: 3,
        types: &[("X-ray C-arm, mobile", 100)],
        homes: &[(Theatre, 85), (Endoscopy, 15)],
        basis: "J" },
    Fact { class: "cath/angio lab", per_400_beds: 4, price: (800000, 1500000, 2500000),
        life_years: 11, connected_percent: 100, risk: LifeSupport, strategy: Strategy::ByLaw, habit: Fixed, batch: 1,
        types: &[("Angiography system", 100)],
        homes: &[(CathLab, 100)],
        basis: "J" },
    Fact { class: "mammography", per_400_beds: 4, price: (250000, 380000, 600000),
        life_years: 9, connected_percent: 100, risk: Medium, strategy: Strategy::ByLaw, habit: Fixed, batch: 1,
        types: &[("Mammography unit", 100)],
        homes: &[(Radiology, 100)],
        basis: "J" },
    Fact { class: "SPECT/nuclear", per_400_beds: 2, price: (300000, 550000, 900000),
        life_years: 12, connected_percent: 100, risk: Medium, strategy: Strategy::ByLaw, habit: Fixed, batch: 1,
        types: &[("Gamma camera, SPECT", 100)],
        homes: &[(Radiology, 100)],
        basis: "J" },
    Fact { class: "surgical robot", per_400_beds: 1, price: (1000000, 1900000, 2500000),
        life_years: 9, connected_percent: 100, risk: High, strategy: Strategy::Oem, habit: Fixed, batch: 1,
        types: &[("Surgical robot", 100)],
        homes: &[(Theatre, 100)],
        basis: "S:price" },
    Fact { class: "dialysis machine", per_400_beds: 16, price: (14000, 20000, 30000),
        life_years: 11, connected_percent: 50, risk: LifeSupport, strategy: Strategy::Oem, habit: Placed, batch: 10,
        types: &[("Haemodialysis machine", 100)],
        homes: &[(Dialysis, 85), (Icu, 15)],
        basis: "J" },
    Fact { class: "ECG cart", per_400_beds: 26, price: (6000, 11000, 18000),
        life_years: 10, connected_percent: 90, risk: Medium, strategy: Strategy::AemPm, habit: Mobile, batch: 10,
        types: &[("Electrocardiograph", 100)],
        homes: &[(Cardiology, 25), (Ward, 30), (Emergency, 25), (Outpatient, 20)],
        basis: "J" },
    Fact { class: "incubator/infant warmer", per_400_beds: 28, price: (12000, 22000, 40000),
        life_years: 12, connected_percent: 20, risk: High, strategy: Strategy::Oem, habit: Placed, batch: 10,
        types: &[("Infant incubator", 60), ("Infant radiant warmer", 40)],
        homes: &[(Nicu, 70), (Labour, 30)],
        basis: "J" },
    Fact { class: "fetal monitor", per_400_beds: 24, price: (9000, 16000, 25000),
        life_years: 10, connected_percent: 90, risk: High, strategy: Strategy::Oem, habit: Placed, batch: 10,
        types: &[("Fetal monitor", 100)],
        homes: &[(Labour, 90), (Outpatient, 10)],
        basis: "J" },
    Fact { class: "flexible endoscope", per_400_beds: 70, price: (20000, 32000, 50000),
        life_years: 6, connected_percent: 0, risk: Medium, strategy: Strategy::Oem, habit: Placed, batch: 12,
        types: &[("Gastroscope", 35), ("Colonoscope", 35), ("Bronchoscope", 20), ("Duodenoscope", 10)],
        homes: &[(Endoscopy, 100)],
        basis: "J" },
    Fact { class: "endoscopy tower", per_400_beds: 12, price: (40000, 60000, 120000),
        life_years: 8, connected_percent: 60, risk: Medium, strategy: Strategy::Oem, habit: Placed, batch: 4,
        types: &[("Endoscopy video tower", 100)],
        homes: &[(Endoscopy, 60), (Theatre, 40)],
        basis: "J" },
    Fact { class: "surgical light/table", per_400_beds: 30, price: (20000, 45000, 90000),
        life_years: 16, connected_percent: 5, risk: Medium, strategy: Strategy::AemPm, habit: Fixed, batch: 8,
        types: &[("Operating table", 50), ("Surgical light", 50)],
        homes: &[(Theatre, 95), (Labour, 5)],
        basis: "J" },
    Fact { class: "sterilizer/washer", per_400_beds: 14, price: (50000, 110000, 180000),
        life_years: 16, connected_percent: 40, risk: Medium, strategy: Strategy::Oem, habit: Fixed, batch: 3,
        types: &[("Steam sterilizer", 50), ("Washer-disinfector", 50)],
        homes: &[(Sterile, 90), (Endoscopy, 10)],
        basis: "J" },
    Fact { class: "laboratory analyser", per_400_beds: 24, price: (40000, 150000, 400000),
        life_years: 8, connected_percent: 100, risk: Medium, strategy: Strategy::Oem, habit: Fixed, batch: 4,
        types: &[("Chemistry analyser", 35), ("Haematology analyser", 30), ("Immunoassay analyser", 20), ("Coagulation analyser", 15)],
        homes: &[(Laboratory, 100)],
        basis: "J" },
    Fact { class: "blood-gas/POC analyser", per_400_beds: 30, price: (6000, 14000, 25000),
        life_years: 7, connected_percent: 95, risk: Medium, strategy: Strategy::Oem, habit: Placed, batch: 15,
        types: &[("Blood-gas analyser", 40), ("Glucose meter, point of care", 60)],
        homes: &[(Icu, 30), (Emergency, 20), (Nicu, 10), (Ward, 30), (Laboratory, 10)],
        basis: "J" },
    Fact { class: "hospital bed", per_400_beds: 420, price: (6000, 14000, 25000),
        life_years: 14, connected_percent: 35, risk: Low, strategy: Strategy::AemReduced, habit: Mobile, batch: 60,
        types: &[("Hospital bed, electric", 85), ("Hospital bed, intensive care", 15)],
        homes: &[(Ward, 75), (Icu, 14), (Labour, 5), (Paediatrics, 6)],
        basis: "J" },
    Fact { class: "sequential compression pump", per_400_beds: 150, price: (800, 1300, 2200),
        life_years: 8, connected_percent: 0, risk: Low, strategy: Strategy::RunToFail, habit: Mobile, batch: 60,
        types: &[("Sequential compression pump", 100)],
        homes: &[(Ward, 70), (Theatre, 15), (Recovery, 10), (Icu, 5)],
        basis: "J" },
    Fact { class: "enteral feeding pump", per_400_beds: 90, price: (800, 1200, 2000),
        life_years: 8, connected_percent: 5, risk: Medium, strategy: Strategy::AemPm, habit: Mobile, batch: 40,
        types: &[("Enteral feeding pump", 100)],
        homes: &[(Ward, 60), (Icu, 25), (Nicu, 10), (Paediatrics, 5)],
        basis: "J" },
    Fact { class: "warming unit (fluid/air)", per_400_beds: 90, price: (1200, 2000, 4000),
        life_years: 10, connected_percent: 0, risk: Medium, strategy: Strategy::AemPm, habit: Mobile, batch: 30,
        types: &[("Warming unit, forced air", 60), ("Warming unit, fluid", 40)],
        homes: &[(Theatre, 50), (Recovery, 25), (Emergency, 15), (Icu, 10)],
        basis: "J" },
    Fact { class: "other small clinical device", per_400_beds: 900, price: (200, 600, 1500),
        life_years: 9, connected_percent: 2, risk: Low, strategy: Strategy::RunToFail, habit: Mobile, batch: 60,
        types: &[("Thermometer, electronic", 24), ("Patient scale", 13), ("Suction unit, portable", 16), ("Examination light", 13), ("Otoscope and ophthalmoscope set", 14), ("Nebuliser compressor", 9), ("Pulse oximeter, handheld", 9), ("Therapy unit, unclassified", 2)],
        homes: &[(Ward, 50), (Outpatient, 25), (Emergency, 10), (Paediatrics, 5), (Labour, 5), (Icu, 5)],
        basis: "J" },
];

/// Divides `total` in proportion to `weights` so that the parts sum to it exactly: each gets the whole part of
/// its share, the largest remainders get one more (Hamilton's method; the earlier wins a tie).
pub fn divide(total: u32, weights: &[u32]) -> Vec<u32> {
    let sum: u64 = weights.iter().map(|w| u64::from(*w)).sum::<u64>().max(1);
    let exact: Vec<u64> = weights.iter().map(|w| u64::from(total) * u64::from(*w)).collect();
    let mut parts: Vec<u32> = exact.iter().map(|e| u32::try_from(e / sum).unwrap_or(u32::MAX)).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(exact[i] % sum), i));
    let missing = total.saturating_sub(parts.iter().sum()) as usize;
    for i in order.into_iter().take(missing) {
        parts[i] += 1;
    }
    parts
}

/// How many devices of each class a fleet of `devices` has.
pub fn mix(devices: u32) -> Vec<u32> {
    divide(devices, &FACTS.iter().map(|f| f.per_400_beds).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mix_sums_exactly_and_stays_within_one_of_its_share() {
        let sum: u32 = FACTS.iter().map(|f| f.per_400_beds).sum();
        for devices in [0, 1, 300, 14_000, 100_000] {
            let mix = mix(devices);
            assert_eq!(mix.iter().sum::<u32>(), devices);
            for (fact, n) in FACTS.iter().zip(mix) {
                let share = f64::from(devices) * f64::from(fact.per_400_beds) / f64::from(sum);
                assert!((f64::from(n) - share).abs() < 1.0, "{}", fact.class);
            }
        }
    }

    #[test]
    fn prices_are_ordered_and_shares_are_shares() {
        for fact in FACTS {
            let (low, usual, high) = fact.price;
            assert!(low <= usual && usual <= high, "{}", fact.class);
            assert!(fact.connected_percent <= 100 && !fact.types.is_empty() && !fact.homes.is_empty());
            assert!(fact.basis.contains("S:") || fact.basis.contains('J'), "{}", fact.class);
        }
    }
}
