//! `com.atproto.repo.*`.

pub(crate) mod apply_writes;
pub(crate) mod create_record;
pub(crate) mod delete_record;
pub(crate) mod describe_repo;
pub(crate) mod get_record;
pub(crate) mod list_records;
pub(crate) mod put_record;
pub(crate) mod upload_blob;

use gatewright_protocol::syntax::AtUri;
use serde::Serialize;

use super::{CidText, CommitShown};
use crate::http::body::JsonBody;
use crate::operations::read_record::ShownRecord;
use crate::operations::write::WrittenRecord;
use crate::repo::value::AsJson;
use crate::settings::WRITE_BODY_LIMIT;

/// The body of a record write.
type WriteBody<T> = JsonBody<T, WRITE_BODY_LIMIT>;

/// The answer of `createRecord` and `putRecord`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Written {
    uri: AtUri,
    cid: CidText,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<CommitShown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    validation_status: Option<&'static str>,
}

impl From<WrittenRecord> for Written {
    fn from(record: WrittenRecord) -> Self {
        Self {
            uri: record.uri,
            cid: CidText(record.cid),
            commit: record.commit.map(CommitShown::from),
            validation_status: record.validation_status,
        }
    }
}

/// A record in an answer.
pub(crate) struct Shown(ShownRecord);

impl Serialize for Shown {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Fields<'a> {
            uri: &'a AtUri,
            cid: CidText,
            value: AsJson<'a>,
        }
        Fields { uri: &self.0.uri, cid: CidText(self.0.cid), value: AsJson(&self.0.value) }
            .serialize(serializer)
    }
}
