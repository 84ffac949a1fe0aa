use web::Route;
pub(crate) fn routes() -> Vec<Route> {
    Vec::new()
}
