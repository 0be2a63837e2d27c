//! Sessions in Redis or Valkey: for web applications on several machines.
//!
//! Each step is one script, which the server runs by itself. The server has to be set up to keep what it is given
//! (`appendonly yes`, no eviction): a session that it forgets is a sign-in that is lost.
//!
//! A session is a hash, and its name stands in a sorted set, by which sessions are listed; unfinished sign-ins and counts
//! are values that go by themselves.

use std::fmt;
use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use gatewright_protocol::time::UnixTime;
use redis::aio::ConnectionManager;
use redis::{Client, Script};

use super::{
    Allowance, Fence, Holder, Keep, Lease, MEMORY_OF_THE_GONE, Result, RowKey, RowKind, Saved, SessionStore,
    SessionStoreError, Spent, Uses,
};

const ENGINE: &str = "redis";
/// What the names of this store begin with, unless they are told otherwise.
const PREFIX: &str = "gatewright:client";
/// No date: the row stays until somebody deletes it.
const FOR_EVER: i64 = i64::MAX;
/// How many times a count is tried while others count too.
const TRIES: u32 = 100;

/// A store in Redis or Valkey.
#[derive(Clone)]
pub struct Redis {
    connection: ConnectionManager,
    prefix: String,
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redis({})", self.prefix)
    }
}

impl Redis {
    /// Connects to the server of this URL (`redis://…`, `rediss://…`, `redis+unix://…`).
    ///
    /// # Errors
    /// It cannot be reached.
    pub async fn connect(url: &str) -> Result<Self> {
        let client = Client::open(url).map_err(failed)?;
        let connection = ConnectionManager::new(client).await.map_err(failed)?;
        Ok(Self { connection, prefix: PREFIX.to_owned() })
    }

    /// The same under names that begin otherwise, where several applications share a server.
    #[must_use]
    pub fn prefixed(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    fn row(&self, key: &RowKey) -> String {
        // The braces keep a row and the index on one node of a cluster.
        format!("{{{}}}:row:{}", self.prefix, key.to_hex())
    }

    fn index(&self) -> String {
        format!("{{{}}}:rows", self.prefix)
    }

    fn other(&self, kind: &str, key: &[u8; 32]) -> String {
        format!("{{{}}}:{kind}:{}", self.prefix, RowKey::new(RowKind::Session, *key).to_hex())
    }

    fn pending_count(&self) -> String {
        format!("{{{}}}:pending-until", self.prefix)
    }
}

fn failed(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> SessionStoreError {
    SessionStoreError::backend(ENGINE, source)
}

/// Numbers of this size are exact in the server's scripts only as texts, so they are compared as such: all are positive
/// and of one length, or small.
const LESS: &str = "
local function less(a, b) if #a ~= #b then return #a < #b end return a < b end
local function next_fence(old, first)
    if not old then return first end
    if less(old, first) then return first end
    -- Only where many leases were given within a millisecond: the end of the number alone is counted on.
    local head, tail = string.sub(old, 1, -7), tonumber(string.sub(old, -6)) + 1
    if tail > 999999 then return string.format('%d', tonumber(head) + 1) .. '000000' end
    return head .. string.format('%06d', tail)
end
";

fn script(body: &str) -> Script {
    Script::new(&format!("{LESS}{body}"))
}

static FIND: LazyLock<Script> = LazyLock::new(|| {
    script(
        "local row = redis.call('HMGET', KEYS[1], 'sealed', 'until')
         if row[1] and less(ARGV[1], row[2]) then return row[1] end
         return false",
    )
});
static PUT: LazyLock<Script> = LazyLock::new(|| {
    script(
        "local fence = next_fence(redis.call('HGET', KEYS[1], 'fence'), ARGV[3])
         redis.call('HSET', KEYS[1], 'sealed', ARGV[1], 'until', ARGV[2], 'fence', fence)
         redis.call('HDEL', KEYS[1], 'holder', 'leased')
         redis.call('PERSIST', KEYS[1])
         redis.call('ZADD', KEYS[2], 0, ARGV[4])
         return 1",
    )
});
static LEASE: LazyLock<Script> = LazyLock::new(|| {
    script(
        "local row = redis.call('HMGET', KEYS[1], 'fence', 'holder', 'leased', 'sealed', 'until')
         local fence, holder, leased = row[1], row[2], row[3]
         if holder and holder ~= ARGV[1] and less(ARGV[2], leased) then return {'held', leased, ''} end
         if holder ~= ARGV[1] then fence = next_fence(fence, ARGV[3]) end
         redis.call('HSET', KEYS[1], 'fence', fence, 'holder', ARGV[1], 'leased', ARGV[4])
         if not row[4] then redis.call('PEXPIRE', KEYS[1], ARGV[5]) end
         if row[4] and less(ARGV[2], row[5]) then return {'found', fence, row[4]} end
         return {'free', fence, ''}",
    )
});
static SAVE: LazyLock<Script> = LazyLock::new(|| {
    script(
        "local row = redis.call('HMGET', KEYS[1], 'fence', 'holder')
         if row[1] ~= ARGV[1] or not row[2] then return 0 end
         redis.call('HSET', KEYS[1], 'sealed', ARGV[2], 'until', ARGV[3])
         redis.call('PERSIST', KEYS[1])
         redis.call('ZADD', KEYS[2], 0, ARGV[4])
         return 1",
    )
});
static RELEASE: LazyLock<Script> = LazyLock::new(|| {
    script(
        "if redis.call('HGET', KEYS[1], 'fence') == ARGV[1] then
             redis.call('HDEL', KEYS[1], 'holder', 'leased')
         end
         return 1",
    )
});
static DELETE: LazyLock<Script> = LazyLock::new(|| {
    script(
        "local row = redis.call('HMGET', KEYS[1], 'fence', 'sealed', 'until')
         if not row[1] then return 0 end
         redis.call('HSET', KEYS[1], 'fence', next_fence(row[1], ARGV[2]))
         redis.call('HDEL', KEYS[1], 'sealed', 'until', 'holder', 'leased')
         redis.call('PEXPIRE', KEYS[1], ARGV[3])
         redis.call('ZREM', KEYS[2], ARGV[4])
         if row[2] and less(ARGV[1], row[3]) then return 1 end
         return 0",
    )
});
static PUT_PENDING: LazyLock<Script> = LazyLock::new(|| {
    script(
        "if not redis.call('ZSCORE', KEYS[2], KEYS[1]) and redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[5]) then
             redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[3])
             if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[5]) then return 0 end
         end
         redis.call('ZADD', KEYS[2], ARGV[2], KEYS[1])
         redis.call('HSET', KEYS[1], 'sealed', ARGV[1], 'until', ARGV[2])
         redis.call('PEXPIRE', KEYS[1], ARGV[4])
         return 1",
    )
});
static TAKE_PENDING: LazyLock<Script> = LazyLock::new(|| {
    script(
        "local row = redis.call('HMGET', KEYS[1], 'sealed', 'until')
         redis.call('DEL', KEYS[1])
         redis.call('ZREM', KEYS[2], KEYS[1])
         if row[1] and less(ARGV[1], row[2]) then return row[1] end
         return false",
    )
});
static DROP_PENDING: LazyLock<Script> =
    LazyLock::new(|| script("redis.call('DEL', KEYS[1]) return redis.call('ZREM', KEYS[2], KEYS[1])"));
/// Writes the counts only if they are still those that were read.
static SWAP_USES: LazyLock<Script> = LazyLock::new(|| {
    script(
        "local known = redis.call('GET', KEYS[1]) or ''
         if known ~= ARGV[1] then return 0 end
         redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
         return 1",
    )
});
static SWEEP_ROW: LazyLock<Script> = LazyLock::new(|| {
    script(
        "local row = redis.call('HMGET', KEYS[1], 'until', 'leased')
         if row[1] and less(ARGV[1], row[1]) then return 0 end
         if row[1] and row[2] and less(ARGV[1], row[2]) then return 0 end
         redis.call('ZREM', KEYS[2], ARGV[2])
         if row[1] then redis.call('DEL', KEYS[1]) end
         return 1",
    )
});

fn until(keep: Keep<'_>) -> i64 {
    keep.until.map_or(FOR_EVER, UnixTime::millis)
}

fn first(now: UnixTime) -> u64 {
    Fence::default().next(now).number()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[async_trait]
impl SessionStore for Redis {
    async fn find(&self, key: &RowKey, now: UnixTime) -> Result<Option<Vec<u8>>> {
        let mut connection = self.connection.clone();
        FIND.key(self.row(key)).arg(now.millis()).invoke_async(&mut connection).await.map_err(failed)
    }

    async fn list(
        &self,
        kind: RowKind,
        after: Option<&RowKey>,
        limit: usize,
        now: UnixTime,
    ) -> Result<Vec<(RowKey, Vec<u8>)>> {
        let mut connection = self.connection.clone();
        let (first, beyond) = RowKey::range(kind);
        let mut from = after.map_or_else(
            || [b"[".as_slice(), first.as_bytes()].concat(),
            |after| [b"(".as_slice(), after.as_bytes()].concat(),
        );
        let to = [b"(".as_slice(), beyond.as_bytes()].concat();
        let mut listed = Vec::new();
        while listed.len() < limit {
            let names: Vec<Vec<u8>> = redis::cmd("ZRANGEBYLEX")
                .arg(self.index())
                .arg(&from)
                .arg(&to)
                .arg("LIMIT")
                .arg(0)
                .arg(limit - listed.len())
                .query_async(&mut connection)
                .await
                .map_err(failed)?;
            let Some(last) = names.last() else { break };
            from = [b"(".as_slice(), last].concat();
            for key in names.iter().filter_map(|name| RowKey::from_bytes(name)) {
                listed.extend(self.find(&key, now).await?.map(|sealed| (key, sealed)));
            }
        }
        Ok(listed)
    }

    async fn put(&self, key: &RowKey, keep: Keep<'_>, now: UnixTime) -> Result<()> {
        let mut connection = self.connection.clone();
        let mut put = PUT.key(self.row(key));
        put.key(self.index())
            .arg(keep.sealed)
            .arg(until(keep))
            .arg(first(now))
            .arg(key.as_bytes().as_slice());
        put.invoke_async::<i64>(&mut connection).await.map(drop).map_err(failed)
    }

    async fn lease(&self, key: &RowKey, holder: Holder, now: UnixTime, lasts: Duration) -> Result<Lease> {
        let mut connection = self.connection.clone();
        let mut lease = LEASE.key(self.row(key));
        lease
            .arg(holder.as_bytes().as_slice())
            .arg(now.millis())
            .arg(first(now))
            .arg(now.plus(lasts).millis())
            .arg(millis(MEMORY_OF_THE_GONE));
        let (what, number, sealed): (String, u64, Vec<u8>) =
            lease.invoke_async(&mut connection).await.map_err(failed)?;
        let fence = Fence::from_number(number);
        Ok(match what.as_str() {
            "held" => Lease::Held { until: UnixTime::from_millis(fence.signed()) },
            "found" => Lease::Granted { fence, sealed: Some(sealed) },
            _ => Lease::Granted { fence, sealed: None },
        })
    }

    async fn save(&self, key: &RowKey, fence: Fence, keep: Keep<'_>, _: UnixTime) -> Result<Saved> {
        let mut connection = self.connection.clone();
        let mut save = SAVE.key(self.row(key));
        save.key(self.index())
            .arg(fence.number())
            .arg(keep.sealed)
            .arg(until(keep))
            .arg(key.as_bytes().as_slice());
        let saved: i64 = save.invoke_async(&mut connection).await.map_err(failed)?;
        Ok(if saved == 1 { Saved::Saved } else { Saved::Late })
    }

    async fn release(&self, key: &RowKey, fence: Fence) -> Result<()> {
        let mut connection = self.connection.clone();
        let mut release = RELEASE.key(self.row(key));
        release.arg(fence.number()).invoke_async::<i64>(&mut connection).await.map(drop).map_err(failed)
    }

    async fn delete(&self, key: &RowKey, now: UnixTime) -> Result<bool> {
        let mut connection = self.connection.clone();
        let mut delete = DELETE.key(self.row(key));
        delete
            .key(self.index())
            .arg(now.millis())
            .arg(first(now))
            .arg(millis(MEMORY_OF_THE_GONE))
            .arg(key.as_bytes().as_slice());
        let there: i64 = delete.invoke_async(&mut connection).await.map_err(failed)?;
        Ok(there == 1)
    }

    async fn put_pending(
        &self,
        key: &[u8; 32],
        sealed: &[u8],
        now: UnixTime,
        until: UnixTime,
        most: u64,
    ) -> Result<()> {
        let mut connection = self.connection.clone();
        let mut put = PUT_PENDING.key(self.other("pending", key));
        put.key(self.pending_count())
            .arg(sealed)
            .arg(until.millis())
            .arg(now.millis())
            .arg(millis(until.since(now)).max(1))
            .arg(most);
        let put: i64 = put.invoke_async(&mut connection).await.map_err(failed)?;
        if put == 1 { Ok(()) } else { Err(SessionStoreError::Full { engine: ENGINE }) }
    }

    async fn take_pending(&self, key: &[u8; 32], now: UnixTime) -> Result<Option<Vec<u8>>> {
        let mut connection = self.connection.clone();
        let mut take = TAKE_PENDING.key(self.other("pending", key));
        take.key(self.pending_count()).arg(now.millis()).invoke_async(&mut connection).await.map_err(failed)
    }

    async fn spend(&self, key: &[u8; 32], now: UnixTime, allowances: &[Allowance]) -> Result<Spent> {
        let mut connection = self.connection.clone();
        let name = self.other("uses", key);
        for _ in 0..TRIES {
            let known: Option<Vec<u8>> =
                redis::cmd("GET").arg(&name).query_async(&mut connection).await.map_err(failed)?;
            let known = known.unwrap_or_default();
            let mut uses = Uses::from_bytes(&known);
            let spent = uses.spend(now, allowances);
            let lasts = millis(uses.until(allowances).since(now)).max(1);
            let mut swap = SWAP_USES.key(&name);
            swap.arg(known).arg(uses.to_bytes()).arg(lasts);
            let swapped: i64 = swap.invoke_async(&mut connection).await.map_err(failed)?;
            if swapped == 1 {
                return Ok(spent);
            }
        }
        Err(failed("too many count at once"))
    }

    async fn sweep(&self, now: UnixTime, limit: usize) -> Result<usize> {
        let mut connection = self.connection.clone();
        let over: Vec<String> = redis::cmd("ZRANGEBYSCORE")
            .arg(self.pending_count())
            .arg("-inf")
            .arg(now.millis())
            .arg("LIMIT")
            .arg(0)
            .arg(limit)
            .query_async(&mut connection)
            .await
            .map_err(failed)?;
        let mut swept = over.len();
        for name in over {
            let mut drop_pending = DROP_PENDING.key(name);
            drop_pending.key(self.pending_count());
            drop_pending.invoke_async::<i64>(&mut connection).await.map_err(failed)?;
        }
        let mut from = b"-".to_vec();
        while swept < limit {
            let names: Vec<Vec<u8>> = redis::cmd("ZRANGEBYLEX")
                .arg(self.index())
                .arg(&from)
                .arg("+")
                .arg("LIMIT")
                .arg(0)
                .arg(1000)
                .query_async(&mut connection)
                .await
                .map_err(failed)?;
            let Some(last) = names.last() else { break };
            from = [b"(".as_slice(), last].concat();
            for key in names.iter().filter_map(|name| RowKey::from_bytes(name)) {
                if swept >= limit {
                    break;
                }
                let mut sweep = SWEEP_ROW.key(self.row(&key));
                sweep.key(self.index()).arg(now.millis()).arg(key.as_bytes().as_slice());
                let gone: usize = sweep.invoke_async(&mut connection).await.map_err(failed)?;
                swept += gone;
            }
        }
        Ok(swept)
    }
}
