// A hospital's old register as it lies on somebody's desk: a workbook of 5,000 rows with a cover, a title, misspelt makers,
// models and departments. What is certain is taken, what is not is asked once, and the whole comes in and out again.

import assert from "node:assert/strict";

import { LOOKS, demo, house, journey } from "../house.mjs";
import { workbook } from "../xlsx.mjs";

const shared = house(demo);

const MAKERS = ["Brightmoor Medical", "BRIGHTMOOR MED", "Brightmoor Medical GmbH", "Brigthmoor Medical"];
const MODELS = ["BM-200", "BM200", "Brightmoor BM 200"];
const ROWS = 5_000;

/** The register. One row in fifty has a serious fault, one a department that must be asked about. */
function register() {
  const rows = [["Asset register, printed 3 March"], [], ["CE_NO", "SN", "MFR", "MODEL", "DESC", "DEPT", "SITE", "INSTALL", "ACQ$"]];
  for (let n = 0; n < ROWS; n += 1) {
    const odd = n % 50;
    rows.push([
      odd === 7 ? "" : 700_000 + n,
      `SN${n}`,
      MAKERS[n % 7 < 4 ? 0 : n % 4],
      MODELS[n % 5 < 3 ? 0 : n % 3],
      n % 3 ? "Infusion pump, volumetric" : "VOLUMETRIC INFUSION PUMPS",
      odd === 9 ? "Ortho" : "Orthopaedics",
      "Northfield General",
      odd === 11 ? "31/02/2019" : new Date(Date.UTC(2019, n % 12, 13)),
      n % 10 ? 1_200.5 : "N/A",
    ]);
  }
  return workbook({ Cover: [["Northfield"]], Inventory: rows });
}

/** Chooses a file, which sends it. */
const send = (who, name, buffer) => who.leads(() =>
  who.page.locator("input[type=file]").setInputFiles({ name, mimeType: "application/octet-stream", buffer }));

journey("a workbook of 5,000 rows, its doubts answered, brought in and taken out", shared, async (enter) => {
  const lead = await enter(LOOKS.desktop);
  await lead.as("Manager");
  const { page } = lead;
  page.setDefaultTimeout(90_000);
  await lead.go("/devices/import");
  await send(lead, "register.xlsx", register());
  await lead.sees(/^4,700 of 5,000 rows are ready\. 300 need a look\.$/);
  await lead.sees(/of sheet “Inventory”, named in row 3$/);
  await lead.sees("Which department is meant");
  await lead.sees("Brigthmoor Medical");
  await lead.sound("the check of a workbook");

  await page.getByLabel("“Ortho” in DEPT means").selectOption({ label: "Orthopaedics" });
  await lead.press("Check again");
  await lead.sees(/^4,800 of 5,000 rows are ready\. 200 need a look\.$/);
  await lead.sees("all answered");
  const list = lead.where();
  await lead.press("Import 4,800 devices");
  await lead.sees("4,800 devices imported.");
  // Its row says BRIGHTMOOR MED.
  await lead.go("/d/700005");
  await lead.sees("Brightmoor Medical");

  await lead.go(list);
  await lead.press("Undo import");
  await lead.sees(/^Undone\. Its 4,800 devices were taken out;/);
  await lead.sound("a workbook taken out");
});

journey("a workbook's names in doubt on a phone in the dark", shared, async (enter) => {
  const lead = await enter(LOOKS.phoneDark);
  await lead.as("Manager");
  await lead.go("/devices/import");
  const rows = [["Tag", "Serial", "Maker", "Model", "Site", "Dept"]];
  for (let n = 0; n < 9; n += 1) {
    rows.push([`W-${n}`, `S${n}`, "Kestrel Imaging", "Falcon 7", "Northfield General", n ? "Radiotherapy" : "Radioth"]);
  }
  await send(lead, "small.xlsx", workbook({ List: rows }));
  await lead.sees(/^8 of 9 rows are ready\. 1 needs a look\.$/);
  await lead.sound("names in doubt on a phone");
  const answered = lead.page.getByLabel("“Radioth” in Dept means");
  assert.equal(await answered.inputValue(), "");
});
