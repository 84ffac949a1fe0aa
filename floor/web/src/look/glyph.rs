//! Device glyphs: 17 kinds of device drawn on the icon grid. Grey, never coloured.

use maud::{Markup, PreEscaped, html};

/// A drawn kind of device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeviceGlyph {
    /// Infusion pump.
    InfusionPump,
    /// Syringe pump.
    SyringePump,
    /// Bedside monitor.
    Monitor,
    /// Ventilator.
    Ventilator,
    /// Defibrillator.
    Defibrillator,
    /// Anaesthesia machine.
    Anaesthesia,
    /// CT, MRI or another ring scanner.
    Scanner,
    /// C-arm and other x-ray.
    XRay,
    /// Ultrasound.
    Ultrasound,
    /// Dialysis machine.
    Dialysis,
    /// Electrosurgical generator.
    Electrosurgery,
    /// Incubator or infant warmer.
    Incubator,
    /// Vital signs monitor on a stand.
    VitalSigns,
    /// Telemetry transmitter.
    Telemetry,
    /// Bed or stretcher.
    Bed,
    /// Compression device.
    Compression,
    /// Test equipment, scales and everything else with a dial: also the fallback.
    Instrument,
}

use DeviceGlyph as G;

/// Words found in type names, most telling first. Compared in lower case.
const WORDS: [(&str, DeviceGlyph); 58] = [
    ("syringe", G::SyringePump),
    ("telemetry", G::Telemetry),
    ("defib", G::Defibrillator),
    ("aed", G::Defibrillator),
    ("pacemaker", G::Defibrillator),
    ("anaesth", G::Anaesthesia),
    ("anesth", G::Anaesthesia),
    ("vaporizer", G::Anaesthesia),
    ("vaporiser", G::Anaesthesia),
    ("ventilator", G::Ventilator),
    ("cpap", G::Ventilator),
    ("bipap", G::Ventilator),
    ("respirat", G::Ventilator),
    ("resuscitator", G::Ventilator),
    ("incubator", G::Incubator),
    ("infant warmer", G::Incubator),
    ("radiant warmer", G::Incubator),
    ("phototherapy", G::Incubator),
    ("ultrasound", G::Ultrasound),
    ("echocardio", G::Ultrasound),
    ("doppler", G::Ultrasound),
    ("bladder scan", G::Ultrasound),
    ("dialys", G::Dialysis),
    ("electrosurg", G::Electrosurgery),
    ("diathermy", G::Electrosurgery),
    ("esu", G::Electrosurgery),
    ("cautery", G::Electrosurgery),
    ("c-arm", G::XRay),
    ("x-ray", G::XRay),
    ("xray", G::XRay),
    ("radiograph", G::XRay),
    ("fluoro", G::XRay),
    ("mammo", G::XRay),
    ("angiograph", G::XRay),
    ("ct", G::Scanner),
    ("mri", G::Scanner),
    ("mr", G::Scanner),
    ("pet", G::Scanner),
    ("tomograph", G::Scanner),
    ("magnetic resonance", G::Scanner),
    ("scanner", G::Scanner),
    ("compression", G::Compression),
    ("tourniquet", G::Compression),
    ("vital sign", G::VitalSigns),
    ("blood pressure", G::VitalSigns),
    ("nibp", G::VitalSigns),
    ("oximeter", G::VitalSigns),
    ("thermometer", G::VitalSigns),
    ("pole", G::VitalSigns),
    ("bed", G::Bed),
    ("stretcher", G::Bed),
    ("mattress", G::Bed),
    ("operating table", G::Bed),
    ("monitor", G::Monitor),
    ("electrocardiograph", G::Monitor),
    ("ecg", G::Monitor),
    ("infusion", G::InfusionPump),
    ("pump", G::InfusionPump),
];

impl DeviceGlyph {
    /// Every glyph, in the order of the design kit.
    pub const ALL: [DeviceGlyph; 17] = [
        G::InfusionPump,
        G::SyringePump,
        G::Monitor,
        G::Ventilator,
        G::Defibrillator,
        G::Anaesthesia,
        G::Scanner,
        G::XRay,
        G::Ultrasound,
        G::Dialysis,
        G::Electrosurgery,
        G::Incubator,
        G::VitalSigns,
        G::Telemetry,
        G::Bed,
        G::Compression,
        G::Instrument,
    ];

    /// A guess from the name of a device type; [`DeviceGlyph::Instrument`] when nothing fits.
    ///
    /// Words of up to four letters must stand alone ("CT" is not in "electric"); longer ones may
    /// be part of a word ("anaesth" in "Anaesthesia machine").
    pub fn from_type_name(name: &str) -> DeviceGlyph {
        let name = name.to_lowercase();
        let stands_alone = |word: &str| name.split(|c: char| !c.is_alphanumeric()).any(|part| part == word);
        WORDS
            .iter()
            .find(|(word, _)| if word.len() <= 4 { stands_alone(word) } else { name.contains(word) })
            .map_or(DeviceGlyph::Instrument, |&(_, glyph)| glyph)
    }

    /// The shapes inside the 24 unit grid.
    const fn shapes(self) -> &'static str {
        match self {
            G::InfusionPump => {
                r#"<rect x="5" y="2.5" width="14" height="15" rx="2"/><path d="M8 6h8v4H8zM8.5 13.5h.01M12 13.5h.01M15.5 13.5h.01M12 17.5V19a2.5 2.5 0 0 1-5 0"/>"#
            }
            G::SyringePump => {
                r#"<rect x="2.5" y="10" width="19" height="8.5" rx="2"/><path d="M5 10V6.5h10V10M15 8.2h4.5M19.5 6.5v3.5M6 14.3h5M15.5 14.3h.01M18 14.3h.01"/>"#
            }
            G::Monitor => {
                r#"<rect x="2.5" y="4" width="19" height="13" rx="2"/><path d="M5.5 11h3l1.8-3.5L13 14l1.7-3h3.8M12 17v3M8 20.5h8"/>"#
            }
            G::Ventilator => {
                r#"<rect x="6" y="2.5" width="12" height="9" rx="2"/><path d="M9 9V7.2l2-1.2 2 2.2L15 6M12 11.5V17M8 20.5l1.5-3.5h5l1.5 3.5M6 14.5c-3 0-3.5 2.5-2.5 4.5"/>"#
            }
            G::Defibrillator => {
                r#"<rect x="4" y="6" width="16" height="14" rx="2"/><path d="M9 6V3.5h6V6M12.8 9 10 13.4h4L11.2 17.5"/>"#
            }
            G::Anaesthesia => {
                r#"<rect x="6" y="8" width="12" height="13" rx="1.5"/><path d="M6 13h12M9 10.5h.01M12 10.5h.01M15 10.5h.01M8.5 8V3.5h5V8M16 8V5"/>"#
            }
            G::Scanner => {
                r#"<circle cx="12" cy="10.5" r="8"/><circle cx="12" cy="10.5" r="3.2"/><path d="M2.5 21h19M12 13.7V17"/>"#
            }
            G::XRay => {
                r#"<path d="M17 3.5a8 8 0 1 0 0 14"/><path d="M14.5 2.5h5V6h-5zM14.5 15h5v4h-5zM2.5 21h12M9 18.5V21"/>"#
            }
            G::Ultrasound => {
                r#"<path d="M9.5 2.5h5v8a2.5 2.5 0 0 1-5 0zM7 15c3 2.6 7 2.6 10 0M5 18.2c4.2 3.8 9.8 3.8 14 0"/>"#
            }
            G::Dialysis => {
                r#"<rect x="5.5" y="2.5" width="13" height="17" rx="2"/><path d="M8.5 5.5h7v4h-7z"/><circle cx="12" cy="14.5" r="2.5"/><path d="M8 21.5h.01M16 21.5h.01"/>"#
            }
            G::Electrosurgery => {
                r#"<rect x="2.5" y="7" width="19" height="11" rx="2"/><circle cx="8" cy="12.5" r="2"/><circle cx="15" cy="12.5" r="2"/><path d="M19 18v2.5M5 18v2.5"/>"#
            }
            G::Incubator => {
                r#"<path d="M4 13v-3a8 7 0 0 1 16 0v3"/><path d="M2.5 13h19v3.5h-19zM6 16.5V21M18 16.5V21M9 10a1 1 0 1 0 .01 0M11 10.5h4"/>"#
            }
            G::VitalSigns => {
                r#"<rect x="7" y="2.5" width="10" height="11" rx="2"/><path d="M9.5 6.5h5M9.5 9.5h3M12 13.5V21M8.5 21h7"/>"#
            }
            G::Telemetry => {
                r#"<rect x="7.5" y="8" width="9" height="13" rx="2"/><path d="M9.5 8c0-3-1-4-3-5M14.5 8c0-3 1-4 3-5M10 12h4M10 15h2"/>"#
            }
            G::Bed => {
                r#"<path d="M2.5 18.5V7M2.5 14.5h19v4M21.5 14.5V12A2.5 2.5 0 0 0 19 9.5H9v5M5.8 11.2a1 1 0 1 0 .01 0"/>"#
            }
            G::Compression => r#"<path d="M8 2.5v9L5 17a3 3 0 0 0 3 4h9v-4l-3-2V2.5zM8 6h6M8 9.5h6"/>"#,
            G::Instrument => {
                r#"<rect x="4" y="3.5" width="16" height="17" rx="2"/><path d="M8 12a4 4 0 0 1 8 0zM12 12l1.5-2M8 16h2M14 16h2"/>"#
            }
        }
    }
}

/// A device glyph at a size in pixels (17 in lists, 32 in the head of a record). Decorative: the
/// type's name stands beside it.
pub fn glyph(glyph: DeviceGlyph, size: u8) -> Markup {
    html! {
        svg class="i g" width=(size) height=(size) viewBox="0 0 24 24" fill="none" stroke="currentColor"
            stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"
            focusable="false" { (PreEscaped(glyph.shapes())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_find_their_glyph() {
        let cases = [
            ("Infusion pump, general", G::InfusionPump),
            ("Pump, syringe", G::SyringePump),
            ("Physiologic monitor, bedside", G::Monitor),
            ("Monitor, vital signs", G::VitalSigns),
            ("CT scanner", G::Scanner),
            ("Electric bed", G::Bed),
            ("Electrosurgical unit", G::Electrosurgery),
            ("Automated external defibrillator (AED)", G::Defibrillator),
            ("Anesthesia machine", G::Anaesthesia),
            ("Safety analyzer", G::Instrument),
            ("", G::Instrument),
        ];
        for (name, glyph) in cases {
            assert_eq!(DeviceGlyph::from_type_name(name), glyph, "{name}");
        }
    }
}
