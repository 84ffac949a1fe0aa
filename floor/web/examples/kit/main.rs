//! Writes the kit and mock-ups of the main pages, with the assets they need, into a folder:
//! `cargo run -p web --example kit -- target/kit`, then serve that folder and look.

use std::fs;
use std::path::Path;

use maud::Markup;
use web::assets;
use web::look::{Theme, kit};

mod mock;

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "target/kit".to_owned());
    let folder = Path::new(&folder);
    fs::create_dir_all(folder.join("assets"))?;
    for asset in assets::all() {
        fs::write(folder.join("assets").join(&asset.hashed), &asset.bytes)?;
    }
    for (suffix, theme) in [("", Theme::Light), ("-dark", Theme::Dark)] {
        let pages: [(&str, Markup); 10] = [
            ("kit", kit::page_with(&str::to_owned, theme)),
            ("bare", kit::bare_page(&str::to_owned, theme)),
            ("fleet", mock::fleet::page(theme)),
            ("device", mock::device::page(theme)),
            ("sign-in", mock::doors::sign_in(theme)),
            ("set-up", mock::doors::set_up(theme)),
            ("first-run", mock::import::first_run(theme)),
            ("import", mock::import::check(theme)),
            ("importing", mock::import::running(theme)),
            ("edit", mock::device::edit(theme)),
        ];
        for (name, page) in pages {
            fs::write(folder.join(format!("{name}{suffix}.html")), page.into_string())?;
        }
    }
    println!("{}", folder.display());
    Ok(())
}
