//! The endpoint table of section 4.3, row by row, in its order.

use gatewright_protocol::scope::{AccountAction, AccountAttr, IdentityAttr};

use super::{Kind, Row, Rule};

const F: Kind = Kind::Full;
const P: Kind = Kind::PrivilegedAppPassword;
const A: Kind = Kind::AppPassword;
const T: Kind = Kind::TakenDown;
const Q: Kind = Kind::SignupQueued;
const R: Kind = Kind::Refresh;
const S: Kind = Kind::ServiceToken;
const M: Kind = Kind::Moderation;
const ADM: Kind = Kind::Admin;
const N: Kind = Kind::Nobody;
const O: Kind = Kind::OAuth;

const MANAGE_EMAIL: Rule = Rule::Account(AccountAttr::Email, AccountAction::Manage);
const MANAGE_REPO: Rule = Rule::Account(AccountAttr::Repo, AccountAction::Manage);
const HANDLE: Rule = Rule::Identity(IdentityAttr::Handle);
const IDENTITY: Rule = Rule::Identity(IdentityAttr::Any);

const fn row(nsid: &'static str, kinds: &'static [Kind], oauth: Rule) -> Row {
    Row::new(nsid, kinds, oauth)
}

/// Open to everybody; credentials are not looked at.
const fn open(nsid: &'static str) -> Row {
    Row::new(nsid, &[N], Rule::Unasked)
}

/// Open to everybody; credentials only matter to see one's own repository that is not active.
const fn sync(nsid: &'static str) -> Row {
    Row::new(nsid, &[N, F, P, A, O, ADM], Rule::Any)
}

/// As [`sync`], and for accounts that were taken down too.
const fn sync_taken_down(nsid: &'static str) -> Row {
    Row::new(nsid, &[N, F, P, A, T, O, ADM], Rule::Any)
}

/// Not answered by a host: falls to the proxy (section 9).
const fn elsewhere(nsid: &'static str) -> Row {
    Row::new(nsid, &[F, P, A, O], Rule::Call).forwarded()
}

const fn admin(nsid: &'static str) -> Row {
    Row::new(nsid, &[ADM], Rule::Forbidden)
}

const fn admin_or_moderation(nsid: &'static str) -> Row {
    Row::new(nsid, &[ADM, M], Rule::Forbidden)
}

/// The methods of a record host. An account's state is looked at here where the digest says so; writes look again
/// where they happen.
pub(super) const ATPROTO: &[Row] = &[
    // com.atproto.server
    open("com.atproto.server.describeServer").answered_here(),
    row("com.atproto.server.createAccount", &[N, S], Rule::Forbidden).answered_here(),
    open("com.atproto.server.createSession").answered_here(),
    row("com.atproto.server.refreshSession", &[R], Rule::Forbidden).answered_here(),
    row("com.atproto.server.deleteSession", &[R], Rule::Forbidden).expired_too().answered_here(),
    row("com.atproto.server.getSession", &[F, P, A, Q, O], Rule::Any).answered_here().passed_on(),
    row("com.atproto.server.createAppPassword", &[F], Rule::Forbidden)
        .not_taken_down()
        .answered_here()
        .passed_on(),
    row("com.atproto.server.listAppPasswords", &[F], Rule::Forbidden).answered_here().passed_on(),
    row("com.atproto.server.revokeAppPassword", &[F], Rule::Forbidden).answered_here().passed_on(),
    row("com.atproto.server.getServiceAuth", &[F, P, A, T, O], Rule::ServiceToken).answered_here(),
    admin("com.atproto.server.createInviteCode").answered_here(),
    admin("com.atproto.server.createInviteCodes").answered_here(),
    row("com.atproto.server.getAccountInviteCodes", &[F], Rule::Forbidden)
        .not_taken_down()
        .answered_here()
        .passed_on(),
    open("com.atproto.server.reserveSigningKey"),
    row("com.atproto.server.requestAccountDelete", &[F], Rule::Forbidden)
        .not_taken_down()
        .answered_here()
        .passed_on(),
    open("com.atproto.server.deleteAccount").answered_here(),
    open("com.atproto.server.requestPasswordReset").answered_here(),
    open("com.atproto.server.resetPassword").answered_here(),
    row("com.atproto.server.requestEmailConfirmation", &[F, O], MANAGE_EMAIL)
        .not_taken_down()
        .answered_here()
        .passed_on(),
    row("com.atproto.server.confirmEmail", &[F, O], MANAGE_EMAIL)
        .not_taken_down()
        .answered_here()
        .passed_on(),
    row("com.atproto.server.requestEmailUpdate", &[F], Rule::Forbidden)
        .not_taken_down()
        .answered_here()
        .passed_on(),
    row("com.atproto.server.updateEmail", &[F], Rule::Forbidden).answered_here().passed_on(),
    row("com.atproto.server.activateAccount", &[F], Rule::Forbidden).answered_here(),
    row("com.atproto.server.deactivateAccount", &[F, T], Rule::Forbidden).answered_here(),
    row("com.atproto.server.checkAccountStatus", &[F, P, A, O], Rule::Any).answered_here(),
    // com.atproto.repo
    row("com.atproto.repo.createRecord", &[F, P, A, O], Rule::Body).answered_here(),
    row("com.atproto.repo.putRecord", &[F, P, A, O], Rule::Body).answered_here(),
    row("com.atproto.repo.deleteRecord", &[F, P, A, O], Rule::Body).answered_here(),
    row("com.atproto.repo.applyWrites", &[F, P, A, O], Rule::Body).answered_here(),
    row("com.atproto.repo.uploadBlob", &[F, P, A, O, S], Rule::Upload).not_taken_down().answered_here(),
    row("com.atproto.repo.importRepo", &[F, O], MANAGE_REPO).not_taken_down(),
    row("com.atproto.repo.listMissingBlobs", &[F, P, A, O], Rule::Any),
    open("com.atproto.repo.describeRepo").answered_here(),
    open("com.atproto.repo.getRecord").answered_here(),
    open("com.atproto.repo.listRecords").answered_here(),
    // com.atproto.identity
    open("com.atproto.identity.resolveHandle").answered_here(),
    row("com.atproto.identity.updateHandle", &[F, O], HANDLE).not_taken_down().answered_here().passed_on(),
    row("com.atproto.identity.getRecommendedDidCredentials", &[F, P, A, O], Rule::Any),
    row("com.atproto.identity.requestPlcOperationSignature", &[F, T, O], IDENTITY),
    row("com.atproto.identity.signPlcOperation", &[F, T, O], IDENTITY),
    row("com.atproto.identity.submitPlcOperation", &[F, O], IDENTITY),
    elsewhere("com.atproto.identity.resolveDid"),
    elsewhere("com.atproto.identity.resolveIdentity"),
    elsewhere("com.atproto.identity.refreshIdentity"),
    // com.atproto.sync
    sync_taken_down("com.atproto.sync.getBlob").answered_here(),
    sync("com.atproto.sync.getBlocks"),
    sync("com.atproto.sync.getLatestCommit").answered_here(),
    sync("com.atproto.sync.getRecord").answered_here(),
    sync_taken_down("com.atproto.sync.getRepo").answered_here(),
    sync_taken_down("com.atproto.sync.listBlobs").answered_here(),
    sync("com.atproto.sync.getCheckout"),
    sync("com.atproto.sync.getHead"),
    open("com.atproto.sync.getRepoStatus").answered_here(),
    open("com.atproto.sync.listRepos").answered_here(),
    open("com.atproto.sync.subscribeRepos"),
    elsewhere("com.atproto.sync.listReposByCollection"),
    elsewhere("com.atproto.sync.listHosts"),
    elsewhere("com.atproto.sync.getHostStatus"),
    elsewhere("com.atproto.sync.requestCrawl"),
    elsewhere("com.atproto.sync.notifyOfUpdate"),
    // com.atproto.temp
    row("com.atproto.temp.checkSignupQueue", &[F, P, A, Q], Rule::Forbidden),
    open("com.atproto.temp.dereferenceScope").answered_here(),
    elsewhere("com.atproto.temp.addReservedHandle"),
    elsewhere("com.atproto.temp.checkHandleAvailability"),
    elsewhere("com.atproto.temp.requestPhoneVerification"),
    elsewhere("com.atproto.temp.revokeAccountCredentials"),
    elsewhere("com.atproto.temp.fetchLabels"),
    // com.atproto.label, com.atproto.lexicon
    elsewhere("com.atproto.label.queryLabels"),
    elsewhere("com.atproto.label.subscribeLabels"),
    elsewhere("com.atproto.lexicon.resolveLexicon"),
    // com.atproto.moderation
    row("com.atproto.moderation.createReport", &[F, P, A, T, O], Rule::Call).forwarded(),
    // com.atproto.admin: never for applications, not even what is added later
    admin("com.atproto.admin.deleteAccount"),
    admin("com.atproto.admin.updateAccountEmail"),
    admin("com.atproto.admin.updateAccountHandle"),
    admin("com.atproto.admin.updateAccountPassword"),
    admin("com.atproto.admin.searchAccounts"),
    admin("com.atproto.admin.updateAccountSigningKey"),
    admin_or_moderation("com.atproto.admin.disableAccountInvites"),
    admin_or_moderation("com.atproto.admin.enableAccountInvites"),
    admin_or_moderation("com.atproto.admin.disableInviteCodes"),
    admin_or_moderation("com.atproto.admin.getAccountInfo"),
    admin_or_moderation("com.atproto.admin.getAccountInfos"),
    admin_or_moderation("com.atproto.admin.getInviteCodes"),
    admin_or_moderation("com.atproto.admin.getSubjectStatus"),
    admin_or_moderation("com.atproto.admin.sendEmail"),
    admin_or_moderation("com.atproto.admin.updateSubjectStatus"),
    admin("com.atproto.admin.*"),
    // app.bsky, as far as a host answers it
    row("app.bsky.actor.getPreferences", &[F, P, A, T, M, O], Rule::Call).answered_here(),
    row("app.bsky.actor.putPreferences", &[F, P, A, O], Rule::Call).not_taken_down().answered_here(),
    row("app.bsky.actor.getProfile", &[F, P, A, O], Rule::Profile).answered_here().forwarded(),
    row("app.bsky.actor.getProfiles", &[F, P, A, O], Rule::Profile).answered_here().forwarded(),
    elsewhere("app.bsky.feed.getTimeline"),
    elsewhere("app.bsky.feed.getAuthorFeed"),
    elsewhere("app.bsky.feed.getActorLikes"),
    elsewhere("app.bsky.feed.getPostThread"),
    row("app.bsky.feed.getFeed", &[F, P, A, O], Rule::CallBoth("app.bsky.feed.getFeedSkeleton")).forwarded(),
    row("app.bsky.notification.registerPush", &[F, P, A, Q, O], Rule::Call),
    elsewhere("app.bsky.notification.unregisterPush"),
    // what falls to the proxy, by the families of methods that are published
    elsewhere("app.bsky.*"),
    elsewhere("chat.bsky.*"),
    elsewhere("tools.ozone.*"),
    open("_health").answered_here(),
];

/// Everything else under `/xrpc/` (RS-17).
pub(super) const OTHERWISE: Row = elsewhere("*");

/// RS-15.
pub(super) const PROTECTED: &[&str] = &[
    "com.atproto.admin.sendEmail",
    "com.atproto.identity.requestPlcOperationSignature",
    "com.atproto.identity.signPlcOperation",
    "com.atproto.identity.updateHandle",
    "com.atproto.server.activateAccount",
    "com.atproto.server.confirmEmail",
    "com.atproto.server.createAppPassword",
    "com.atproto.server.deactivateAccount",
    "com.atproto.server.getAccountInviteCodes",
    "com.atproto.server.getSession",
    "com.atproto.server.listAppPasswords",
    "com.atproto.server.requestAccountDelete",
    "com.atproto.server.requestEmailConfirmation",
    "com.atproto.server.requestEmailUpdate",
    "com.atproto.server.revokeAppPassword",
    "com.atproto.server.updateEmail",
];
