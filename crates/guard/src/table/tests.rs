//! The table as data: every published method has its row (RS-17).

use super::*;

/// Every method of the lexicons under `com.atproto`.
const METHODS: &str = "
    admin.deleteAccount admin.disableAccountInvites admin.disableInviteCodes admin.enableAccountInvites
    admin.getAccountInfo admin.getAccountInfos admin.getInviteCodes admin.getSubjectStatus admin.searchAccounts
    admin.sendEmail admin.updateAccountEmail admin.updateAccountHandle admin.updateAccountPassword
    admin.updateAccountSigningKey admin.updateSubjectStatus
    identity.getRecommendedDidCredentials identity.refreshIdentity identity.requestPlcOperationSignature
    identity.resolveDid identity.resolveHandle identity.resolveIdentity identity.signPlcOperation
    identity.submitPlcOperation identity.updateHandle
    label.queryLabels label.subscribeLabels lexicon.resolveLexicon moderation.createReport
    repo.applyWrites repo.createRecord repo.deleteRecord repo.describeRepo repo.getRecord repo.importRepo
    repo.listMissingBlobs repo.listRecords repo.putRecord repo.uploadBlob
    server.activateAccount server.checkAccountStatus server.confirmEmail server.createAccount server.createAppPassword
    server.createInviteCode server.createInviteCodes server.createSession server.deactivateAccount server.deleteAccount
    server.deleteSession server.describeServer server.getAccountInviteCodes server.getServiceAuth server.getSession
    server.listAppPasswords server.refreshSession server.requestAccountDelete server.requestEmailConfirmation
    server.requestEmailUpdate server.requestPasswordReset server.reserveSigningKey server.resetPassword
    server.revokeAppPassword server.updateEmail
    sync.getBlob sync.getBlocks sync.getCheckout sync.getHead sync.getHostStatus sync.getLatestCommit sync.getRecord
    sync.getRepo sync.getRepoStatus sync.listBlobs sync.listHosts sync.listRepos sync.listReposByCollection
    sync.notifyOfUpdate sync.requestCrawl sync.subscribeRepos
    temp.addReservedHandle temp.checkHandleAvailability temp.checkSignupQueue temp.dereferenceScope temp.fetchLabels
    temp.requestPhoneVerification temp.revokeAccountCredentials";

#[test]
fn sec_40_every_lexicon_method_has_a_row_of_its_own() {
    let table = Table::atproto();
    for method in METHODS.split_whitespace() {
        let nsid = format!("com.atproto.{method}");
        assert_eq!(table.find(&nsid).map(|row| row.nsid), Some(nsid.as_str()));
    }
    // The families that are published, whatever they grow.
    for nsid in ["app.bsky.graph.getFollows", "chat.bsky.convo.getLog", "tools.ozone.team.listMembers"] {
        assert_eq!(table.find(nsid).unwrap().oauth, Rule::Call, "{nsid}");
    }
    assert_eq!(table.find("com.atproto.admin.methodOfTomorrow").unwrap().oauth, Rule::Forbidden);
    assert_eq!(table.find("com.atproto.server.methodOfTomorrow"), None);
    assert_eq!(table.find("com.example.note.create"), None);
}

#[test]
fn a_row_says_nothing_that_contradicts_itself() {
    for row in Table::atproto().rows() {
        let open = row.admits(Kind::OAuth);
        let opens = !matches!(row.oauth, Rule::Forbidden | Rule::Unasked);
        assert_eq!(open, opens, "{}: applications are listed exactly where a rule lets them in", row.nsid);
        assert!(row.oauth != Rule::Unasked || row.kinds == [Kind::Nobody], "{}", row.nsid);
        if is_protected(row.nsid) {
            assert_ne!(row.oauth, Rule::Call, "{}: a protected method is never proxied", row.nsid);
        }
        if row.nsid.starts_with("com.atproto.admin.") {
            assert_eq!(row.oauth, Rule::Forbidden, "{}", row.nsid);
        }
        if let Rule::Scope(scope) = row.oauth {
            assert!(scope.parse::<gatewright_protocol::scope::Permission>().is_ok(), "{}", row.nsid);
        }
    }
}

#[test]
fn lists_of_methods_have_no_case_in_their_authority() {
    assert!(is_protected("COM.atproto.server.updateEmail"));
    assert!(is_privileged("Chat.Bsky.convo.getLog"));
    assert!(is_privileged("com.atproto.server.createAccount"));
    assert!(!is_privileged("chat.bskyx.convo.getLog"));
}
