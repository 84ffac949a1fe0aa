//! Workbooks through the door: one sheet is read, rows keep their numbers, what is no list is refused with a remedy.

use fleet::import::{RunState, run::upload::Receiver};
use kernel::Problem;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

use crate::{ROOMS, hospital::in_house, house::House, pages::send};

/// A register of some rows as a hospital keeps it: a cover, a title, names in row 4, dates that are dates.
fn register(rows: u32) -> Vec<u8> {
    let mut made = Workbook::new();
    made.add_worksheet().set_name("Cover").unwrap().write(0, 0, "Asset register").unwrap();
    let day = Format::new().set_num_format("dd/mm/yyyy");
    let list = made.add_worksheet().set_name("Inventory").unwrap();
    list.write(0, 0, "Asset register, printed 3 March").unwrap();
    for (at, name) in ["CE_NO", "SN", "MFR", "MODEL", "SITE", "INSTALL", "NOTES"].iter().enumerate() {
        list.write(3, u16::try_from(at).unwrap(), *name).unwrap();
    }
    for n in 0..rows {
        let row = 4 + n;
        // Numbers as numbers, as spreadsheet programs make of them; one row in ten repeats a tag, one is bad.
        let tag = if n % 10 == 9 { 100_000 + n - 1 } else { 100_000 + n };
        list.write(row, 0, tag).unwrap().write(row, 1, format!("S{n}")).unwrap();
        list.write(row, 2, ["Helion Medical", "HELION MED"][(n % 2) as usize]).unwrap();
        list.write(row, 3, ["VP-3", "VP3"][(n % 2) as usize]).unwrap();
        list.write(row, 4, "Main hospital").unwrap();
        let at = ExcelDateTime::from_ymd(2019, 1 + (n % 12) as u8, 13).unwrap();
        if n == 7 {
            list.write(row, 5, "31/02/2019").unwrap();
        } else {
            list.write_with_format(row, 5, &at, &day).unwrap();
        }
        list.write(row, 6, "two\nlines").unwrap();
    }
    made.save_to_buffer().unwrap()
}

testkit::engine_tests! {
    rooms: ROOMS;

    async fn a_sheet_becomes_devices(store: Store) {
        let house = House::new(&store).await;
        let checked = house.check(&register(200)).await;
        assert_eq!(checked.state, RunState::Checked, "{:?}", checked.error);
        assert_eq!(checked.layout.sheet.as_deref(), Some("Inventory"));
        let counts = &checked.counts;
        assert_eq!((counts.rows, counts.new, counts.refused), (200, 179, 21), "{counts:?}");
        let twice = &counts.refusals["tag_twice"];
        assert_eq!((twice.count, twice.first[0].line), (20, 14));
        assert_eq!(counts.refusals["accepted_on"].first[0].line, 12);
        let done = house.run(&checked).await;
        assert_eq!(done.counts.devices, 179);
        let found = db::read!(house.db, house.org, |tx| {
            fleet::device::store::find_by_tag(tx, house.org, "100000").await
        });
        let device = found.unwrap().unwrap();
        assert_eq!(device.notes.as_deref(), Some("two\nlines"));
        assert_eq!(device.accepted_at.unwrap().to_string(), "2019-01-13T05:00:00Z");
        // The same workbook again: nothing is new but what was refused before.
        let again = house.check(&register(200)).await;
        assert_eq!((again.counts.same, again.counts.refused), (179, 21), "{:?}", again.counts);
    }

    async fn the_wanted_sheet_or_none(store: Store) {
        let house = House::new(&store).await;
        let who = house.who();
        for (name, wanted) in [(Some("inventory"), None), (Some("Cover"), Some("no row of column names")), (Some("East"), Some("There is no sheet “East”"))] {
            let mut receiver = Receiver::new(&house.db, house.org).sheet(name.map(str::to_owned));
            // In drops smaller than the mark by which a workbook is known.
            for part in register(5).chunks(3) {
                receiver.push(part).await.unwrap();
            }
            match (receiver.finish(&who, "register.xlsx").await, wanted) {
                (Ok(run), None) => assert_eq!(run.layout.sheet.as_deref(), Some("Inventory")),
                (Err(Problem::Conflict { message, .. }), Some(words)) => assert!(message.contains(words), "{message}"),
                (other, _) => panic!("{name:?}: {other:?}"),
            }
        }
    }
}

#[test]
fn a_workbook_is_sent_on_the_page() {
    in_house(async |house| {
        let page = send(&house, "lead", &register(5)).await.is(303).to.clone();
        house.work().await;
        house.get("lead", &page).await.is(200).says("7 found, 7 used, of sheet “Inventory”, named in row 4");
        let broken = send(&house, "lead", b"PK\x03\x04 and then nothing").await;
        broken.is(422).says("The workbook is damaged").says("save it again and try once more");
        let old = send(&house, "lead", &[0xD0, 0xCF, 0x11, 0xE0, 0, 0]).await;
        old.is(422).says("This is an old Excel workbook (XLS); open it, save it as");
    });
}
