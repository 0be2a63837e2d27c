//! The suite that every back end must pass.
//!
//! ```ignore
//! gatewright_store::contract_tests!(memory => Subject::new(Memory::with_limits(LIMITS)));
//! ```
//! makes one test of each promise, each with a store of its own.

#![cfg_attr(
    not(test),
    expect(clippy::wildcard_imports, reason = "the promises are written in the words of the fixture")
)]

pub mod account;
pub mod app_password;
pub mod blob;
#[cfg(feature = "postgres")]
pub mod cluster;
pub mod consent;
pub mod device;
pub mod factor;
pub mod fixture;
pub mod invite_code;
pub mod legacy_session;
pub mod lexicon;
pub mod mail_code;
pub mod preference;
pub mod replay;
pub mod repo;
pub mod request;
pub mod scope_reference;
pub mod security_event;
pub mod set_change;
pub mod sweep;
pub mod token;

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;

use crate::{Limits, Store};

/// What a store under test is made with.
pub const LIMITS: Limits = Limits {
    open_requests: 100,
    challenges: 300,
    devices: 100,
    assertions: 100,
    lexicon_versions: 70,
    proofs: 6400,
};

/// A store under test, empty and with the limits of [`LIMITS`].
#[derive(Clone)]
pub struct Subject {
    store: Arc<dyn Store>,
    /// What must live as long: a folder, a database server.
    _keep: Arc<dyn Any + Send + Sync>,
}

impl Subject {
    /// A store that needs nothing else.
    pub fn new(store: impl Store + 'static) -> Self {
        Self::keeping(store, ())
    }

    /// A store that needs something else as long as it lives.
    pub fn keeping(store: impl Store + 'static, keep: impl Any + Send + Sync) -> Self {
        Self { store: Arc::new(store), _keep: Arc::new(keep) }
    }

    /// An empty SQLite file in a folder of its own.
    #[cfg(feature = "sqlite")]
    pub fn sqlite() -> Self {
        use crate::sqlite::{Options, Sqlite, Synchronous};

        let folder = tempfile::tempdir().expect("there is a folder for temporary files");
        let options = Options { limits: LIMITS, synchronous: Synchronous::Normal, ..Options::default() };
        let store = Sqlite::open(folder.path().join("store.db"), options).expect("a new file opens");
        Self::keeping(store, folder)
    }

    /// An empty PostgreSQL database.
    #[cfg(feature = "postgres")]
    pub async fn postgres() -> Self {
        use crate::postgres::{Options, Postgres};

        let (url, cluster) = cluster::empty_database().await.expect("there is a server");
        let options = Options { limits: LIMITS, ..Options::default() };
        let store = Postgres::connect(&url, options).await.expect("an empty database is made ready");
        Self::keeping(store, cluster)
    }

    /// Runs the same step in `RACERS` tasks at once, and collects what each got.
    async fn race<T, F>(&self, step: impl Fn(Self, usize) -> F) -> Vec<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let barrier = Arc::new(tokio::sync::Barrier::new(RACERS));
        let mut tasks = Vec::new();
        for racer in 0..RACERS {
            let (barrier, step) = (Arc::clone(&barrier), step(self.clone(), racer));
            tasks.push(tokio::spawn(async move {
                barrier.wait().await;
                step.await
            }));
        }
        let mut outcomes = Vec::new();
        for task in tasks {
            outcomes.push(task.await.expect("no task panics"));
        }
        outcomes
    }
}

/// How many tasks race.
pub const RACERS: usize = 64;

impl Deref for Subject {
    type Target = dyn Store;

    fn deref(&self) -> &Self::Target {
        &*self.store
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subject")
    }
}

/// Makes a module of tests for a back end: one for each promise. The expression yields a new [`Subject`] each time.
#[macro_export]
macro_rules! contract_tests {
    ($backend:ident => $subject:expr) => {
        mod $backend {
            #[allow(unused_imports, reason = "what the expression needs is the caller's matter")]
            use super::*;

            $crate::contract_tests! { @promises $subject =>
                account {
                    an_account_is_found_by_all_its_names,
                    what_is_taken_is_refused_and_changes_nothing,
                    accounts_are_listed_in_the_order_of_their_dids,
                    a_new_password_ends_codes_tokens_and_sign_ins,
                    a_new_password_ends_open_requests_where_the_account_is_signed_in,
                    a_new_hash_of_the_same_password_ends_nothing,
                    a_new_hash_never_brings_a_replaced_password_back,
                    an_account_that_may_not_act_has_no_tokens,
                    a_status_changes_only_from_the_one_that_was_seen,
                    a_handle_is_replaced_in_one_step,
                    changes_to_one_handle_race_and_one_wins,
                    a_deleted_account_leaves_nothing_behind,
                    an_account_that_is_kept_elsewhere_can_be_forgotten_too,
                    accounts_of_one_name_race_and_one_wins,
                    accounts_are_counted_by_their_host,
                }
                app_password {
                    an_app_password_is_found_by_its_hash,
                    app_passwords_are_listed_newest_first,
                    a_name_is_taken_once,
                    an_app_password_whose_time_is_over_makes_room,
                    sec_65_revoking_ends_what_came_from_it,
                    app_passwords_of_one_name_race_and_one_wins,
                }
                blob {
                    the_same_blob_again_only_changes_its_declared_type_and_time,
                    only_blobs_that_records_name_are_listed,
                    old_blobs_that_no_record_names_can_be_swept,
                    blobs_of_a_deleted_account_can_be_swept,
                }
                consent {
                    a_consent_is_kept_with_the_approval,
                    a_later_consent_takes_the_place_of_the_earlier,
                    a_consent_that_was_refused_is_not_kept,
                }
                device {
                    a_secret_is_rotated_only_from_the_current_one,
                    a_sign_in_is_listed_for_its_request_only,
                    a_password_that_was_replaced_signs_nobody_in,
                    signing_in_again_takes_the_place_of_the_earlier,
                    signing_out_leaves_other_accounts,
                    a_deleted_device_takes_its_sign_ins_along,
                    devices_are_listed_where_an_account_is_remembered,
                    sec_71_every_sign_in_of_an_account_is_listed,
                    sec_71_signing_out_elsewhere_leaves_this_device,
                    sec_72_devices_are_limited,
                    rotations_of_one_secret_race_and_one_wins,
                }
                factor {
                    a_factor_is_found_as_it_was_added,
                    factors_of_one_account_are_limited,
                    a_factor_is_used_once_for_each_count,
                    uses_of_one_count_race_and_one_wins,
                    a_deleted_factor_is_gone,
                    a_recovery_code_is_used_once,
                    a_sign_in_waits_for_its_factor,
                    a_factor_completes_its_sign_in_once,
                    a_new_password_ends_what_waits,
                    an_account_proves_itself_on_a_device,
                    a_deleted_account_leaves_no_factor,
                }
                invite_code {
                    codes_are_found_as_they_were_made,
                    a_code_is_used_up_with_the_account_that_it_makes,
                    a_code_that_was_withdrawn_makes_nothing,
                    a_deleted_account_leaves_its_use_and_takes_its_codes_along,
                    the_last_use_of_a_code_is_raced_for_and_one_wins,
                }
                lexicon {
                    a_lexicon_is_found_as_it_was_resolved,
                    a_lexicon_that_did_not_change_is_seen_again,
                    sec_60_an_older_revision_is_ignored,
                    sec_60_each_authority_has_its_own_revisions,
                    the_version_that_was_in_force_is_found_by_time,
                    sec_72_lexicons_are_limited,
                    sec_72_authorities_of_a_lexicon_are_limited,
                    versions_race_and_the_newest_wins,
                }
                mail_code {
                    a_mail_code_is_used_once_in_its_time,
                    mail_codes_are_limited,
                    a_confirmed_address_is_the_present_one,
                    a_confirmed_address_is_changed_with_a_code,
                    sec_67_a_code_replaces_the_password_and_ends_everything,
                    sec_67_a_reset_ends_app_passwords_if_asked_to,
                    a_code_deletes_its_account,
                    a_new_password_ends_mail_codes,
                    a_deleted_account_leaves_no_mail_code,
                    resets_with_one_code_race_and_one_wins,
                }
                legacy_session {
                    a_session_is_found_as_it_was_begun,
                    no_session_begins_with_an_app_password_that_is_gone,
                    a_password_that_was_replaced_begins_no_session,
                    a_new_password_and_a_session_race,
                    sec_66_a_used_refresh_token_has_the_same_successor_within_its_grace,
                    a_refresh_token_ends_at_its_time,
                    a_refresh_token_is_of_one_session,
                    sec_66_refreshes_race_to_one_successor,
                    a_refresh_renews_what_a_scoped_session_may_do,
                    a_session_is_not_refreshed_after_its_app_password_ended,
                    ending_ends_one_session,
                    a_new_password_ends_sessions_and_no_app_password,
                    a_takedown_ends_sessions_and_a_rest_does_not,
                    a_deleted_account_leaves_no_session_and_no_app_password,
                }
                preference {
                    preferences_are_replaced_as_a_whole,
                    sec_48_a_kind_that_is_kept_stays_as_it_is,
                    a_deleted_account_leaves_no_preference,
                }
                replay {
                    a_use_counts_once,
                    namespaces_do_not_mix,
                    an_assertion_counts_again_when_its_time_is_over,
                    sec_72_a_full_memory_refuses_and_forgets_nothing,
                    uses_race_and_one_wins,
                }
                repo {
                    a_commit_keeps_head_blocks_and_records,
                    a_value_that_two_records_have_stays_when_one_goes,
                    what_there_is_of_an_account_is_counted,
                    a_commit_on_another_head_changes_nothing,
                    a_record_that_names_an_unknown_blob_changes_nothing,
                    records_are_listed_both_ways_and_by_pages,
                    blocks_are_listed_in_the_order_of_their_cids,
                    collections_and_repositories_are_listed_in_order,
                    commits_race_and_one_wins,
                }
                request {
                    a_request_is_found_as_it_was_pushed,
                    a_challenge_is_reserved_for_its_time,
                    sec_72_open_requests_are_limited,
                    the_first_device_owns_the_request,
                    an_expired_request_is_not_opened,
                    an_approved_request_keeps_its_code_when_it_is_opened_again,
                    only_its_device_approves_an_open_request,
                    sec_18_a_code_that_comes_again_ends_its_token_and_sign_in,
                    sec_19_a_consumed_code_is_used_up_without_a_token,
                    an_exchange_that_fails_leaves_the_code,
                    sec_20_exchanges_of_one_code_race_and_one_wins,
                    approvals_race_and_one_wins,
                    requests_with_one_challenge_race_and_one_wins,
                }
                scope_reference {
                    a_scope_is_found_until_the_last_token_that_names_it_ends,
                }
                security_event {
                    events_are_listed_as_they_were_noted_and_newest_first,
                    what_happens_again_soon_is_noted_once,
                    a_network_is_new_to_a_session_once,
                    the_beginning_of_a_session_is_noted_with_it,
                    sec_72_events_of_one_kind_are_limited,
                    old_events_go,
                    a_deleted_account_leaves_no_event,
                }
                set_change {
                    sets_are_kept_from_the_approval_to_the_session,
                    sets_change_with_a_rotation_or_not_at_all,
                    sec_74_a_lost_answer_notes_no_change_twice,
                    sets_are_replaced_only_by_who_knows_them,
                    sets_and_rotations_race_and_nothing_is_lost,
                    changes_are_listed_by_account_and_end_with_their_session,
                    sec_72_changes_of_one_session_are_limited,
                }
                sweep {
                    what_has_expired_goes_and_the_rest_stays,
                    sec_25_tokens_go_when_their_session_or_refresh_life_is_over,
                    sec_25_a_session_that_began_public_goes_when_public_ones_go,
                    sec_18_a_used_code_is_known_as_long_as_its_token_lives,
                    devices_go_when_they_did_not_come_for_long,
                    a_sign_in_goes_with_its_request,
                    a_sign_in_of_the_account_pages_goes_after_its_time,
                    lexicons_go_when_no_session_can_need_them,
                    legacy_sessions_and_app_passwords_go_at_their_end,
                    what_waits_for_a_factor_goes_after_its_time,
                    a_sweep_is_bounded,
                }
                token {
                    a_token_is_found_by_its_name_and_all_its_refresh_tokens,
                    a_rotation_changes_what_it_is_given_and_nothing_else,
                    sec_74_a_lost_answer_is_given_again_within_its_time,
                    sec_21_a_used_token_after_its_time_ends_the_session,
                    sec_21_a_used_token_after_its_successor_ends_the_session,
                    sec_21_an_ancestor_ends_the_session,
                    sec_21_another_client_authentication_ends_the_session,
                    sec_22_rotations_race_to_one_successor,
                    an_unknown_refresh_token_ends_nothing,
                    a_token_without_refresh_is_not_rotated,
                    revoking_ends_exactly_what_it_names,
                    tokens_are_revoked_by_the_key_of_their_client,
                    a_public_client_that_became_confidential_is_bound_to_its_key,
                }
            }
        }
    };
    (@promises $subject:expr => $($noun:ident { $($promise:ident,)* })*) => {
        $(mod $noun {
            #[allow(unused_imports, reason = "what the expression needs is the caller's matter")]
            use super::*;

            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $promise() {
                    $crate::contract::$noun::$promise($subject).await;
                }
            )*
        })*
    };
}

#[cfg(test)]
mod tests {
    /// A promise that the list above forgets would never be tested.
    #[test]
    fn every_promise_is_listed() {
        let list = include_str!("mod.rs");
        let nouns = [
            include_str!("account.rs"),
            include_str!("app_password.rs"),
            include_str!("blob.rs"),
            include_str!("consent.rs"),
            include_str!("device.rs"),
            include_str!("factor.rs"),
            include_str!("invite_code.rs"),
            include_str!("legacy_session.rs"),
            include_str!("lexicon.rs"),
            include_str!("mail_code.rs"),
            include_str!("preference.rs"),
            include_str!("replay.rs"),
            include_str!("repo.rs"),
            include_str!("request.rs"),
            include_str!("scope_reference.rs"),
            include_str!("security_event.rs"),
            include_str!("set_change.rs"),
            include_str!("sweep.rs"),
            include_str!("token.rs"),
        ];
        let mut promises = 0;
        for source in nouns {
            for line in source.lines() {
                let Some(rest) = line.strip_prefix("pub async fn ") else { continue };
                let (name, _) = rest.split_once('(').expect("a function has parameters");
                assert!(list.contains(&format!(" {name},\n")), "`{name}` is not listed");
                promises += 1;
            }
        }
        assert!(promises > 50, "{promises}");
    }
}
