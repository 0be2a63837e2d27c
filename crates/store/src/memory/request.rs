//! Requests and their codes.

use std::collections::HashMap;

use async_trait::async_trait;
use gatewright_protocol::oauth::pkce::CodeChallenge;
use gatewright_protocol::secret::CodeHash;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;

use super::{Memory, Tables, holds, name_taken};
use crate::StoreError;
use crate::consent::Consent;
use crate::device::DeviceId;
use crate::request::{
    CodeExchanged, Request, RequestCreated, RequestId, RequestOpened, RequestStore, Stage, USED_CODE_MEMORY,
};
use crate::token::{NewToken, TokenId};

#[derive(Debug, Default)]
pub(super) struct Requests {
    rows: HashMap<RequestId, Request>,
    by_code: HashMap<CodeHash, RequestId>,
    challenges: HashMap<CodeChallenge, UnixTime>,
    used_codes: HashMap<CodeHash, UsedCode>,
}

#[derive(Debug)]
struct UsedCode {
    account: Did,
    device: Option<DeviceId>,
    token: Option<TokenId>,
    until: UnixTime,
}

impl Requests {
    fn remove(&mut self, id: &RequestId) -> Option<Request> {
        let request = self.rows.remove(id)?;
        if let Stage::Approved { code, .. } = &request.stage {
            self.by_code.remove(code);
        }
        Some(request)
    }

    pub(super) fn contains(&self, id: &RequestId) -> bool {
        self.rows.contains_key(id)
    }

    /// Forgets the codes of an account, used or not; whether there were any.
    pub(super) fn remove_account(&mut self, did: &Did) -> bool {
        self.remove_where(
            |request| matches!(&request.stage, Stage::Approved { account, .. } if account == did),
        )
    }

    /// Forgets the requests that are open on these devices.
    pub(super) fn remove_open(&mut self, is_meant: impl Fn(&DeviceId) -> bool) {
        self.remove_where(|request| {
            request.stage == Stage::Pushed && request.device.as_ref().is_some_and(&is_meant)
        });
    }

    fn remove_where(&mut self, condition: impl Fn(&Request) -> bool) -> bool {
        let ids: Vec<RequestId> = self
            .rows
            .values()
            .filter(|request| condition(request))
            .map(|request| request.id.clone())
            .collect();
        for id in &ids {
            self.remove(id);
        }
        !ids.is_empty()
    }

    /// Deletes up to `batch` of each: requests, challenges and used codes whose time is over; how many those were. The
    /// code of a token that `lives` is kept.
    pub(super) fn sweep(&mut self, now: UnixTime, batch: usize, lives: impl Fn(TokenId) -> bool) -> u64 {
        let over: Vec<RequestId> = self
            .rows
            .values()
            .filter(|request| ends_at(request) <= now)
            .take(batch)
            .map(|request| request.id.clone())
            .collect();
        for id in &over {
            self.remove(id);
        }
        let challenges = self.challenges.extract_if(|_, until| *until <= now).take(batch).count();
        let is_over = |used: &UsedCode| used.until <= now && !used.token.is_some_and(&lives);
        let codes = self.used_codes.extract_if(|_, used| is_over(used)).take(batch).count();
        (over.len() + challenges + codes) as u64
    }
}

fn ends_at(request: &Request) -> UnixTime {
    match &request.stage {
        Stage::Pushed => request.expires_at,
        Stage::Approved { code_expires_at, .. } => *code_expires_at,
    }
}

impl Tables {
    fn use_code(&mut self, code: &CodeHash, token: Option<TokenId>, now: UnixTime) -> CodeExchanged {
        let Some(request) = self.requests.by_code.get(code).cloned().and_then(|id| self.requests.remove(&id))
        else {
            return self.replay_code(code);
        };
        if let Stage::Approved { account, .. } = request.stage {
            let used = UsedCode { account, device: request.device, token, until: now.plus(USED_CODE_MEMORY) };
            self.requests.used_codes.insert(*code, used);
        }
        CodeExchanged::Created
    }

    fn replay_code(&mut self, code: &CodeHash) -> CodeExchanged {
        let Some(used) = self.requests.used_codes.get(code) else { return CodeExchanged::Unknown };
        if let Some(device) = &used.device {
            self.devices.sign_out(device, &used.account);
        }
        CodeExchanged::Replayed(used.token.and_then(|id| self.tokens.remove(id)).map(Box::new))
    }
}

#[async_trait]
impl RequestStore for Memory {
    async fn create_request(
        &self,
        request: Request,
        challenge_until: UnixTime,
    ) -> Result<RequestCreated, StoreError> {
        let requests = &mut self.tables().requests;
        if !holds(requests.rows.len(), self.limits.open_requests)
            || !holds(requests.challenges.len(), self.limits.challenges)
        {
            return Ok(RequestCreated::Full);
        }
        let challenge = &request.parameters.code_challenge;
        if requests.challenges.get(challenge).is_some_and(|until| *until > request.created_at) {
            return Ok(RequestCreated::ChallengeUsed);
        }
        if requests.rows.contains_key(&request.id) {
            return Err(name_taken("request"));
        }
        requests.challenges.insert(challenge.clone(), challenge_until);
        requests.rows.insert(request.id.clone(), request);
        Ok(RequestCreated::Created)
    }

    async fn find_request(&self, id: &RequestId) -> Result<Option<Request>, StoreError> {
        Ok(self.tables().requests.rows.get(id).cloned())
    }

    async fn open_request(
        &self,
        id: &RequestId,
        device: &DeviceId,
        now: UnixTime,
        expires_at: UnixTime,
    ) -> Result<RequestOpened, StoreError> {
        let requests = &mut self.tables().requests;
        let Some(request) = requests.rows.get_mut(id) else { return Ok(RequestOpened::Unknown) };
        if request.stage != Stage::Pushed {
            return Ok(RequestOpened::Approved(Box::new(request.clone())));
        }
        if request.device.as_ref().is_some_and(|first| first != device) {
            requests.remove(id);
            return Ok(RequestOpened::OtherDevice);
        }
        if request.expires_at <= now {
            return Ok(requests
                .remove(id)
                .map_or(RequestOpened::Unknown, |it| RequestOpened::Expired(Box::new(it))));
        }
        request.device = Some(device.clone());
        request.expires_at = expires_at;
        Ok(RequestOpened::Opened(Box::new(request.clone())))
    }

    async fn approve_request(
        &self,
        id: &RequestId,
        device: &DeviceId,
        stage: Stage,
        consent: Option<Consent>,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let Stage::Approved { code, .. } = &stage else { return Ok(false) };
        let tables = &mut *self.tables();
        let is_open = |request: &&mut Request| {
            request.stage == Stage::Pushed
                && request.device.as_ref() == Some(device)
                && request.expires_at > now
        };
        let Some(request) = tables.requests.rows.get_mut(id).filter(is_open) else { return Ok(false) };
        if tables.requests.by_code.contains_key(code) || tables.requests.used_codes.contains_key(code) {
            return Err(name_taken("code"));
        }
        tables.requests.by_code.insert(*code, id.clone());
        request.stage = stage;
        if let Some(consent) = consent {
            tables.consents.insert(consent);
        }
        Ok(true)
    }

    async fn delete_request(&self, id: &RequestId) -> Result<bool, StoreError> {
        Ok(self.tables().requests.remove(id).is_some())
    }

    async fn find_request_by_code(&self, code: &CodeHash) -> Result<Option<Request>, StoreError> {
        let requests = &self.tables().requests;
        Ok(requests.by_code.get(code).and_then(|id| requests.rows.get(id)).cloned())
    }

    async fn exchange_code(&self, code: &CodeHash, mut new: NewToken) -> Result<CodeExchanged, StoreError> {
        let tables = &mut *self.tables();
        let token = &new.token;
        if tables.requests.by_code.contains_key(code) && tables.tokens.is_taken(token) {
            return Err(name_taken("token"));
        }
        let exchanged = tables.use_code(code, Some(token.id), token.created_at);
        if let CodeExchanged::Created = exchanged {
            if let Some(event) = new.event.take() {
                tables.security_events.note(event);
            }
            tables.tokens.insert(new);
        }
        Ok(exchanged)
    }

    async fn consume_code(&self, code: &CodeHash, now: UnixTime) -> Result<CodeExchanged, StoreError> {
        Ok(self.tables().use_code(code, None, now))
    }
}
