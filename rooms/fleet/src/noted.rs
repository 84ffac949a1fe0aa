//! The records of this room that people may add something to: files, photos and words.

use db::Tx;
use futures::{FutureExt as _, future::BoxFuture};
use kernel::{Actor, Id, Problem, Result};
use margin::{Noun, Subject};
use uuid::Uuid;

use crate::{
    device::{self, Device, pages::words},
    model, permit,
};

/// One line a noun.
pub(crate) const NOUNS: &[Noun] =
    &[Noun { name: "device", find: find_device }, Noun { name: "model", find: find_model }];

/// A device as the margin knows it.
pub(crate) fn of_device(who: &Actor, device: &Device) -> Subject {
    Subject {
        org: who.org,
        noun: "device",
        id: device.id.uuid(),
        name: device.tag.clone(),
        href: words::href(&device.tag),
        list: ("Devices", "/devices"),
        reach: Some(device.reach()),
    }
}

fn find_device<'a>(tx: &'a mut Tx, who: &'a Actor, id: Uuid) -> BoxFuture<'a, Result<Subject>> {
    async move {
        let device = device::actions::visible(tx, who, Id::from_uuid(id)).await?;
        Ok(of_device(who, &device))
    }
    .boxed()
}

/// A model as the margin knows it. It belongs to the whole organisation.
pub(crate) fn of_model(who: &Actor, model: &model::Model) -> Subject {
    Subject {
        org: who.org,
        noun: "model",
        id: model.id.uuid(),
        name: model.name.clone(),
        href: format!("/models/{}", model.id),
        list: ("Models", "/models"),
        reach: None,
    }
}

fn find_model<'a>(tx: &'a mut Tx, who: &'a Actor, id: Uuid) -> BoxFuture<'a, Result<Subject>> {
    async move {
        if !who.may_somewhere(permit::MODEL_VIEW) {
            return Err(Problem::not_found("this model"));
        }
        let model = model::store::get(tx, who.org, Id::from_uuid(id)).await?;
        Ok(of_model(who, &model))
    }
    .boxed()
}
