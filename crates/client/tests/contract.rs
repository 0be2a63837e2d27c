//! Every session store of one machine against the same suite.

use gatewright_client::sessions::contract::Subject;
use gatewright_client::sessions::file::FolderStore;
use gatewright_client::sessions::memory::Memory;
use gatewright_client::sessions::sqlite::Sqlite;

fn folder() -> Subject {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    Subject::keeping(FolderStore::open(folder.path()).expect("it opens"), folder)
}

fn sqlite() -> Subject {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    Subject::keeping(Sqlite::open(folder.path().join("sessions.db")).expect("it opens"), folder)
}

gatewright_client::session_contract_tests!(memory => Subject::new(Memory::new()));
gatewright_client::session_contract_tests!(file => folder());
gatewright_client::session_contract_tests!(sqlite => sqlite());
